"""A human is told in time."""

from __future__ import annotations

from typing import ClassVar

from harness.checks.check import Check, clock, evidence, t_ns, tells_until
from harness.glob import Glob
from harness.history import History
from harness.metrics import storm_onset_ns
from harness.outcome import Finding, Verdict
from harness.timespec import Duration, Moment


class AlertWithin(Check):
    """A mark `alert` whose name fits `alert` comes within `limit` after `after`, or else after the storm's onset.

    The onset is that of the metric `storm_onset_s`; without a storm there is nothing to be told and it is unknown.
    """

    name: ClassVar[str] = "alert-within"

    limit: Duration
    after: Moment | None = None
    alert: str = "*"

    def __call__(self, history: History) -> Finding:
        """Judge by the first such alert from then on."""
        since_ns = t_ns(self.after, history) if self.after else history.derive(storm_onset_ns)
        limit_s = self.limit.seconds
        if since_ns is None:
            return self.unknown("there was no storm to be told of", bound=limit_s)
        names = Glob(self.alert)
        alerts = (alert for alert in history.marks("alert") if names.matches(str(alert.fields.get("name", ""))))
        first = next((alert for alert in alerts if alert.t_ns >= since_ns), None)
        if first is None:
            if tells_until(history, since_ns + self.limit.ns):
                return self.finding(Verdict.FAIL, bound=limit_s, reason=f"nobody was told after {clock(since_ns)}")
            return self.unknown(f"the history ends before {clock(since_ns + self.limit.ns)}", bound=limit_s)
        took_s = (first.t_ns - since_ns) / 1e9
        return self.finding(
            Verdict.PASS if took_s <= limit_s else Verdict.FAIL,
            measured=took_s,
            bound=limit_s,
            margin=limit_s - took_s,
            reason=f"first alert at {clock(first.t_ns)}, {took_s:g} s after {clock(since_ns)}",
            evidence=evidence([first]),
        )
