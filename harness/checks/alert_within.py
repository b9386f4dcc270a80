"""A human is told in time."""

from __future__ import annotations

from typing import ClassVar

from harness.checks.check import Check, t_ns
from harness.checks.promptness import judge_promptness
from harness.glob import Glob
from harness.history import History
from harness.metrics import storm_onset_ns
from harness.outcome import Finding
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
        if since_ns is None:
            return self.unknown("there was no storm to be told of", bound=self.limit.seconds)
        names = Glob(self.alert)
        alerts = (alert for alert in history.marks("alert") if names.matches(str(alert.fields.get("name", ""))))
        return judge_promptness(self, history, alerts, what="alert", since_ns=since_ns, limit=self.limit)
