"""What the service keeps over the end of its process: datasets, tables with their rows, routines, jobs and policies.

It looks for itself what has changed, whenever the service's lock is let go, so that no method has to say. Rows go to
the journal as Parquet, what was appended as a piece of its own; a table whose rows were changed in place is written
anew. A job that was under way has failed when it comes back, without any effect; results of queries, sessions and a
table's past are not kept. It must not know how records are stored.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from fakes.bigquery.catalog import BUFFER, Dataset, Table
from fakes.bigquery.errors import ApiError
from fakes.bigquery.jobs import Job, Stage
from fakes.bigquery.sql.scope import TableId
from fakes.bigquery.sql.types import quoted
from fakes.journal import Change, Journal, Key

if TYPE_CHECKING:
    from fakes.bigquery.service import Service

MOST_PIECES = 64
"""A table of more pieces is written anew: small appends would make it slow to read."""

_NOT_A_FIELD = frozenset({"tables", "routines", "insert_ids", "id", "streamed", "counted"})
_OF_RUNNING = frozenset({
    "work", "result", "error", "destination", "stage", "hung", "queued", "asked", "release", "sight", "failure",
    "late_failure",
})  # fmt: skip
_OF_JOB = tuple(one.name for one in fields(Job) if one.name not in _OF_RUNNING)


@dataclass(slots=True)
class _Kept:
    """What the journal has of a table."""

    table: Table
    stamp: tuple[int, int, int] = (-1, -1, -1)
    version: int = -1
    record: bytes = b""
    rows: int = 0
    last_row: int = -1
    pieces: list[str] = field(default_factory=list)
    next_piece: int = 0
    last_insert_id: str = ""


class Keeping:
    """Writes what changed of `service` to `journal`; `folder` is where rows pass through."""

    def __init__(self, service: Service, journal: Journal, folder: Path) -> None:
        self._service = service
        self._journal = journal
        self._passage = folder / "rows.parquet"
        self._datasets: dict[tuple[str, str], bytes] = {}
        self._tables: dict[TableId, _Kept] = {}
        self._routines: dict[Key, Any] = {}
        self._rewritten: set[TableId] = set()
        self._policies: dict[TableId, dict[str, Any]] = {}
        self._open_jobs: dict[tuple[str, str], Job] = {}
        self._last_job = 0

    def rewritten(self, table: Table) -> None:
        """The rows of `table` are about to change in place."""
        self._rewritten.add(table.id)

    # ------------------------------------------------------------------------------------------------------ to keep

    def commit(self) -> None:
        """Write what changed since the last time, in one transaction; with the service's lock held."""
        if self._journal.closed:
            return
        changes = [
            *self._changed_datasets(),
            *self._changed_tables(),
            *self._changed_routines(),
            *self._changed_jobs(),
            *self._changed_policies(),
        ]
        if changes:
            self._journal.write(changes)

    def _changed_datasets(self) -> Iterator[Change]:
        present = self._service.catalog.datasets
        for gone in [key for key in self._datasets if key not in present]:
            del self._datasets[gone]
            yield "dataset", gone, None
        for key, dataset in present.items():
            record = _dumped(dataset)
            if self._datasets.get(key) != record:
                self._datasets[key] = record
                yield "dataset", key, record

    def _changed_tables(self) -> Iterator[Change]:
        present = {table.id: table for one in self._service.catalog.datasets.values() for table in one.tables.values()}
        for gone in [kept for kept in self._tables.values() if present.get(kept.table.id) is not kept.table]:
            del self._tables[gone.table.id]
            yield "table", gone.table.id, None
            yield from (("rows", (*gone.table.id, piece), None) for piece in gone.pieces)
        for table in present.values():
            kept = self._tables.get(table.id)
            if kept is None:
                kept = self._tables[table.id] = _Kept(table, next_piece=self._service.around.now_ns())
            stamp = (table.version, table.changes, table.modified_ms)
            if kept.stamp != stamp or table.id in self._rewritten:
                kept.stamp = stamp
                yield from self._changed_table(table, kept)
        self._rewritten.clear()

    def _changed_table(self, table: Table, kept: _Kept) -> Iterator[Change]:
        record = _dumped(table)
        if kept.record != record:
            kept.record = record
            yield "table", table.id, record
        if not table.stored:
            return
        engine = self._service.engine
        ((rows, last_row),) = engine.run(f"SELECT count(*), coalesce(max(rowid), -1) FROM {table.sql}")
        added = rows - kept.rows
        in_place = table.id in self._rewritten or table.version != kept.version or len(kept.pieces) >= MOST_PIECES
        if added and not in_place:
            ((found,),) = engine.run(f"SELECT count(*) FROM {table.sql} WHERE rowid > {kept.last_row}")
            in_place = found != added
        if in_place:
            yield from (("rows", (*table.id, piece), None) for piece in kept.pieces)
            kept.pieces.clear()
            kept.last_row, kept.last_insert_id, added = -1, "", rows
        if added:
            kept.next_piece += 1
            kept.pieces.append(str(kept.next_piece))
            ids = orjson.dumps(self._new_insert_ids(table, kept))
            yield "rows", (*table.id, kept.pieces[-1]), ids + b"\n" + self._parquet(table, kept.last_row)
        kept.rows, kept.last_row, kept.version = rows, last_row, table.version

    def _parquet(self, table: Table, after_row: int) -> bytes:
        cells = ", ".join(_through_parquet(name, duck) for name, duck in _physical(table))
        select = f"SELECT {cells} FROM {table.sql} WHERE rowid > {after_row} ORDER BY rowid"
        self._service.engine.run(f"COPY ({select}) TO '{_literal(self._passage)}' (FORMAT parquet)")
        return self._passage.read_bytes()

    @staticmethod
    def _new_insert_ids(table: Table, kept: _Kept) -> list[tuple[str, int]]:
        seen = table.insert_ids.seen if table.insert_ids is not None else {}
        fresh: list[tuple[str, int]] = []
        for one in reversed(seen.items()):
            if one[0] == kept.last_insert_id:
                break
            fresh.append(one)
        if fresh:
            kept.last_insert_id = fresh[0][0]
        return fresh[::-1]

    def _changed_routines(self) -> Iterator[Change]:
        present: dict[Key, Any] = {
            (*place, name): routine
            for place, dataset in self._service.catalog.datasets.items()
            for name, routine in dataset.routines.items()
        }
        for gone in [key for key in self._routines if key not in present]:
            del self._routines[gone]
            yield "routine", gone, None
        for key, routine in present.items():
            if self._routines.get(key) is not routine:
                self._routines[key] = routine
                yield "routine", key, pickle.dumps(routine)

    def _changed_jobs(self) -> Iterator[Change]:
        fresh = self._service.jobs.since(self._last_job)
        if fresh:
            self._last_job = fresh[-1].number
        changed = {(job.project, job.id): job for job in fresh}
        changed |= {key: job for key, job in self._open_jobs.items() if job.stage is Stage.DONE}
        for key, job in changed.items():
            if job.stage is Stage.DONE:
                self._open_jobs.pop(key, None)
            else:
                self._open_jobs[key] = job
            yield "job", key, _dumped_job(job)

    def _changed_policies(self) -> Iterator[Change]:
        present = self._service.catalog.policies
        for gone in [id for id in self._policies if id not in present]:
            del self._policies[gone]
            yield "policy", gone, None
        for id, policy in present.items():
            if self._policies.get(id) is not policy:
                self._policies[id] = policy
                yield "policy", id, orjson.dumps([self._service.catalog.policy_changes, policy])

    # ---------------------------------------------------------------------------------------------- what comes back

    def restore(self) -> None:
        """Fill the service, which is empty, with what the journal has."""
        catalog = self._service.catalog
        for (project, name), record in self._journal.records("dataset"):
            catalog.add_dataset(Dataset(**orjson.loads(record)))
            self._datasets[project, name] = record
        for (project, dataset, name), record in self._journal.records("table"):
            told = orjson.loads(record)
            version = told.pop("version")
            table = Table(id=(project, dataset, name), **told)
            catalog.add_table(table)
            table.version = version
            self._tables[table.id] = _Kept(table, (version, table.changes, table.modified_ms), version, record)
        catalog.generation = max((kept.version for kept in self._tables.values()), default=0) + catalog.generation
        for key, value in self._journal.records("rows"):
            self._restore_rows(self._tables[(key[0], key[1], key[2])], key[3], value)
        for key, value in self._journal.records("routine"):
            # The folder is its user's own, as the interpreter's own byte code beside a module is.
            self._routines[key] = pickle.loads(value)  # noqa: S301 - see above
            catalog.dataset(key[0], key[1]).routines[key[2]] = self._routines[key]
        for (project, dataset, name), record in self._journal.records("policy"):
            changes, policy = orjson.loads(record)
            self._policies[project, dataset, name] = catalog.policies[project, dataset, name] = policy
            catalog.policy_changes = max(catalog.policy_changes, changes)
        for _, value in self._journal.records("job"):
            self._last_job = self._service.jobs.restore(_loaded_job(value))

    def _restore_rows(self, kept: _Kept, piece: str, value: bytes) -> None:
        table, engine = kept.table, self._service.engine
        ids, _, data = value.partition(b"\n")
        self._passage.write_bytes(data)
        names = ", ".join(quoted(name) for name, _ in _physical(table))
        cells = ", ".join(f"CAST({quoted(name)} AS {duck})" for name, duck in _physical(table))
        rows = f"SELECT {cells} FROM read_parquet('{_literal(self._passage)}')"
        engine.run(f"INSERT INTO {table.sql} ({names}) {rows}")
        kept.pieces.append(piece)
        kept.next_piece = max(kept.next_piece, int(piece))
        ((kept.rows, kept.last_row),) = engine.run(f"SELECT count(*), coalesce(max(rowid), -1) FROM {table.sql}")
        if pairs := orjson.loads(ids):
            from fakes.bigquery.row_methods import InsertIds

            if table.insert_ids is None:
                table.insert_ids = InsertIds(round(self._service.weather.limits.insert_id_window_s * 1e9))
            table.insert_ids.seen.update(pairs)
            kept.last_insert_id = pairs[-1][0]


def _physical(table: Table) -> Iterator[tuple[str, str]]:
    """Name and DuckDB type of every stored column, the hidden ones included."""
    yield from ((name, kind.duck) for name, kind in table.columns)
    if table.ingestion_time:
        yield "_PARTITIONTIME", "TIMESTAMPTZ"
    yield BUFFER, "BIGINT"


def _through_parquet(name: str, duck: str) -> str:
    # Parquet's interval counts milliseconds; as text it stays what it is.
    return f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" if "INTERVAL" in duck else quoted(name)


def _literal(path: Path) -> str:
    return str(path).replace("'", "''")


def _dumped(one: Dataset | Table) -> bytes:
    told = {name.name: getattr(one, name.name) for name in fields(one) if name.name not in _NOT_A_FIELD}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def _dumped_job(job: Job) -> bytes:
    told: dict[str, Any] = {name: getattr(job, name) for name in _OF_JOB}
    error = job.error
    if job.stage is not Stage.DONE:
        told["start_ns"] = told["end_ns"] = job.created_ns
        error = ApiError("backendError", "The emulator was stopped while the job was under way; it had no effect.")
    if error is not None:
        told["error"] = {"reason": error.reason, "message": error.message, "status": error.status}
        told["error"] |= {"location": error.location, "debug": error.debug}
    return orjson.dumps(told, default=_plain)


def _plain(value: Any) -> Any:
    try:
        return asdict(value)
    except TypeError:
        return str(value)


def _loaded_job(value: bytes) -> Job:
    told = orjson.loads(value)
    error = told.pop("error", None)
    job = Job(**told)
    if error is not None:
        job.error = ApiError(error.pop("reason"), error.pop("message"), **error)
    job.stage = Stage.DONE
    return job
