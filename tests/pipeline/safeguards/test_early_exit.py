"""When a day's games allow a processor to start, and what is said when they do not."""

import datetime as dt

import pytest

from pipeline.safeguards.early_exit import judge_games_ahead, judge_games_over
from pipeline.slate import GameStatus, ScheduledGame, Slate, slate_of
from pipeline.work import Status

DAY = dt.date(2026, 1, 16)


def slate(*games: str, known: bool = True) -> Slate:
    """Games by a letter each: s(cheduled), l(ive), f(inal), p(ostponed)."""
    status = {"s": GameStatus.SCHEDULED, "l": GameStatus.LIVE, "f": GameStatus.FINAL, "p": GameStatus.SCHEDULED}
    scheduled = tuple(ScheduledGame(f"g{i}", DAY, status[game], game == "p") for i, game in enumerate(games))
    return Slate(DAY, scheduled, known)


@pytest.mark.parametrize(
    ("games", "verdict"),
    [
        ("ssssss", Status.NOT_READY),
        ("llllll", Status.NOT_READY),  # the seed took a date with only live games for one without games
        ("sp", Status.NOT_READY),
        ("fl", None),
        ("ff", None),
        ("fp", None),  # one postponed game blocked the date for ever
        ("pp", Status.SKIPPED),
        ("", Status.SKIPPED),
    ],
)
def test_games_over(games, verdict):
    outcome = judge_games_over(slate(*games), "P")
    assert (outcome and outcome.status) == verdict


@pytest.mark.parametrize(
    ("games", "verdict"),
    [("ssss", None), ("sl", None), ("sf", None), ("ff", Status.SKIPPED), ("p", Status.SKIPPED), ("", Status.SKIPPED)],
)
def test_games_ahead(games, verdict):
    outcome = judge_games_ahead(slate(*games), "P")
    assert (outcome and outcome.status) == verdict


@pytest.mark.parametrize("judge", [judge_games_over, judge_games_ahead])
def test_a_schedule_that_knows_nothing_is_not_a_day_without_games(judge):
    outcome = judge(slate(known=False), "P")
    assert outcome is not None
    assert outcome.status is Status.NOT_READY
    assert "knows no game" in outcome.reason


def test_a_slate_takes_its_own_day_out_of_the_days_around_it():
    other = ScheduledGame("x", DAY + dt.timedelta(days=1), GameStatus.FINAL, postponed=False)
    mine = ScheduledGame("y", DAY, GameStatus.SCHEDULED, postponed=False)
    assert slate_of(DAY, [other, mine]) == Slate(DAY, (mine,), known=True)
    assert slate_of(DAY, [other]) == Slate(DAY, (), known=True)
    assert slate_of(DAY, []) == Slate(DAY, (), known=False)


def test_a_day_is_complete_when_all_that_are_played_are_over():
    assert slate("f", "f", "p").complete
    assert not slate("f", "l").complete
    assert not slate("p").complete
