"""A run folder with the proportions of the 16 January storm, made by the real writers of the published formats.

The figures of the record are the incident's; those of the worlds are made up to look like what the scenario yields.
"""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.history import HistoryWriter
from harness.outcome import Evidence, FaultAccount, Finding, Outcome, Verdict
from harness.run_record import Point, Reference, RunRecord

SCENARIO = "incidents/2026-01-16-retry-storm"
SPAN_H = 36
HOUR_NS = 3_600_000_000_000
NO_DATA = "no final game"

RECORD = {
    0: 1, 2: 6, 3: 6, 9: 350, 10: 398, 11: 408, 12: 422, 13: 408, 14: 401, 15: 402, 16: 633, 17: 878, 18: 366, 19: 222,
    20: 171,
}  # fmt: skip
TOTALS = {"rows": 7139.0, "rows_failed": 5061.0, "rows_running": 2064.0, "rows_success": 14.0, "attempts": 5075.0}

AS_WAS = {9: 352, 10: 401, 11: 398, 12: 455, 13: 447, 14: 460, 15: 452, 16: 640, 17: 861, 18: 512, 19: 498, 20: 503}
PER_HOUR: Mapping[str, Mapping[int, int]] = {
    "as_was": AS_WAS | dict.fromkeys(range(21, 28), 490),
    "breaker_in_memory": {hour: (50 if hour == 9 else 34) for hour in range(9, 28)},
    "breaker_shared": {hour: (10 if hour == 9 else 6) for hour in range(9, 28)},
    "early_exit": {9: 2, 11: 2, 28: 1},
}


class Teller:
    """Appends events to a history and keeps what an outcome must know of it."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.writer = HistoryWriter(path)
        self.start = {
            "scenario": SCENARIO, "seed": 7, "release": "4f1c2ab", "engine": "sim", "span": "36h",
            **options,
        }  # fmt: skip
        opening = {"start": "2026-01-16T00:00:00Z", "start_epoch_ns": 1_768_521_600_000_000_000, "instants": {}}
        self.tell(0, "run.start", **self.start, **opening)

    def tell(self, t_ns: int, kind: str, /, **fields: Any) -> int:
        return self.writer.append(t_ns, kind, "phase3-analytics", 1, fields)

    def mark(self, t_ns: int, name: str, /, **fields: Any) -> int:
        return self.tell(t_ns, "mark", name=name, fields=fields)

    def attempt(self, t_ns: int, status: str, *, starts_a_row: bool) -> None:
        about = {"processor": "PlayerGameSummaryProcessor", "key": "2026-01-16"}
        if starts_a_row:
            self.mark(t_ns, "run_row", **about, status="running")
        self.mark(t_ns, "attempt", **about, status=status, reason=NO_DATA)
        self.mark(t_ns, "run_row", **about, status=status)

    def call(self, t_ns: int, service: str, outcome: str, fault: str = "") -> None:
        self.tell(
            t_ns, "call", id=0, caller="phase3-analytics#1", service=service, method="jobs.insert", resource="p/d/t",
            started_ns=t_ns, outcome=outcome, status=200 if outcome == "ok" else 503, reason="",
            applied=outcome == "ok", fault=fault, bytes_in=120, bytes_out=400,
        )  # fmt: skip

    def close(self, span_h: float) -> str:
        self.tell(round(span_h * HOUR_NS), "run.end", **self.start)
        return self.writer.close()


def _tell_world(folder: Path, world: str, calls_per_attempt: int) -> Outcome:
    dice = random.Random(world)
    teller = Teller(folder / "history.jsonl", world=world)
    hours = PER_HOUR[world]
    planned: list[tuple[int, str]] = []
    for hour, count in hours.items():
        planned += [(hour * HOUR_NS + dice.randrange(HOUR_NS), "attempt") for _ in range(count)]
    fault = "bigquery-503"
    planned += [(11 * HOUR_NS + 1, "armed"), (12 * HOUR_NS, "expired"), (28 * HOUR_NS + 9, "recovered")]
    if world != "as_was":
        planned.append((9 * HOUR_NS + 11 * 60 * 10**9, "alert"))
    if world.startswith("breaker"):
        planned += [(9 * HOUR_NS + 5 * 60 * 10**9, "open"), (20 * HOUR_NS, "crash")]
    fired = 0
    alert_seq = None
    for t_ns, what in sorted(planned):
        match what:
            case "attempt":
                final = t_ns >= 28 * HOUR_NS
                teller.attempt(t_ns, "success" if final else "failed", starts_a_row=16 <= t_ns // HOUR_NS < 28)
                struck = 11 * HOUR_NS < t_ns < 12 * HOUR_NS
                for number in range(calls_per_attempt):
                    broken = struck and number == 0
                    fired += broken
                    if broken:
                        teller.tell(t_ns, "fault", id=fault, event="fired", call=number)
                    teller.call(t_ns, "bigquery", "refused" if broken else "ok", fault if broken else "")
            case "armed" | "expired":
                teller.tell(t_ns, "fault", id=fault, event=what, call=None)
            case "alert":
                alert_seq = teller.mark(t_ns, "alert", name="retry_storm", severity="warning")
            case "recovered":
                teller.mark(t_ns, "recovered", name="rows", key="2026-01-16")
            case "open":
                teller.tell(
                    t_ns, "breaker", **{"name": "player_game_summary", "from": "closed", "to": "open", "reason": "5"}
                )
            case "crash":
                teller.tell(t_ns, "process", event="crash", reason="SIGKILL")
    digest = teller.close(SPAN_H)
    findings = _findings(world, max(hours.values()), alert_seq)
    faults = (FaultAccount(id=fault, planned=1, fired=fired, masked=0),)
    attempts = sum(hours.values())
    metrics: dict[str, Any] = {
        "rows": teller.writer.events, "attempts": attempts, "attempts_per_hour_max": max(hours.values()),
        "attempts_by_hour": [hours.get(hour, 0) for hour in range(SPAN_H)], "breaker_opens": int("breaker" in world),
        "storm_onset_s": 9 * 3600.0, "alert_after_s": None if alert_seq is None else 660.0, "recovered_after_s": 1800.0,
        "calls": attempts * calls_per_attempt, "calls_failed": fired,
    }  # fmt: skip
    return Outcome(
        scenario=SCENARIO, world=world, seed=7, engine="sim", release="4f1c2ab",
        verdict=Outcome.judge(findings, faults), history_sha256=digest, virtual_s=SPAN_H * 3600.0, wall_s=21.7,
        events=teller.writer.events, findings=findings, faults=faults, metrics=metrics,
    )  # fmt: skip


def _findings(world: str, worst: int, alert_seq: int | None) -> tuple[Finding, ...]:
    if world == "as_was":
        onset = "the storm begins at 09:00 with 352 attempts in the hour"
        return (
            Finding(check="onset-hour 09:00Z", verdict=Verdict.PASS, measured=9, bound=9, margin=0, reason=onset),
            Finding(check="no-alert", verdict=Verdict.PASS, measured=0, bound=0, margin=0, reason="nobody was told"),
        )
    bounded = worst <= 10
    told = Evidence(text="mark alert retry_storm", seq=alert_seq, t_ns=9 * HOUR_NS + 660 * 10**9)
    return (
        Finding(check="alert-within 15m", verdict=Verdict.PASS, measured=660, bound=900, margin=240,
                reason="first alert 11 min after the onset", evidence=(told,)),
        Finding(
            check="attempts-bounded 10 within 1h", verdict=Verdict.PASS if bounded else Verdict.FAIL, measured=worst,
            bound=10, margin=10 - worst,
            reason=f"PlayerGameSummaryProcessor for 2026-01-16: {worst} attempts within 1h, from 09:00:12 on",
            evidence=() if bounded else tuple(
                Evidence(text="mark attempt failed <b>PlayerGameSummaryProcessor</b>", seq=n, t_ns=9 * HOUR_NS + n)
                for n in range(12)
            ),
        ),
        Finding(check="recovered-within 30m", verdict=Verdict.PASS, measured=1800, bound=1800, margin=0,
                reason="rows of 2026-01-16 came 30 min after the last game"),
    )  # fmt: skip


def write_storm(folder: Path, calls_per_attempt: int = 1) -> Path:
    """Write the run and return `folder`."""
    outcomes = []
    for world in PER_HOUR:
        (folder / world).mkdir(parents=True)
        outcomes.append(_tell_world(folder / world, world, calls_per_attempt))
        outcomes[-1].write(folder / world / "outcome.json")
    RunRecord(
        scenario=SCENARIO,
        title="The retry storm of 16 January 2026, as it was and with each safeguard",
        owner="data-platform",
        tags=("incident", "storm"),
        seed=7,
        engine="sim",
        release="4f1c2ab",
        started_at=datetime(2026, 11, 23, 5, 0, tzinfo=UTC),
        wall_s=87.4,
        start=datetime(2026, 1, 16, tzinfo=UTC),
        span="36h",
        command=f"windtunnel run {SCENARIO} --seed 7",
        worlds=tuple(PER_HOUR),
        verdict=Verdict.combine(outcome.verdict for outcome in outcomes),
        reference=Reference(
            name="the record",
            source="INC-2026-01-16-001",
            series=tuple(Point(t_s=hour * 3600.0, value=value) for hour, value in RECORD.items()),
            series_name="attempts per hour",
            totals=TOTALS,
            notes=("7,139 rows are about 5,075 attempts: most rows before 16:00 have no start marker.",),
        ),
        notes=(
            "From 21:00 on the record ends (the storm was found by hand at 20:46), and the worlds go on.",
            "The record mixes in the staleness storm of the same day; the worlds replay one storm only.",
        ),
    ).write(folder / "run.json")
    return folder
