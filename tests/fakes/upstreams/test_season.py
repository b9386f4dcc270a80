"""What a season promises: one seed, one course of events, sums that agree."""

import datetime as dt
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.upstreams.season import State, build_season

DAY = dt.date(2026, 1, 16)


def test_the_same_seed_gives_the_same_season_and_another_seed_another():
    one, two, other = (build_season(seed, DAY, [6, 7]) for seed in ("a", "a", "b"))
    assert [(g.game_id, g.home, g.tip_s, g.final_s, g.box) for g in one.games] == [
        (g.game_id, g.home, g.tip_s, g.final_s, g.box) for g in two.games
    ]
    assert [g.box for g in one.games] != [g.box for g in other.games]


def test_a_game_ends_the_same_whichever_is_asked_for_first():
    forwards, backwards = build_season("a", DAY, [6]), build_season("a", DAY, [6])
    ends = [game.box for game in forwards.games]
    assert [game.box for game in reversed(backwards.games)] == ends[::-1]


def test_the_night_of_the_storm_has_its_games_under_their_ids():
    season = build_season("a", dt.date(2026, 1, 15), [9, 6], first_number=578)
    night = season.of_day(DAY)
    assert [game.game_id for game in night] == [f"0022500{number}" for number in range(587, 593)]
    assert night[0].starts_at == dt.datetime(2026, 1, 17, 0, 0, tzinfo=dt.UTC)
    assert night[-1].starts_at == dt.datetime(2026, 1, 17, 3, 30, tzinfo=dt.UTC)


def test_no_team_plays_twice_a_day():
    season = build_season("a", DAY, [15, 15, 7])
    for offset, count in enumerate((15, 15, 7)):
        games = season.of_day(DAY + dt.timedelta(days=offset))
        teams = [team.tricode for game in games for team in (game.home, game.away)]
        assert len(teams) == len(set(teams)) == 2 * count


@settings(max_examples=25, deadline=None)
@given(seed=st.text(max_size=5), share=st.floats(0, 1))
def test_lines_add_up_at_every_moment_of_a_game(seed: str, share: float):
    game = build_season(seed, DAY, [1]).games[0]
    now_s = game.tip_s + share * (game.final_s - game.tip_s)
    for lines in game.lines(now_s):
        for line in lines:
            assert 0 <= line.twos <= line.two_attempts
            assert 0 <= line.threes <= line.three_attempts
            assert 0 <= line.free_throws <= line.free_throw_attempts
            assert line.fouls <= 6
            assert line.points == 0 or line.minutes > 0 or share < 1
    assert sum(line.minutes for line in game.box.home) == 240 + 25 * game.box.overtimes
    assert game.box.score[0] != game.box.score[1]


def test_a_game_is_scheduled_then_live_then_final_and_never_goes_back():
    game = build_season("a", DAY, [1]).games[0]
    moments = (game.tip_s - 1, game.tip_s, game.final_s - 1, game.final_s, game.final_s + 10**6)
    states = [game.state(moment) for moment in moments]
    assert states == [State.SCHEDULED, State.LIVE, State.LIVE, State.FINAL, State.FINAL]
    assert game.lines(game.tip_s - 1) == ((), ())


def test_a_postponed_game_is_never_played():
    season = build_season("a", DAY, [2], postponed=frozenset({"0022500001"}))
    assert season.games[0].state(season.games[0].tip_s + 10**6) is State.SCHEDULED
    with pytest.raises(ValueError, match="0022500009"):
        build_season("a", DAY, [2], postponed=frozenset({"0022500009"}))


def test_scores_are_those_of_the_league():
    """NBA 2023-24: 114 points a team and game with a deviation of about 13, 43.5 rebounds, 26.7 assists."""
    season = build_season("a", DAY, [15] * 20)
    sides = [side for game in season.games for side in (game.box.home, game.box.away)]
    points = [sum(line.points for line in side) for side in sides]
    rebounds = [sum(line.offensive_rebounds + line.defensive_rebounds for line in side) for side in sides]
    assists = [sum(line.assists for line in side) for side in sides]
    assert 112 <= statistics.mean(points) <= 116
    assert 11 <= statistics.stdev(points) <= 16
    assert 42 <= statistics.mean(rebounds) <= 45
    assert 25 <= statistics.mean(assists) <= 28
