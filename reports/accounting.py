"""Both accountings of a run beside the record: rows of the run history table, and attempts.

An attempt writes a row when it starts (`running`) and another when it ends, so a table of rows shows up to twice the
load and half the failure rate. Reports give both, and this module is where the two are laid side by side. It must not
know how a table is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reports.run import Run, World
from reports.timeline import Timeline

ROW_STATUSES = ("failed", "running", "success")


@dataclass(frozen=True, slots=True)
class Account:
    """The totals of one world, or of the record; None where nobody counted it.

    `rows_other` are rows of any further status; `worst` is the most attempts in one bucket.
    """

    name: str
    rows: float | None
    rows_failed: float | None
    rows_running: float | None
    rows_success: float | None
    rows_other: float | None
    attempts: float | None
    attempts_failed: float | None
    worst: float | None
    is_record: bool = False

    @property
    def failed_share_of_rows(self) -> float | None:
        """Failed rows per row, in [0, 1]: the figure that understates."""
        return _share(self.rows_failed, self.rows)

    @property
    def failed_share_of_attempts(self) -> float | None:
        """Failed attempts per attempt, in [0, 1]."""
        return _share(self.attempts_failed, self.attempts)


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _of_world(world: World, timeline: Timeline) -> Account:
    rows = timeline.rows_by_status
    return Account(
        name=world.name,
        rows=rows.total(),
        rows_failed=rows["failed"],
        rows_running=rows["running"],
        rows_success=rows["success"],
        rows_other=rows.total() - sum(rows[status] for status in ROW_STATUSES),
        attempts=timeline.attempts_by_status.total(),
        attempts_failed=timeline.attempts_by_status["failed"],
        worst=timeline.peak(),
    )


def _of_record(run: Run) -> Account | None:
    reference = run.record.reference
    if reference is None:
        return None
    totals = {key.strip().lower().replace(" ", "_").replace("-", "_"): it for key, it in reference.totals.items()}
    worst = max((point.value for point in reference.series), default=None)
    return Account(
        name=reference.name,
        rows=totals.get("rows"),
        rows_failed=totals.get("rows_failed"),
        rows_running=totals.get("rows_running"),
        rows_success=totals.get("rows_success"),
        rows_other=totals.get("rows_other"),
        attempts=totals.get("attempts"),
        attempts_failed=totals.get("attempts_failed"),
        worst=totals.get("attempts_per_hour_max", worst),
        is_record=True,
    )


def accounts(run: Run) -> list[Account]:
    """The record, where there is one, then every world that left a history; nothing when nobody counted anything."""
    record = _of_record(run)
    worlds = [_of_world(world, world.timeline) for world in run.worlds if world.timeline]
    counted = any(account.rows or account.attempts for account in worlds)
    return [*([record] if record else []), *worlds] if counted or record else []


@dataclass(frozen=True, slots=True)
class Interval:
    """One line of the table by hour: what the record and each world counted in the bucket `number`.

    None is a world that stopped before.
    """

    number: int
    recorded: float | None
    attempts: Mapping[str, int | None]
    rows: Mapping[str, int | None]

    @property
    def is_quiet(self) -> bool:
        """Whether nobody counted anything."""
        return not self.recorded and not any(self.attempts.values()) and not any(self.rows.values())


def recorded_by_bucket(run: Run) -> dict[int, float]:
    """The record's series by bucket: the value of the interval that starts in it."""
    reference = run.record.reference
    found: dict[int, float] = {}
    for point in reference.series if reference else ():
        bucket = int(point.t_s // run.bucket_s)
        found[bucket] = found.get(bucket, 0.0) + point.value
    return found


def intervals(run: Run) -> list[Interval]:
    """Every bucket of the run, in order."""
    recorded = recorded_by_bucket(run)
    worlds = {world.name: world.timeline for world in run.worlds if world.timeline}
    count = max([*(len(timeline.buckets) for timeline in worlds.values()), *(n + 1 for n in recorded), 0])
    return [
        Interval(
            number=bucket,
            recorded=recorded.get(bucket),
            attempts={name: it.attempts[bucket] if bucket in it.reached else None for name, it in worlds.items()},
            rows={name: it.rows[bucket] if bucket in it.reached else None for name, it in worlds.items()},
        )
        for bucket in range(count)
    ]
