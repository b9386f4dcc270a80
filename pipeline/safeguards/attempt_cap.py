"""The attempt cap: at most `PER_HOUR` attempts in any hour on one (processor, date), whatever triggers them.

Dead-letter policies bound the deliveries of one message; storms are made of new messages (incidents 1, 7). Only a
bound on the key holds. An attempt over the cap is skipped and acknowledged: what re-drives dates comes again by
schedule.
"""

from __future__ import annotations

from pipeline.clock import Clock
from pipeline.shared_state import Document, SharedState
from pipeline.work import Outcome, Status, Work

PER_HOUR = 10
WINDOW_S = 3_600.0


class AttemptCap:
    """Counts the attempts of a fleet in `SharedState`."""

    def __init__(self, state: SharedState, clock: Clock, per_hour: int = PER_HOUR) -> None:
        self._state = state
        self._clock = clock
        self._per_hour = per_hour

    def check(self, work: Work) -> Outcome | None:
        """Count this attempt, or skip it where the hour is full."""
        if self.take(work.processor, work.game_date.isoformat(), work.run_id):
            return None
        return Outcome(work.processor, Status.SKIPPED, f"attempt cap: {self._per_hour} in the last hour")

    def ended(self, work: Work, outcome: Outcome) -> None:
        """An attempt that was let go on has been counted; one that failed on the way to us counts as well."""
        if outcome.status is Status.FAILED:
            self.take(work.processor, work.game_date.isoformat(), work.run_id)

    def full(self, name: str, key: str) -> bool:
        """Whether the hour is full; counts nothing."""
        document = self._state.read(_key(name, key)) or {"attempts": {}}
        now = self._clock().timestamp()
        recent = [at for at in document["attempts"].values() if at > now - WINDOW_S]
        return len(recent) >= self._per_hour

    def take(self, name: str, key: str, run_id: str) -> bool:
        """Whether one more by `name` on `key` fits in the hour; counted if so, once per `run_id`."""
        now = self._clock().timestamp()

        def change(document: Document | None) -> tuple[Document | None, bool]:
            taken: dict[str, float] = document["attempts"] if document else {}
            recent = {run: at for run, at in taken.items() if at > now - WINDOW_S}
            if run_id in recent:
                return None, True
            if len(recent) >= self._per_hour:
                return None, False
            return {"attempts": {**recent, run_id: now}}, True

        return self._state.update(_key(name, key), change)


class CapLook:
    """Looks at a cap before anything else is asked, so that attempts which fail on their way to it are bounded too."""

    def __init__(self, cap: AttemptCap) -> None:
        self._cap = cap

    def check(self, work: Work) -> Outcome | None:
        """Skip where the hour is full; one read, no write."""
        if self._cap.full(work.processor, work.game_date.isoformat()):
            return Outcome(work.processor, Status.SKIPPED, "attempt cap: the hour is full")
        return None

    def ended(self, work: Work, outcome: Outcome) -> None:
        """The cap itself counts."""


def _key(name: str, key: str) -> str:
    return f"attempts/{name}/{key}"
