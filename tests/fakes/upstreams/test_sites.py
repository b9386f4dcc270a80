"""What a client meets at each upstream: auth, paging, limits, and contents that follow the clock."""

import json
from pathlib import Path

import pytest
import requests

from fakes.seam import LoseReply, Refuse, Ruling, ServeStale, Truncate
from fakes.upstreams import Upstreams, create
from tests.fakes.inprocess import mount
from tests.fakes.manual import ManualSurroundings
from tests.fakes.upstreams.conftest import at

BDL = "https://api.balldontlie.io/v1"
NBA = "https://cdn.nba.com/static/json/staticData/scheduleLeagueV2.json"
ODDS = "https://api.the-odds-api.com/v4/sports/basketball_nba/events"
HOOK = "https://hooks.slack.com/services/T0/B0/x"
KEY = {"Authorization": "Bearer k"}
ROOT = Path(__file__).parents[3]
REAL = next((up / "shared" / "real" for up in ROOT.parents[:2] if (up / "shared" / "real").is_dir()), ROOT / "none")

needs_captures = pytest.mark.skipif(not REAL.is_dir(), reason="the recorded answers are not on this machine")


def box_scores(session: requests.Session, day: str = "2026-01-16") -> list[dict]:
    answer = session.get(f"{BDL}/box_scores", params={"date": day}, headers=KEY)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_box_scores_have_no_final_line_before_the_games_are_played(session, around):
    at(around, "2026-01-16T09:00:00+00:00")
    games = box_scores(session)
    assert len(games) == 6
    assert all(game["status"] != "Final" and not game["home_team"]["players"] for game in games)
    at(around, "2026-01-17T01:00:00+00:00")
    assert {game["status"] for game in box_scores(session)} & {"1st Qtr", "2nd Qtr"}
    at(around, "2026-01-17T08:00:00+00:00")
    games = box_scores(session)
    assert {game["status"] for game in games} == {"Final"}
    for game in games:
        for side, score in (("home_team", "home_team_score"), ("visitor_team", "visitor_team_score")):
            assert sum(line["pts"] for line in game[side]["players"]) == game[score]


def test_schedule_and_box_scores_agree_on_what_is_final(session, around):
    at(around, "2026-01-17T02:45:00+00:00")
    final = {
        game["gameCode"].split("/")[1]
        for day in session.get(NBA).json()["leagueSchedule"]["gameDates"]
        for game in day["games"]
        if game["gameStatus"] == 3 and game["gameCode"].startswith("20260116")
    }
    assert 0 < len(final) < 6
    assert final == {
        game["visitor_team"]["abbreviation"] + game["home_team"]["abbreviation"]
        for game in box_scores(session)
        if game["status"] == "Final"
    }


def test_injuries_come_in_pages_without_gap_or_overlap(session):
    seen, cursor = [], None
    while True:
        params = {"per_page": 7, **({"cursor": cursor} if cursor else {})}
        page = session.get(f"{BDL}/player_injuries", params=params, headers=KEY).json()
        seen += [entry["player"]["id"] for entry in page["data"]]
        cursor = page["meta"].get("next_cursor")
        if not cursor:
            break
    whole = session.get(f"{BDL}/player_injuries", params={"per_page": 100}, headers=KEY).json()["data"]
    assert len(seen) > 7
    assert seen == sorted(set(seen)) == [entry["player"]["id"] for entry in whole]


@pytest.mark.parametrize(
    ("url", "headers", "status"),
    [
        (f"{BDL}/box_scores?date=2026-01-16", {}, 401),
        (f"{BDL}/box_scores?date=TODAY", KEY, 400),
        (f"{BDL}/games?per_page=101", KEY, 400),
        (f"{BDL}/nonsense", KEY, 404),
        (ODDS, {}, 401),
        (f"{ODDS}/nothing/odds?apiKey=k&regions=us&markets=player_points&oddsFormat=american", {}, 404),
        (f"{ODDS}/nothing/odds?apiKey=k", {}, 422),
        ("https://cdn.nba.com/other.json", {}, 403),
    ],
)
def test_bad_requests_get_the_upstreams_own_status(session, url, headers, status):
    assert session.get(url, headers=headers).status_code == status


def test_a_key_is_checked_when_the_world_names_one(around):
    upstreams = create(around, days=1, keys={"balldontlie": "right"})
    session = mount(requests.Session(), upstreams.http())
    assert session.get(f"{BDL}/games", headers=KEY).status_code == 401
    assert session.get(f"{BDL}/games", headers={"Authorization": "Bearer right"}).status_code == 200


def test_the_sixhundredandfirst_request_of_a_minute_is_refused(session, around):
    statuses = [session.get(f"{BDL}/box_scores?date=2020-01-01", headers=KEY).status_code for _ in range(601)]
    assert statuses == [200] * 600 + [429]
    around.advance(60)
    assert session.get(f"{BDL}/box_scores?date=2020-01-01", headers=KEY).status_code == 200


def test_an_event_vanishes_with_its_tip_off_and_credits_are_counted(session, around):
    at(around, "2026-01-16T20:00:00+00:00")
    events = session.get(ODDS, params={"apiKey": "k"}).json()
    first = min(events, key=lambda event: event["commence_time"])
    params = {"apiKey": "k", "regions": "us", "markets": "player_points", "oddsFormat": "american"}
    answer = session.get(f"{ODDS}/{first['id']}/odds", params=params)
    assert answer.headers["x-requests-last"] == "1"
    outcomes = answer.json()["bookmakers"][0]["markets"][0]["outcomes"]
    assert {outcome["name"] for outcome in outcomes} == {"Over", "Under"}
    assert all(abs(outcome["price"]) >= 100 and outcome["point"] % 1 == 0.5 for outcome in outcomes)
    at(around, first["commence_time"])
    assert session.get(f"{ODDS}/{first['id']}/odds", params=params).status_code == 404
    assert first["id"] not in {event["id"] for event in session.get(ODDS, params={"apiKey": "k"}).json()}


def test_the_schedule_is_validated_by_its_etag(session, around):
    answer = session.get(NBA)
    again = session.get(NBA, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_slack_takes_one_message_a_second(session, upstreams: Upstreams, around: ManualSurroundings):
    assert session.post(HOOK, json={"text": "a"}).text == "ok"
    refused = session.post(HOOK, json={"text": "b"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    around.advance(1)
    assert session.post(HOOK, json={"text": "c"}).status_code == 200
    assert [text for _, text in upstreams.slack.messages] == ["a", "c"]
    assert session.post(HOOK, data=b"no json").status_code == 400
    assert session.post(HOOK, json={}).status_code == 400


def test_a_lost_reply_of_slack_was_posted(session, upstreams, around):
    around.rulings = [Ruling(LoseReply(), "f")]
    with pytest.raises(requests.ConnectionError):
        session.post(HOOK, json={"text": "a"})
    assert len(upstreams.slack.messages) == 1


def test_faults_are_worded_by_the_site_and_recorded_once(session, around):
    around.rulings = [Ruling(Refuse(429, headers={"Retry-After": "7"}), "f1"), Ruling(Truncate(10), "f2")]
    refused = session.get(f"{BDL}/games", headers=KEY)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    with pytest.raises(requests.RequestException):
        session.get(f"{BDL}/games", headers=KEY)
    assert [(event["fault"], event["outcome"], event["resource"]) for event in around.events] == [
        ("f1", "refused", "api.balldontlie.io/v1/games"),
        ("f2", "lost", "api.balldontlie.io/v1/games"),
    ]


def test_a_stale_answer_is_the_state_of_that_time(session, around):
    at(around, "2026-01-17T08:00:00+00:00")
    around.rulings = [Ruling(ServeStale(86_400), "f")]
    assert {game["status"] for game in box_scores(session)} != {"Final"}


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"slates": [16]}, "slates"),
        ({"games_per_day": (5, 3)}, "games_per_day"),
        ({"days": 0}, "days"),
        ({"first_day": "tomorrow"}, "first_day"),
        ({"limits": "few"}, "limits"),
        ({"keys": {"espn": "x"}}, "espn"),
        ({"captures": "/nowhere"}, "captures"),
        ({"mlb": {"slates": [16]}}, "mlb: .*slates|mlb.*16"),
        ({"mlb": {"day": 1}}, "'day'"),
        ({"mlb": "2026"}, "mapping"),
        ({"mlb": {"first_day": "2026-04-01", "days": 2, "late": {"1": 5}}}, "games .*'1'"),
    ],
)
def test_a_bad_option_is_named(around, options, word):
    with pytest.raises(ValueError, match=word):
        create(around, **options)


@needs_captures
def test_recorded_answers_come_back_as_they_are(around):
    session = mount(requests.Session(), create(around, captures=REAL).http())
    recorded = json.loads((REAL / "balldontlie_box_scores_2024-01-15.json").read_text())
    assert box_scores(session, "2024-01-15") == recorded["data"]
    assert session.get(f"{BDL}/games", params={"dates[]": "2025-02-20"}, headers=KEY).json()["data"]
    assert session.get(NBA).json() == json.loads((REAL / "nba_schedule_cdn.json").read_text())


@needs_captures
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("balldontlie_box_scores_2024-01-15.json", ("data", 0)),
        ("balldontlie_games.json", ("data", 0)),
        ("balldontlie_injuries.json", ("data", 0)),
    ],
)
def test_synthetic_items_have_the_fields_of_recorded_ones(session, around, name, path):
    at(around, "2026-01-17T08:00:00+00:00")
    urls = {
        "balldontlie_box_scores_2024-01-15.json": f"{BDL}/box_scores?date=2026-01-16",
        "balldontlie_games.json": f"{BDL}/games?dates[]=2026-01-16",
        "balldontlie_injuries.json": f"{BDL}/player_injuries",
    }
    recorded = json.loads((REAL / name).read_text())["data"][0]
    synthetic = session.get(urls[name], headers=KEY).json()["data"][0]
    assert shape(synthetic) == shape(recorded)


def shape(value: object) -> object:
    """Keys and nesting of JSON, the first item standing for a list."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "value"
