"""The storm's rate in closed form, held against the rate that the simulation shows.

A push subscription without retry policy and without dead letters lets a failing message be delivered again as soon as
the pause after the last failure is over, and a window that every failure halves lets one request be under way. So an
hour that is stormy throughout has room for

    deliveries = 3600 s / (S + b)

over all live messages together: S is how long a delivery takes on average in that hour, b the pause, 0.1 s after a
handler that works for seconds (fakes.pubsub.push.PushBackoff). S is measured in the run, not fitted to the record. That
the pause stays short for a slow handler is a reading of the documentation which this incident's record decided:
with a pause that doubles whatever the handler takes, the same world would make 53 attempts an hour.
"""

from __future__ import annotations

from collections import defaultdict

from harness.history import History
from harness.outcome import Evidence, Finding, Verdict

HOUR_NS = 3_600_000_000_000
PAUSE_S = 0.1
SETTLED = frozenset({"acked", "nacked", "expired"})


def deliveries_follow_the_back_off(history: History, *, subscription: str, tolerance: float = 0.03) -> Finding:
    """Compare each hour that some message failed through from end to end; unknown where there is none.

    `tolerance` is the share by which an hour may differ: the window is now and then larger than one after a success.
    """
    name = f"deliveries of {subscription} follow the back-off"
    began: dict[tuple[str, int], int] = {}
    by_hour: defaultdict[int, list[tuple[int, int, bool]]] = defaultdict(list)
    for event in history.messages():
        if not str(event["subscription"]).endswith(f"/{subscription}"):
            continue
        key = (str(event["message_id"]), int(event["attempt"] or 0))
        if event["event"] == "delivered":
            began[key] = event.t_ns
        elif event["event"] in SETTLED and key in began:
            start_ns = began.pop(key)
            by_hour[start_ns // HOUR_NS].append((start_ns, event.t_ns, event["event"] != "acked"))
    compared = {
        hour: (len(deliveries), 3600.0 / (_mean_s(deliveries) + PAUSE_S))
        for hour, deliveries in sorted(by_hour.items())
        if _stormy_throughout(hour, deliveries)
    }
    if not compared:
        return Finding(check=name, verdict=Verdict.UNKNOWN, reason="no hour was stormy from end to end")
    off = {hour: abs(seen - expected) / expected for hour, (seen, expected) in compared.items()}
    worst = max(off, key=lambda hour: (off[hour], hour))
    seen, expected = compared[worst]
    return Finding(
        check=name,
        verdict=Verdict.PASS if off[worst] <= tolerance else Verdict.FAIL,
        measured=round(off[worst], 4),
        bound=tolerance,
        margin=tolerance - off[worst],
        reason=f"{len(compared)} hours compared; the worst, {worst}, saw {seen} deliveries for {expected:.1f} expected",
        evidence=tuple(
            Evidence(text=f"hour {hour}: {seen} seen, {expected:.1f} in closed form", t_ns=hour * HOUR_NS)
            for hour, (seen, expected) in compared.items()
        ),
    )


def _mean_s(deliveries: list[tuple[int, int, bool]]) -> float:
    return sum(end_ns - start_ns for start_ns, end_ns, _ in deliveries) / len(deliveries) / 1e9


def _stormy_throughout(hour: int, deliveries: list[tuple[int, int, bool]]) -> bool:
    """Failures from its first minute to its last, and hardly anything else."""
    failed = [start_ns for start_ns, _, has_failed in deliveries if has_failed]
    minute_ns = HOUR_NS // 60
    return (
        len(failed) >= 0.9 * len(deliveries)
        and min(failed) < hour * HOUR_NS + minute_ns
        and max(failed) >= (hour + 1) * HOUR_NS - minute_ns
    )
