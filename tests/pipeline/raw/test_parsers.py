"""Parsers on recorded answers, and on the oddities upstreams are known for."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.raw import bdl_injuries, bdl_player_boxscores, odds_player_props, schedule
from pipeline.raw.bdl_player_boxscores import minutes_of
from pipeline.raw.feed import CaptureFormatError, Feed, StoredCapture, load_capture
from pipeline.raw.registry import FEEDS, UnknownPathError, feed_for
from pipeline.scrapers.scraper import Capture

ROOT = Path(__file__).parents[3]
REAL = next((up / "shared" / "real" for up in ROOT.parents[:2] if (up / "shared" / "real").is_dir()), ROOT / "none")
NOW = dt.datetime(2026, 1, 16, 9, 0, tzinfo=dt.UTC)
DAY = dt.date(2026, 1, 16)

needs_captures = pytest.mark.skipif(not REAL.is_dir(), reason="the recorded answers are not on this machine")


def recorded(name: str, day: dt.date = DAY) -> StoredCapture:
    return StoredCapture(json.loads((REAL / name).read_text()), day, NOW)


def rows(feed: Feed, payload: Any, day: dt.date = DAY) -> list[dict[str, Any]]:
    return [dict(row) for row in feed.rows(StoredCapture(payload, day, NOW), NOW)]


@needs_captures
def test_recorded_box_scores_give_every_line_of_eleven_games():
    capture = recorded("balldontlie_box_scores_2024-01-15.json", dt.date(2024, 1, 15))
    loaded = rows(bdl_player_boxscores.FEED, capture.payload["data"])
    assert len(loaded) == 384
    assert len({row["game_id"] for row in loaded}) == 11
    assert len({(row["game_id"], row["bdl_player_id"]) for row in loaded}) == 384
    played = [row for row in loaded if row["minutes"]]
    assert sum(row["points"] for row in played) == sum(
        game["home_team_score"] + game["visitor_team_score"] for game in capture.payload["data"]
    )
    assert "20240115_IND_UTA" in {row["game_id"] for row in loaded}  # the upstream writes UTAH


@needs_captures
def test_recorded_injuries_and_schedule_parse_whole():
    injuries = rows(bdl_injuries.FEED, recorded("balldontlie_injuries.json").payload["data"])
    assert len(injuries) == 100
    assert "unknown" not in {row["injury_status_normalized"] for row in injuries}
    games = rows(schedule.FEED, recorded("nba_schedule_cdn.json").payload)
    assert {row["game_status"] for row in games} == {1}
    late = next(row for row in games if row["game_id"] == "0012500001")
    assert (late["game_date"], late["game_key"]) == (dt.date(2025, 10, 3), "20251003_PHX_LAL")


def test_every_column_of_a_table_is_filled_by_its_parser():
    samples = {
        "BdlBoxscoresProcessor": [game()],
        "BdlInjuriesProcessor": [INJURY],
        "NbacScheduleProcessor": SCHEDULE,
        "OddsApiPropsProcessor": EVENT,
    }
    for feed in FEEDS:
        loaded = rows(feed, samples[feed.name])
        assert loaded, feed.name
        assert all(set(row) == set(feed.table.columns) for row in loaded), feed.name


@pytest.mark.parametrize("status", ["2026-01-17T00:00:00Z", "3rd Qtr", "Halftime", ""])
def test_a_game_that_is_not_final_gives_no_row(status):
    assert rows(bdl_player_boxscores.FEED, [{**game(), "status": status}]) == []


@pytest.mark.parametrize(("text", "minutes"), [("28", 28), ("00", 0), ("", 0), (None, 0), ("28:29", 28), ("28:30", 29)])
def test_minutes_come_in_several_forms(text, minutes):
    assert minutes_of(text) == minutes


def test_the_fingerprint_is_of_the_facts_and_not_of_the_time():
    [early] = bdl_injuries.FEED.rows(StoredCapture([INJURY], DAY, NOW), NOW)
    [late] = bdl_injuries.FEED.rows(StoredCapture([INJURY], DAY, NOW + dt.timedelta(1)), NOW + dt.timedelta(2))
    [changed] = bdl_injuries.FEED.rows(StoredCapture([{**INJURY, "status": "Out"}], DAY, NOW), NOW)
    assert early["data_hash"] == late["data_hash"] != changed["data_hash"]


def test_over_and_under_of_a_player_are_one_row():
    [row] = rows(odds_player_props.FEED, EVENT)
    assert (row["over_price"], row["under_price"], row["points_line"]) == (-115, -105, 25.5)
    assert (row["game_id"], row["game_date"]) == ("20260116_ATL_GSW", DAY)  # 03:30 UTC on the 17th


@pytest.mark.parametrize(
    ("text", "status", "postponed"), [("PPD", 1, True), ("7:00 pm ET", 1, False), ("Final", 3, False)]
)
def test_postponed_games_are_told_by_their_text_too(text, status, postponed):
    payload = json.loads(json.dumps(SCHEDULE))
    payload["leagueSchedule"]["gameDates"][0]["games"][0] |= {"gameStatusText": text, "gameStatus": status}
    [row] = rows(schedule.FEED, payload)
    assert row["postponed"] is postponed


@pytest.mark.parametrize("payload", [[{}], [None], {"leagueSchedule": None}, "text", [{"player": {"id": "x"}}], 7])
@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_a_payload_of_another_shape_is_named_and_never_a_crash(feed, payload):
    with pytest.raises(CaptureFormatError, match=feed.name):
        rows(feed, payload)


def test_a_stored_capture_comes_back_as_it_was():
    capture = Capture("p/x.json", [1, 2], 2, DAY)
    assert load_capture(capture.body("s", NOW)) == StoredCapture([1, 2], DAY, NOW)
    with pytest.raises(CaptureFormatError, match="payload"):
        load_capture(b"{}")


def test_the_path_of_an_object_finds_its_feed():
    assert feed_for("gs://b/ball-dont-lie/boxscores/2026-01-16/x.json").name == "BdlBoxscoresProcessor"
    assert feed_for("gs://b/nba-com/schedule/2025-26/x.json").name == "NbacScheduleProcessor"
    with pytest.raises(UnknownPathError, match="espn/rosters"):
        feed_for("gs://b/espn/rosters/x.json")


def game() -> dict[str, Any]:
    player = {"id": 1, "first_name": "Luka", "last_name": "Dončić"}
    counts = {*bdl_player_boxscores.COUNTS.values(), "reb"}
    line = {"min": "30", **dict.fromkeys(counts, 1), "player": player}
    return {
        "date": "2026-01-16",
        "status": "Final",
        "home_team_score": 100,
        "visitor_team_score": 90,
        "home_team": {"abbreviation": "DAL", "players": [line]},
        "visitor_team": {"abbreviation": "UTAH", "players": []},
    }


INJURY = {
    "player": {"id": 7, "first_name": "A", "last_name": "B", "team_id": 3},
    "return_date": "Oct 1",
    "status": "Day-To-Day",
    "description": "d",
}

SCHEDULE = {
    "leagueSchedule": {
        "seasonYear": "2025-26",
        "gameDates": [
            {
                "gameDate": "01/16/2026 00:00:00",
                "games": [
                    {
                        "gameId": "0022500587",
                        "gameStatus": 1,
                        "gameStatusText": "7:00 pm ET ",
                        "gameDateTimeUTC": "2026-01-17T00:00:00Z",
                        "postponedStatus": "N",
                        "homeTeam": {"teamTricode": "BKN"},
                        "awayTeam": {"teamTricode": "CHI"},
                    }
                ],
            }
        ],
    }
}

EVENT = {
    "id": "e1",
    "commence_time": "2026-01-17T03:30:00Z",
    "home_team": "Golden State Warriors",
    "away_team": "Atlanta Hawks",
    "bookmakers": [
        {
            "key": "draftkings",
            "markets": [
                {
                    "key": "player_points",
                    "outcomes": [
                        {"name": "Over", "description": "Stephen Curry", "price": -115, "point": 25.5},
                        {"name": "Under", "description": "Stephen Curry", "price": -105, "point": 25.5},
                    ],
                },
                {"key": "spreads", "outcomes": [{"name": "Atlanta Hawks", "price": 1.9, "point": 6.5}]},
            ],
        }
    ],
}
