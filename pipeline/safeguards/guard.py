"""What every safeguard looks like to the attempt it guards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pipeline.work import Outcome, Work


class Guard(Protocol):
    """May stop an attempt before it starts, and hears how it ended."""

    def check(self, work: Work) -> Outcome | None:
        """None to let `work` go on, or the outcome it has instead (skipped, not ready).

        Raises when it cannot tell: an unknown answer is an error, never a permission and never a "no".
        """

    def ended(self, work: Work, outcome: Outcome) -> None:
        """Hear how the attempt ended, before it is acknowledged: when every guard let it go on, or when it failed on
        the way (then perhaps twice). Attempts that a guard stopped are not told.
        """


class Breaker(Protocol):
    """Stands directly round the work, so that it sees both what it returns and what it raises."""

    def call(self, work: Work, run: Callable[[], Outcome]) -> Outcome:
        """Run the work, or return what to say instead of running it; what `run` raises goes through."""
