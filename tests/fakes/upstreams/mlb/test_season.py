"""What a season of baseball promises: one seed, one course of events, sums that agree, figures a league has seen."""

import datetime as dt
import itertools
import statistics
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.upstreams.fixture import State
from fakes.upstreams.mlb.league import CLUBS, DIVISIONS
from fakes.upstreams.mlb.lines import Batting, Pitching, added, by_inning
from fakes.upstreams.mlb.plays import HITS
from fakes.upstreams.mlb.season import build_season, plays_on
from fakes.upstreams.season import Course

DAY = dt.date(2026, 5, 5)


@pytest.fixture(scope="module")
def month():
    return build_season("a", DAY, [15] * 8)


def test_the_same_seed_gives_the_same_season_and_another_seed_another():
    one, two, other = (build_season(seed, DAY, [6, 7]) for seed in ("a", "a", "b"))
    assert [(g.game_id, g.home, g.tip_s, g.final_s, g.game) for g in one.games] == [
        (g.game_id, g.home, g.tip_s, g.final_s, g.game) for g in two.games
    ]
    assert [g.game for g in one.games] != [g.game for g in other.games]


def test_a_game_ends_the_same_whichever_is_asked_for_first():
    forwards, backwards = (build_season("a", DAY, [6], rain=False) for _ in range(2))
    ends = [game.game for game in forwards.games]
    assert [game.game for game in reversed(backwards.games)] == ends[::-1]


def test_there_are_thirty_clubs_in_six_divisions_with_ids_of_their_own():
    assert Counter((club.league, club.division) for club in CLUBS) == dict.fromkeys(DIVISIONS, 5)
    for key in ("mlb_id", "bdl_id", "tricode", "full_name", "venue_id"):
        assert len({getattr(club, key) for club in CLUBS}) == 30


def test_clubs_meet_in_series_of_two_to_four_games_in_one_park(month):
    meetings = [(game.home.tricode, game.away.tricode) for game in month.games if not game.made_up_from]
    runs = Counter(meetings)
    assert max(runs.values()) <= 8
    opponents = [(g.home.tricode, g.away.tricode) for g in month.games if g.home.tricode == "BOS" and g.played_at_all]
    assert all(len(list(group)) >= 2 for _, group in itertools.islice(itertools.groupby(opponents), 2))
    for day in {game.day for game in month.games}:
        clubs = [c.tricode for g in month.of_day(day) if g.played_at_all for c in (g.home, g.away)]
        doubled = {club for club, count in Counter(clubs).items() if count > 1}
        assert doubled == {
            c.tricode for g in month.of_day(day) if g.played_at_all and g.games_of_day > 1 for c in (g.home, g.away)
        }


def test_lines_innings_and_scores_add_up_for_every_game(month):
    for game in month.games:
        if not game.played_at_all:
            continue
        whole, box = game.game, game.box(game.final_s)
        assert whole.score[0] != whole.score[1]
        assert whole.innings >= 9
        for side in (0, 1):
            ours, theirs = box.batting[side], box.pitching[1 - side]
            batting, pitching = added(ours.values(), Batting()), added(theirs.values(), Pitching())
            assert (
                batting.runs == pitching.runs == whole.score[side] == sum(i.runs for i in by_inning(side, whole.plays))
            )
            assert (batting.hits, batting.walks, batting.strikeouts, batting.appearances, batting.at_bats) == (
                pitching.hits, pitching.walks, pitching.strikeouts, pitching.faced, pitching.at_bats,
            )  # fmt: skip
            assert batting.rbi <= batting.runs
            assert pitching.earned <= pitching.runs
            left = sum(inning.left for inning in by_inning(side, whole.plays))
            reached = batting.runs + left + pitching.outs
            automatic = max(0, len(by_inning(side, whole.plays)) - 9)
            assert reached == batting.appearances + automatic  # everybody who bats scores, is out or is left on base
            assert added(box.batting[1 - side].values(), Batting()).putouts == pitching.outs
            assert added(box.pitching[side].values(), Pitching()).started == 1
        wins = [line for side in (0, 1) for line in box.pitching[side].values() if line.wins]
        losses = [line for side in (0, 1) for line in box.pitching[side].values() if line.losses]
        assert (len(wins), len(losses)) == (1, 1)


def test_an_inning_has_three_outs_and_a_walk_off_ends_the_game(month):
    for game in month.games:
        if not game.played_at_all:
            continue
        plays = game.game.plays
        halves = [list(group) for _, group in itertools.groupby(plays, key=lambda play: (play.inning, play.side))]
        for half in halves[:-1]:
            assert half[-1].outs == 3
            assert all(play.outs < 3 for play in half[:-1])
        last = halves[-1][-1]
        assert last.outs == 3 or (last.side == 0 and last.score[0] > last.score[1])
        assert [play.at for play in plays] == sorted(play.at for play in plays)


def test_the_league_hits_and_pitches_as_mlb_does(month):
    """Means a club and game, MLB 2023: 4.6 runs, 8.4 hits, 1.2 homers, 3.2 walks, 8.6 strikeouts, 0.7 steals."""
    played = [game for game in month.games if game.played_at_all]
    batting, pitching, starters = Batting(), Pitching(), []
    for game in played:
        box = game.box(game.final_s)
        for side in (0, 1):
            added(box.batting[side].values(), batting)
            added(box.pitching[side].values(), pitching)
            starters.append(box.pitching[side][game.game.squads[side].starter].outs)
    n = 2 * len(played)
    for name, mean, spread in (
        ("runs", 4.6, 0.5), ("hits", 8.4, 0.5), ("home_runs", 1.2, 0.2), ("walks", 3.25, 0.4),
        ("strikeouts", 8.6, 0.6), ("stolen", 0.72, 0.25), ("errors", 0.5, 0.15), ("doubles", 1.7, 0.2),
    ):  # fmt: skip
        assert getattr(batting, name) / n == pytest.approx(mean, abs=spread), name
    assert batting.average == pytest.approx(0.245, abs=0.012)
    assert pitching.era == pytest.approx(4.3, abs=0.5)
    assert pitching.pitches / pitching.faced == pytest.approx(3.85, abs=0.15)
    assert statistics.mean(starters) == pytest.approx(15.5, abs=1.5)
    assert 0.05 <= sum(game.game.innings > 9 for game in played) / len(played) <= 0.2
    assert 0.42 <= sum(game.final_score[0] > game.final_score[1] for game in played) / len(played) <= 0.66


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 12), st.floats(-0.2, 1.3))
def test_what_is_known_at_any_moment_is_a_beginning_of_the_whole(place, share):
    season = build_season("a", DAY, [13], rain=False)
    game = season.games[place]
    now_s = game.begins_s + share * (game.final_s - game.begins_s)
    plays = game.plays(now_s)
    assert plays == game.game.plays[: len(plays)]
    box = game.box(now_s)
    for side in (0, 1):
        assert added(box.batting[side].values(), Batting()).runs == game.score(now_s)[side]
        assert added(box.batting[side].values(), Batting()).hits == sum(
            play.side == side and play.event in HITS for play in plays
        )
    assert (len(plays) == len(game.game.plays)) == (game.state(now_s) is State.FINAL)


def test_a_postponed_game_is_made_up_as_half_of_a_double_header():
    first, later = build_season("a", DAY, [4], rain=False).games[0], DAY + dt.timedelta(days=1)
    season = build_season("a", DAY, [4, 4], rain=False, course=Course(postponed={first.game_id: later}))
    off, again = [game for game in season.games if game.game_id == first.game_id]
    assert (off.postponed, again.day, again.made_up_from) == (True, later, DAY)
    both = [game for game in season.of_day(later) if {game.home, game.away} == {first.home, first.away}]
    assert sorted((game.number_of_day, game.games_of_day) for game in both) == [(1, 2), (2, 2)]
    assert len({game.starters for game in both}) == 2
    earlier, second = sorted(both, key=lambda game: game.tip_s)
    assert earlier.final_s < second.tip_s
    assert again.known(off.tip_s)
    assert not again.known(off.tip_s - 4 * 3600)


def test_a_suspended_game_stands_still_until_it_is_resumed_the_next_day():
    season = build_season("a", DAY, [3], rain=False, course=Course(suspended=frozenset({"822002"})))
    game = season.of_id("822002")
    assert game is not None
    halted = game.plays(game.halted_s)
    assert 0 < len(halted) < len(game.game.plays)
    for moment in (game.halted_s + 60, game.resumes_s - 1):
        assert game.suspended(moment)
        assert game.plays(moment) == halted
        assert game.state(moment) is State.LIVE
    assert not game.suspended(game.resumes_s + 1)
    assert len(game.plays((game.resumes_s + game.final_s) / 2)) > len(halted)
    assert game.plays(game.final_s) == game.game.plays
    assert dt.datetime.fromtimestamp(game.resumes_s, dt.UTC).date() == DAY + dt.timedelta(days=1)


def test_rain_calls_off_some_games_in_the_open_and_makes_most_of_them_up():
    season = build_season("c", dt.date(2026, 4, 1), [15] * 25)
    off = [game for game in season.games if game.postponed]
    assert 1 <= len(off) <= 16
    assert not any(game.home.roof for game in off)
    assert sum(game.made_up is not None for game in off) >= len(off) / 2
    assert any(game.games_of_day == 2 for game in season.games)


def test_no_starter_pitches_twice_in_three_days(month):
    last: dict[int, dt.date] = {}
    for game in sorted((g for g in month.games if g.played_at_all), key=lambda g: g.tip_s):
        for side in (0, 1):
            starter = game.rosters[side][game.starters[side]]
            assert (game.day - last.get(starter.mlb_id, dt.date(2000, 1, 1))).days >= 3
            last[starter.mlb_id] = game.day


def test_a_correction_moves_a_hit_and_no_run():
    course = Course(corrected=frozenset({"822001"}))
    game = build_season("a", DAY, [3], rain=False, course=course).of_id("822001")
    assert game is not None
    before, after = game.box(game.corrected_s - 1), game.box(game.corrected_s)
    assert before != after
    for side in (0, 1):
        was, now = added(before.batting[side].values(), Batting()), added(after.batting[side].values(), Batting())
        assert (was.runs, was.at_bats, was.appearances) == (now.runs, now.at_bats, now.appearances)


def test_nobody_plays_in_winter_nor_in_the_all_star_break():
    assert [plays_on(dt.date(2026, *day)) for day in ((1, 16), (3, 24), (3, 25), (7, 14), (9, 27), (11, 1))] == [
        False, False, True, False, True, False,
    ]  # fmt: skip
