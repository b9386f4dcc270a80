"""What a season promises: one seed, one course of events, sums that agree."""

import datetime as dt
import itertools
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.upstreams.basketball import build_season, plays_on
from fakes.upstreams.boxscore import COUNTS, total
from fakes.upstreams.fixture import State
from fakes.upstreams.league import TEAMS
from fakes.upstreams.season import Course

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
    season = build_season("a", DAY, [2], course=Course(postponed={"0022500001": None}))
    assert season.games[0].state(season.games[0].tip_s + 10**6) is State.SCHEDULED
    with pytest.raises(ValueError, match="0022500009"):
        build_season("a", DAY, [2], course=Course(postponed={"0022500009": None}))


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


def test_a_season_is_scheduled_as_leagues_schedule():
    """82 games a team, half of them at home, about one in six the day after another, none on three days in a row."""
    counts = [7 if plays_on(dt.date(2025, 10, 21) + dt.timedelta(days=day)) else 0 for day in range(174)]
    season = build_season("a", dt.date(2025, 10, 21), counts)
    second, played = 0, 0
    for team in TEAMS:
        games = [game for game in season.games if team in (game.home, game.away)]
        days = [game.day.toordinal() for game in games]
        home = sum(game.home == team for game in games)
        assert abs(home - len(games) / 2) <= 4
        assert abs(len(games) - 2 * sum(counts) / 30) <= 4
        rests = [later - earlier for earlier, later in itertools.pairwise(days)]
        assert (1, 1) not in set(itertools.pairwise(rests))
        second, played = second + rests.count(1), played + len(games)
    assert 0.1 <= second / played <= 0.25
    assert not [game for game in season.games if dt.date(2026, 2, 13) <= game.day <= dt.date(2026, 2, 18)]


def test_every_box_score_is_one_a_league_could_have_seen():
    season = build_season("a", DAY, [10] * 40)
    overtimes = 0
    for game in season.games:
        box = game.box
        overtimes += box.overtimes > 0
        for side, lines in enumerate((box.home, box.away)):
            team, against = lines, (box.away, box.home)[side]
            assert sum(line.seconds for line in team) == 5 * box.length_s
            assert max(line.seconds for line in team) <= box.length_s
            ended = sum(line.possessions for line in team)
            for line in team:
                assert line.seconds > 0 or not any(getattr(line, count) for count in COUNTS)
                assert line.player.bdl_id not in game.out or line.seconds == 0
                usage = 100 * line.possessions * box.length_s / (line.seconds * ended) if line.seconds else 0
                assert usage <= 100
            assert sum(line.started for line in team) == 5
            assert sum(line.assists for line in team) <= sum(line.made for line in team)
            assert sum(line.plus_minus for line in team) == 5 * (total(team) - total(against))
            assert sum(line.steals for line in team) <= sum(line.turnovers for line in against)
            missed = sum(line.tried - line.made + line.free_throw_attempts - line.free_throws for line in team)
            taken = sum(line.offensive_rebounds for line in team) + sum(line.defensive_rebounds for line in against)
            assert taken <= missed
        home, away = box.periods(box.length_s)
        assert (sum(home), sum(away)) == box.score
        assert len(home) == 4 + box.overtimes
        for period in range(4, 4 + box.overtimes):
            assert sum(home[:period]) == sum(away[:period])
    assert 0.03 <= overtimes / 400 <= 0.1  # about 6 % of the NBA's games


def test_what_players_do_is_what_players_do():
    """Top scorers near 25 to 30 points a game and 36 minutes, as the NBA's leaders are."""
    season = build_season("b", DAY, [15] * 20)
    best: dict[int, list[int]] = {}
    for game in season.games:
        for line in (*game.box.home, *game.box.away):
            best.setdefault(line.player.bdl_id, []).append(line.points)
    means = sorted((statistics.mean(points) for points in best.values() if len(points) >= 10), reverse=True)
    assert 20 <= means[0] <= 36
    assert max(max(points) for points in best.values()) <= 75


def test_one_player_in_twelve_is_hurt_and_does_not_play():
    season = build_season("a", DAY, [10] * 30)
    players = [player for roster in season.rosters.values() for player in roster]
    hurt = [sum(season.injuries.of(p.bdl_id, DAY + dt.timedelta(days=d)) is not None for p in players) for d in (5, 25)]
    assert all(0.04 <= count / len(players) <= 0.14 for count in hurt)
    assert any(game.out for game in season.games)


def test_a_made_up_game_is_known_when_it_is_announced_and_is_played_under_its_own_id():
    later = dt.date(2026, 1, 20)
    season = build_season("a", DAY, [2], course=Course(postponed={"0022500001": later}))
    off, _, *made_up = sorted(season.games, key=lambda game: game.tip_s)
    again = made_up[-1] if made_up else off
    off = next(game for game in season.games if game.postponed)
    assert (off.game_id, again.game_id, again.day) == ("0022500001", "0022500001", later)
    announced = off.tip_s - 3 * 3600
    assert not again.known(announced - 1)
    assert again.known(announced)
    assert not off.called_off(announced - 1)
    assert off.called_off(announced)
    assert again.state(again.final_s) is State.FINAL


def test_a_late_game_is_delayed_and_a_corrected_one_keeps_its_score():
    course = Course(late={"0022500001": 1800}, corrected=frozenset({"0022500001"}))
    game = next(g for g in build_season("a", DAY, [2], course=course).games if g.game_id == "0022500001")
    assert game.delayed(game.tip_s)
    assert game.state(game.tip_s + 1799) is State.SCHEDULED
    assert game.state(game.tip_s + 1800) is State.LIVE
    before, after = game.lines(game.final_s), game.lines(game.corrected_s)
    assert before != after
    assert [total(side) for side in before] == [total(side) for side in after]
    assert [sum(line.rebounds for line in side) for side in before] == [
        sum(line.rebounds for line in side) for side in after
    ]


def test_a_team_can_have_two_games_on_one_day():
    extra = ({"day": "2026-01-16", "home": "MEM", "away": "DAL", "at": "13:00"},) * 2
    season = build_season("a", DAY, [0], course=Course(extra=extra))
    assert [game.game_id for game in season.of_day(DAY)] == ["0022500001", "0022500002"]
    with pytest.raises(ValueError, match="SEA"):
        build_season("a", DAY, [0], course=Course(extra=({"day": "2026-01-16", "home": "SEA", "away": "DAL"},)))
