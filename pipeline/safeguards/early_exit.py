"""Early exit: a day none of whose games is over has nothing to summarise yet, and that is no failure.

The seed had no such check on the night of the storm, and its first form let a date with only live games pass for "no
games", let one postponed game block a date for ever, and took a failed query for permission. Here live games are
"not yet", postponed games do not count, and an error of the query goes through as what it is.
"""

from __future__ import annotations

from typing import Literal

from pipeline.slate import Schedule, Slate
from pipeline.work import Outcome, Status, Work

Games = Literal["over", "ahead"]
"""What a processor needs of a day's games: that one is over, or that one is still to be decided."""


def judge_games_over(slate: Slate, processor: str) -> Outcome | None:
    """None where at least one game is over, else why there is nothing to do. Pure."""
    if slate.final:
        return None
    if not slate.known:
        return Outcome(processor, Status.NOT_READY, "the schedule knows no game around this date")
    if not slate.games:
        return Outcome(processor, Status.SKIPPED, "no games that day")
    if not slate.played:
        return Outcome(processor, Status.SKIPPED, f"all {len(slate.games)} games postponed")
    return Outcome(processor, Status.NOT_READY, f"none of {len(slate.played)} games is final")


def judge_games_ahead(slate: Slate, processor: str) -> Outcome | None:
    """None where at least one game is still to be decided, else why there is nothing to prepare. Pure."""
    if not slate.known:
        return Outcome(processor, Status.NOT_READY, "the schedule knows no game around this date")
    if not slate.played:
        return Outcome(processor, Status.SKIPPED, "no games that day")
    if slate.complete:
        return Outcome(processor, Status.SKIPPED, f"all {len(slate.played)} games are over")
    return None


class GamesOverCheck:
    """Lets a processor of finished games (`processors`) start only when one is over; one query."""

    def __init__(self, schedule: Schedule, processors: frozenset[str]) -> None:
        self._schedule = schedule
        self._processors = processors

    def check(self, work: Work) -> Outcome | None:
        """Read the slate and judge it."""
        if work.processor not in self._processors:
            return None
        return judge_games_over(self._schedule.slate(work.game_date), work.processor)

    def ended(self, work: Work, outcome: Outcome) -> None:
        """Nothing to learn."""


class GamesAheadCheck:
    """Lets a processor of games to come (`processors`) start only while one is undecided; one query."""

    def __init__(self, schedule: Schedule, processors: frozenset[str]) -> None:
        self._schedule = schedule
        self._processors = processors

    def check(self, work: Work) -> Outcome | None:
        """Read the slate and judge it."""
        if work.processor not in self._processors:
            return None
        return judge_games_ahead(self._schedule.slate(work.game_date), work.processor)

    def ended(self, work: Work, outcome: Outcome) -> None:
        """Nothing to learn."""
