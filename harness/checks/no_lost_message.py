"""No message is lost: what was published is acknowledged or dead-lettered in the end."""

from __future__ import annotations

from typing import ClassVar

from harness.checks.check import Check, clock, evidence, has_ended
from harness.glob import Glob
from harness.history import Event, History
from harness.outcome import Finding, Verdict
from harness.timespec import Duration

_SETTLED = ("acked", "dead_lettered")
_LOST = ("dropped", "unrouted")


class NoLostMessage(Check):
    """Every message published to a topic that fits `topic` is acked or dead-lettered by each subscription it reached.

    With `subscription`, those subscriptions alone count, and a message must have been settled by one of them. A message
    still open at the end of the run has been lost once it is older than `deadline`; younger, or without a `deadline`,
    it makes the finding unknown: it may be on its way.
    """

    name: ClassVar[str] = "no-lost-message"

    topic: str = "*"
    subscription: str = "*"
    deadline: Duration | None = None

    def __call__(self, history: History) -> Finding:
        """Judge by the messages that were never settled."""
        published, lost, waiting = self._follow(history)
        if not published:
            return self.unknown(f"nothing was published to {self.topic}", measured=None, bound=0)
        end_ns = history.reach_ns
        late_ns = None if self.deadline is None else end_ns - self.deadline.ns
        for message in waiting:
            if late_ns is not None and message.t_ns < late_ns and has_ended(history):
                lost.append(message)
        if lost:
            lost.sort(key=lambda message: message.seq)
            return self.finding(
                Verdict.FAIL,
                measured=len(lost),
                bound=0,
                margin=-len(lost),
                reason=f"{len(lost)} of {published} messages were lost",
                evidence=evidence(lost, _words),
            )
        if waiting or not has_ended(history):
            why = f"{len(waiting)} of {published} messages are still open"
            return self.unknown(why, measured=len(waiting), bound=0, evidence=evidence(waiting, _words))
        return self.finding(
            Verdict.PASS, measured=0, bound=0, margin=0, reason=f"all {published} messages were settled"
        )

    def _follow(self, history: History) -> tuple[int, list[Event], list[Event]]:
        """How many messages were published, which were lost for certain, and which are open."""
        subscriptions = Glob(self.subscription)
        published: dict[tuple[str, str], Event] = {}
        open_at: dict[tuple[str, str], dict[str, bool]] = {}
        lost: dict[tuple[str, str], Event] = {}
        for step in history.messages(topic=self.topic):
            message = (step["topic"], step["message_id"])
            if step["event"] == "published":
                published[message] = step
            elif step["event"] in _LOST:
                if step["event"] == "unrouted" or subscriptions.matches(step["subscription"] or ""):
                    lost[message] = step
            elif subscriptions.matches(step["subscription"] or ""):
                # Once settled by a subscription it stays settled: a late redelivery opens nothing.
                settled = open_at.setdefault(message, {})
                name = step["subscription"] or ""
                settled[name] = settled.get(name, False) or step["event"] in _SETTLED
        waiting = [
            step
            for message, step in published.items()
            if message not in lost and not (open_at.get(message) and all(open_at[message].values()))
        ]
        return len(published), [lost[message] for message in lost if message in published], waiting


def _words(step: Event) -> str:
    return f"{clock(step.t_ns)} {step['event']}: message {step['message_id']} of {step['topic']}"
