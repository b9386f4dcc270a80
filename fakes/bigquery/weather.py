"""Legal weather: the service's own quotas, rate limits and rules of concurrency, with the service's numbers.

https://cloud.google.com/bigquery/quotas (fetched figures are in `SERVICE`). They are no faults: the real service does
this to everybody. Knows tables and time. Must not know HTTP or SQL.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fakes.bigquery.errors import ApiError
from fakes.bigquery.sql.scope import TableId

TROUBLESHOOT = "For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas"
PACIFIC = ZoneInfo("America/Los_Angeles")
NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The service's numbers. None or infinity lifts one.

    `streaming_buffer_s` is the range in which rows leave the streaming buffer; `insert_id_window_s` is how long an
    insertId is remembered (the vendor says "at least one minute, best effort"). `result_bytes` is what a query without
    a destination may return: the service counts it compressed, here it is counted by the sizes of types. How many
    queries of a project run at once (`queries_running`) the service decides for itself, so that the default sets no
    limit; further ones wait. Exported bytes are counted by the sizes of types too.
    """

    table_operations_per_day: float = 1_500
    partition_modifications_per_day: float = 5_000
    mutating_dml_running: float = 2
    mutating_dml_queued: float = 20
    mutating_dml_retries: int = 3
    queries_running: float = float("inf")
    queries_queued: float = 1_000
    export_bytes_per_day: float = 50 * 1024**4
    export_bytes_per_file: float = 1024**3
    export_uris: float = 500
    insert_job_per_s: float = 100
    table_updates_per_10_s: float = 5
    streaming_buffer_s: tuple[float, float] = (1_800.0, 5_400.0)
    insert_id_window_s: float = 60.0
    insert_rows_per_request: float = 50_000
    insert_bytes_per_request: float = 10 * 1024 * 1024
    row_bytes: float = 10 * 1024 * 1024
    query_bytes: float = 1024 * 1024
    result_bytes: float = 10 * 1024**3
    time_travel_s: float = 7 * 86_400.0
    durations_s: Mapping[str, float] = field(
        default_factory=lambda: {
            "SELECT": 0.5,
            "DML": 1.0,
            "DDL": 0.5,
            "SCRIPT": 1.0,
            "LOAD": 2.0,
            "COPY": 1.0,
            "EXTRACT": 2.0,
        }
    )


SERVICE = Limits()
NO_LIMIT = float("inf")
NONE = Limits(
    table_operations_per_day=NO_LIMIT,
    partition_modifications_per_day=NO_LIMIT,
    mutating_dml_running=NO_LIMIT,
    mutating_dml_queued=NO_LIMIT,
    queries_queued=NO_LIMIT,
    export_bytes_per_day=NO_LIMIT,
    export_bytes_per_file=NO_LIMIT,
    export_uris=NO_LIMIT,
    row_bytes=NO_LIMIT,
    insert_job_per_s=NO_LIMIT,
    table_updates_per_10_s=NO_LIMIT,
    streaming_buffer_s=(0.0, 0.0),
    insert_rows_per_request=NO_LIMIT,
    insert_bytes_per_request=NO_LIMIT,
    query_bytes=NO_LIMIT,
    result_bytes=NO_LIMIT,
)


def limits(option: str | Mapping[str, object]) -> Limits:
    """The limits an option asks for: `service`, `none`, or a mapping of fields laid over the service's.

    Raises ValueError naming a field that does not exist.
    """
    if option == "service":
        return SERVICE
    if option == "none":
        return NONE
    if not isinstance(option, Mapping):
        raise ValueError(f"limits={option!r}: use 'service', 'none' or a mapping of limits")
    known = {f.name for f in fields(Limits)}
    if unknown := sorted(set(option) - known):
        raise ValueError(f"limits: no limit named {unknown[0]!r}; there are {', '.join(sorted(known))}")
    changed = dict(option)
    if "durations_s" in changed:
        changed["durations_s"] = {**SERVICE.durations_s, **changed["durations_s"]}  # type: ignore[dict-item] # a mapping, checked by the caller
    changed = {name: NO_LIMIT if value is None else value for name, value in changed.items()}
    if isinstance(changed.get("streaming_buffer_s"), (int, float)):
        changed["streaming_buffer_s"] = (changed["streaming_buffer_s"],) * 2
    return replace(SERVICE, **changed)  # type: ignore[arg-type] # checked against the fields above


def quota_day(now_ns: int) -> str:
    """The day that daily quotas count in: the calendar day in Pacific time."""
    utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now_ns // 1_000)
    return utc.astimezone(PACIFIC).date().isoformat()


class Weather:
    """Counts what the service counts, and refuses what it refuses."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._day = ""
        self._operations: dict[TableId, int] = {}
        self._partitions: dict[TableId, int] = {}
        self._exported: dict[str, int] = {}
        self._inserts: deque[int] = deque()
        self._updates: dict[TableId, deque[int]] = {}

    def insert_job(self, now_ns: int) -> None:
        """Count a jobs.insert call; raises 403 `rateLimitExceeded`."""
        rate = self.limits.insert_job_per_s
        if rate == NO_LIMIT:
            return
        recent = self._inserts
        while recent and recent[0] <= now_ns - NS:
            recent.popleft()
        if len(recent) >= rate:
            raise ApiError(
                "rateLimitExceeded",
                "Exceeded rate limits: too many api requests per user per method for this user_method. " + TROUBLESHOOT,
                location="JobService.insertJob",
            )
        recent.append(now_ns)

    def table_operation(self, table: TableId, now_ns: int) -> None:
        """Count a load, copy or query-append job; raises 403 `quotaExceeded` once the day's quota is used up."""
        self._roll(now_ns)
        used = self._operations.get(table, 0)
        if used >= self.limits.table_operations_per_day:
            raise ApiError(
                "quotaExceeded",
                "Quota exceeded: Your table exceeded quota for imports or query appends per table. " + TROUBLESHOOT,
                location="load_job_per_table.long",
            )
        self._operations[table] = used + 1

    def partitions(self, table: TableId, count: int, now_ns: int) -> None:
        """Count `count` modified partitions; raises 403 `quotaExceeded`."""
        self._roll(now_ns)
        used = self._partitions.get(table, 0)
        if used + count > self.limits.partition_modifications_per_day:
            raise ApiError(
                "quotaExceeded",
                "Quota exceeded: Your table exceeded quota for Number of partition modifications to a column"
                " partitioned table. " + TROUBLESHOOT,
                location="partition_modifications_per_column_partitioned_table.long",
            )
        self._partitions[table] = used + count

    def exported(self, project: str, count: int, now_ns: int, *, one_file: bool) -> None:
        """Count `count` exported bytes; raises 400 `invalid` for too large a file and 403 `quotaExceeded`."""
        self._roll(now_ns)
        if one_file and count > self.limits.export_bytes_per_file:
            raise ApiError(
                "invalid",
                "Table too large to be exported to a single file. Specify a uri including a * to shard export. See"
                " 'Exporting data into one or more files' in https://cloud.google.com/bigquery/docs/exporting-data.",
            )
        used = self._exported.get(project, 0)
        if used + count > self.limits.export_bytes_per_day:
            raise ApiError(
                "quotaExceeded",
                "Quota exceeded: Your project exceeded quota for ExportBytes. " + TROUBLESHOOT,
                location="ExportBytes",
            )
        self._exported[project] = used + count

    def table_update(self, table: TableId, now_ns: int) -> None:
        """Count a change of a table's metadata; raises 403 `rateLimitExceeded`."""
        rate = self.limits.table_updates_per_10_s
        if rate == NO_LIMIT:
            return
        recent = self._updates.setdefault(table, deque())
        while recent and recent[0] <= now_ns - 10 * NS:
            recent.popleft()
        if len(recent) >= rate:
            raise ApiError(
                "rateLimitExceeded",
                "Exceeded rate limits: too many table update operations for this table. " + TROUBLESHOOT,
                location="table.write",
            )
        recent.append(now_ns)

    def _roll(self, now_ns: int) -> None:
        day = quota_day(now_ns)
        if day != self._day:
            self._day = day
            self._operations.clear()
            self._partitions.clear()
            self._exported.clear()


@dataclass(slots=True, eq=False)
class Turn:
    """A job's place among those that run or wait; `begin` is told the time, in ns, at which a waiting one starts."""

    project: str
    table: TableId | None
    begin: Callable[[int], None]
    waits: bool = False


class Competition:
    """Which queries of a project, and which UPDATE, DELETE and MERGE jobs of a table, run, and which wait their turn.

    A turn lasts until its job ends, however long that takes; then those that waited longest move up.
    https://cloud.google.com/bigquery/docs/data-manipulation-language#dml-limitations: two of the latter run at a time,
    up to twenty wait, and one that finds the table changed under it is retried by the service before it fails.
    https://cloud.google.com/bigquery/docs/query-queues: up to 1,000 interactive queries of a project wait.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turns: list[Turn] = []
        self._changed_ns: dict[TableId, int] = {}

    def enter(self, project: str, table: TableId | None, begin: Callable[[int], None]) -> Turn:
        """The turn of a query, one that changes rows of `table` where that is given.

        Raises 403 `quotaExceeded` where too many wait already.
        """
        turn = Turn(project, table, begin)
        turn.waits = not self._room(turn)
        if turn.waits:
            waiting = [t for t in self._turns if t.waits]
            if table is not None and sum(t.table == table for t in waiting) >= self._limits.mutating_dml_queued:
                raise ApiError(
                    "quotaExceeded",
                    "Quota exceeded: Your table exceeded quota for total number of dml jobs writing to a table, pending"
                    " + running. " + TROUBLESHOOT,
                )
            if sum(t.project == project for t in waiting) >= self._limits.queries_queued:
                raise ApiError(
                    "quotaExceeded",
                    "Quota exceeded: Your project and region exceeded quota for total number of queued interactive"
                    " queries. " + TROUBLESHOOT,
                )
        self._turns.append(turn)
        return turn

    def leave(self, turn: Turn, now_ns: int) -> None:
        """End a turn, whether it was running or waiting: those that have room now begin."""
        self._turns.remove(turn)
        for one in [t for t in self._turns if t.waits]:
            if self._room(one):
                one.waits = False
                one.begin(now_ns)

    def _room(self, turn: Turn) -> bool:
        running = [t for t in self._turns if not t.waits]
        if turn.table is not None:
            rivals = sum(t.table == turn.table for t in running)
            if rivals >= self._limits.mutating_dml_running:
                return False
        return sum(t.project == turn.project for t in running) < self._limits.queries_running

    def conflict(self, table: TableId, started_ns: int) -> bool:
        """Whether another job changed rows of `table` after `started_ns`."""
        return self._changed_ns.get(table, -1) > started_ns

    def changed(self, table: TableId, now_ns: int) -> None:
        """Note that an UPDATE, DELETE or MERGE committed."""
        self._changed_ns[table] = now_ns
