"""MLB's API as its clients read it: MLB-StatsAPI, python-mlb-statsapi, plain requests; in process and on the wire."""

import datetime as dt

import pytest
import requests

from tests.fakes.upstreams.conftest import at
from tests.fakes.upstreams.mlb.conftest import MLB_DAY

API = "https://statsapi.mlb.com/api/v1"
LIVE = "https://statsapi.mlb.com/api/v1.1/game"


@pytest.fixture
def evening(around):
    """Half past seven in New York: some games are over, some under way, some to come."""
    at(around, "2026-04-01T23:30:00+00:00")


@pytest.fixture
def next_noon(around):
    at(around, "2026-04-02T16:00:00+00:00")


def games(session: requests.Session, day: str = MLB_DAY, hydrate: str = "") -> list[dict]:
    answer = session.get(f"{API}/schedule", params={"sportId": 1, "date": day, "hydrate": hydrate})
    assert answer.status_code == 200, answer.text
    return [game for each in answer.json()["dates"] for game in each["games"]]


def test_the_schedule_follows_the_clock(session, around):
    at(around, "2026-03-31T12:00:00+00:00")
    assert {game["status"]["detailedState"] for game in games(session)} == {"Scheduled"}
    at(around, "2026-04-01T23:30:00+00:00")
    states = {game["gamePk"]: game["status"]["detailedState"] for game in games(session)}
    assert {"Final", "In Progress", "Postponed"} <= set(states.values())
    for game in games(session):
        assert ("score" in game["teams"]["home"]) == (
            game["status"]["detailedState"] in ("Final", "Game Over", "In Progress", "Suspended: Rain")
        )
    at(around, "2026-04-02T12:00:00+00:00")
    assert {game["status"]["codedGameState"] for game in games(session)} == {"F", "D", "U"}


def test_a_game_is_over_before_it_is_final(session, around, upstreams):
    game = next(g for g in upstreams.mlb.games if g.played_at_all and not g.halts)
    for after_s, code in ((0, "O"), (900, "F")):
        at(around, dt.datetime.fromtimestamp(game.final_s + after_s, dt.UTC).isoformat())
        status = session.get(f"{LIVE}/{game.game_id}/feed/live").json()["gameData"]["status"]
        assert (status["statusCode"], status["abstractGameState"]) == (code, "Final")


def test_a_postponed_game_is_on_both_days_under_one_id(session, next_noon):
    off = next(game for game in games(session) if game["gamePk"] == 822002)
    assert (off["status"]["statusCode"], off["rescheduleGameDate"]) == ("DR", "2026-04-02")
    again = next(game for game in games(session, "2026-04-02") if game["gamePk"] == 822002)
    assert (again["rescheduledFromDate"], again["doubleHeader"]) == (MLB_DAY, "S")
    both = [game for game in games(session, "2026-04-02") if game["doubleHeader"] == "S"]
    assert sorted(game["gameNumber"] for game in both) == [1, 2]
    assert len({game["teams"]["home"]["team"]["id"] for game in both}) == 1


def test_a_suspended_game_is_on_both_days_under_one_official_date(session, next_noon):
    first = next(game for game in games(session) if game["gamePk"] == 822003)
    second = next(game for game in games(session, "2026-04-02") if game["gamePk"] == 822003)
    assert (first["resumeGameDate"], second["resumedFromDate"]) == ("2026-04-02", MLB_DAY)
    assert first["officialDate"] == second["officialDate"] == MLB_DAY
    assert first["status"]["codedGameState"] == "U"


def test_probable_pitchers_are_announced_two_days_ahead_and_start(session, around):
    at(around, "2026-03-30T12:00:00+00:00")
    assert not any("probablePitcher" in g["teams"]["home"] for g in games(session, "2026-04-03", "probablePitcher"))
    at(around, "2026-04-01T12:00:00+00:00")
    named = {
        game["gamePk"]: game["teams"]["home"]["probablePitcher"]["id"]
        for game in games(session, hydrate="probablePitcher(note),linescore")
        if game["status"]["codedGameState"] == "S"
    }
    assert len(named) >= 6
    at(around, "2026-04-03T12:00:00+00:00")
    for pk, pitcher in named.items():
        if pk != 822002:  # made up by another
            box = session.get(f"{API}/game/{pk}/boxscore").json()
            assert box["teams"]["home"]["pitchers"][0] == pitcher


def test_every_view_of_a_game_agrees(session, around):
    for moment in ("2026-04-01T23:30:00+00:00", "2026-04-02T12:00:00+00:00"):
        at(around, moment)
        for game in games(session, hydrate="linescore"):
            if "score" not in game["teams"]["home"]:
                continue
            feed = session.get(f"{LIVE}/{game['gamePk']}/feed/live").json()["liveData"]
            plays = feed["plays"]["allPlays"]
            for side, other, key in (("home", "away", "homeScore"), ("away", "home", "awayScore")):
                runs = game["teams"][side]["score"]
                line = game["linescore"]
                assert line["teams"][side]["runs"] == runs == feed["linescore"]["teams"][side]["runs"]
                assert sum(inning[side].get("runs", 0) for inning in line["innings"]) == runs
                team = feed["boxscore"]["teams"][side]
                batted = [p["stats"]["batting"] for p in team["players"].values() if p["stats"]["batting"]]
                pitched = feed["boxscore"]["teams"][other]
                assert sum(b["runs"] for b in batted) == team["teamStats"]["batting"]["runs"] == runs
                assert pitched["teamStats"]["pitching"]["runs"] == runs
                assert sum(p["stats"]["pitching"].get("strikeOuts", 0) for p in pitched["players"].values()) == sum(
                    play["result"]["eventType"] == "strikeout" and play["about"]["isTopInning"] == (side == "away")
                    for play in plays
                )
                if plays:
                    assert plays[-1]["result"][key] == runs
            thrown = sum(event["isPitch"] for play in plays for event in play["playEvents"])
            assert thrown == sum(
                feed["boxscore"]["teams"][s]["teamStats"]["pitching"]["numberOfPitches"] for s in ("home", "away")
            )


def test_a_time_code_shows_the_game_as_it_was(session, around, next_noon):
    pk = next(g["gamePk"] for g in games(session) if g["status"]["codedGameState"] == "F")
    whole = session.get(f"{LIVE}/{pk}/feed/live").json()
    codes = session.get(f"{LIVE}/{pk}/feed/live/timestamps").json()
    assert len(codes) > 60
    half = session.get(f"{LIVE}/{pk}/feed/live", params={"timecode": codes[len(codes) // 2]}).json()
    assert half["gameData"]["status"]["codedGameState"] == "I"
    seen, all_of_them = half["liveData"]["plays"]["allPlays"], whole["liveData"]["plays"]["allPlays"]
    assert seen == all_of_them[: len(seen)]
    assert 0.3 <= len(seen) / len(all_of_them) <= 0.7
    assert whole["gameData"]["status"]["codedGameState"] == "F"


def test_before_the_lineups_are_out_a_box_score_has_no_players(session, around):
    at(around, "2026-04-01T12:00:00+00:00")
    pk = games(session)[-1]["gamePk"]
    box = session.get(f"{API}/game/{pk}/boxscore").json()
    assert (box["teams"]["home"]["players"], box["teams"]["home"]["battingOrder"]) == ({}, [])
    at(around, "2026-04-02T00:30:00+00:00")
    box = session.get(f"{API}/game/{pk}/boxscore").json()
    assert len(box["teams"]["home"]["battingOrder"]) == 9


def test_season_statistics_are_the_sum_of_the_game_log(session, around):
    at(around, "2026-04-05T12:00:00+00:00")
    for group, keys in (("hitting", ("atBats", "hits", "homeRuns")), ("pitching", ("strikeOuts", "outs"))):
        roster = session.get(f"{API}/teams/147/roster").json()["roster"]
        counted = 0
        for entry in roster:
            url = f"{API}/people/{entry['person']['id']}/stats"
            blocks = session.get(url, params={"stats": "season,gameLog", "group": group}).json()["stats"]
            if blocks:
                season, log = blocks
                counted += 1
                for key in keys:
                    assert season["splits"][0]["stat"][key] == sum(split["stat"][key] for split in log["splits"])
        assert counted >= 5


def test_standings_count_the_games_that_are_over(session, around, upstreams):
    at(around, "2026-04-04T12:00:00+00:00")
    records = session.get(f"{API}/standings", params={"leagueId": "103,104", "season": 2026}).json()["records"]
    teams = [team for record in records for team in record["teamRecords"]]
    assert (len(records), len(teams)) == (6, 30)
    over = len(upstreams.mlb.finals(around.now_ns() / 1e9))
    assert sum(team["wins"] for team in teams) == sum(team["losses"] for team in teams) == over
    assert sum(team["runDifferential"] for team in teams) == 0
    before = session.get(f"{API}/standings", params={"leagueId": "103", "date": "2026-03-31"}).json()["records"]
    assert not any(team["gamesPlayed"] for record in before for team in record["teamRecords"])


def test_fields_prune_an_answer(session, evening):
    pk = games(session)[0]["gamePk"]
    answer = session.get(f"{API}/game/{pk}/linescore", params={"fields": "innings,num,home,runs"}).json()
    assert set(answer) == {"innings"}
    assert set(answer["innings"][0]) <= {"num", "home"}


@pytest.mark.parametrize(
    ("path", "status"),
    [("schedule", 400), ("schedule?sportId=1&date=TODAY", 400), ("game/1/boxscore", 404), ("people/1", 404),
     ("teams/1", 404), ("standings", 400), ("nothing", 404), ("transactions", 501)],
)  # fmt: skip
def test_bad_requests_get_mlbs_own_errors(session, path, status):
    answer = session.get(f"{API}/{path}")
    assert answer.status_code == status
    assert set(answer.json()) == {"messageNumber", "message", "timestamp", "traceId"}


def test_what_is_not_imitated_makes_a_run_unknown(session, around):
    session.get(f"{API}/transactions")
    assert [event["what"] for event in around.events if event.get("what")] == [
        "unsupported by the emulator: statsapi.mlb.com/api/v1/transactions"
    ]


def test_mlb_statsapi_reads_schedule_box_score_and_standings(session, everywhere, evening):
    statsapi = pytest.importorskip("statsapi", reason="MLB-StatsAPI comes with the lock")
    listed = statsapi.schedule(date=MLB_DAY, sportId=1)
    assert len(listed) == len(games(session))
    final = next(game for game in listed if game["status"] == "Final")
    assert {final["winning_team"], final["losing_team"] if "losing_team" in final else final["losing_Team"]} <= {
        final["home_name"], final["away_name"],
    }  # fmt: skip
    assert final["winning_pitcher"]
    data = statsapi.boxscore_data(final["game_id"])
    assert int(data["homeBattingTotals"]["r"]) == final["home_score"]
    assert int(data["awayPitchingTotals"]["r"]) == final["home_score"]
    assert f"{final['home_score']}" in statsapi.linescore(final["game_id"])
    assert len(statsapi.standings_data(leagueId="103,104")) == 6
    assert len(statsapi.roster(147).splitlines()) == 26
    live = next(game for game in listed if game["status"] == "In Progress")
    assert live["summary"].endswith(("1st)", "2nd)", "3rd)", "th)"))


def test_python_mlb_statsapi_validates_every_answer(session, around, next_noon):
    mlbstatsapi = pytest.importorskip("mlbstatsapi", reason="python-mlb-statsapi comes with the lock")
    client = mlbstatsapi.Mlb(session=session)
    listed = client.get_schedule(date=MLB_DAY)
    pks = [game.game_pk for day in listed.dates for game in day.games]
    assert len(pks) == len(games(session))
    for pk in pks[:6]:
        whole = client.get_game(pk)
        assert whole.game_pk == pk
        assert client.get_game_box_score(pk).teams.home.team.id == whole.game_data.teams.home.id
        line = client.get_game_line_score(pk)
        assert len(line.innings) == len(whole.live_data.linescore.innings)
        if whole.live_data.plays.all_plays:
            assert len(client.get_game_play_by_play(pk).all_plays) == len(whole.live_data.plays.all_plays)
    assert len(client.get_teams()) == 30
    assert len(client.get_team_roster(147)) == 26
    assert client.get_person(614700).primary_position.abbreviation == "C"
    assert client.get_standings(103, season="2026")
    assert len(client.get_venues()) == 30
