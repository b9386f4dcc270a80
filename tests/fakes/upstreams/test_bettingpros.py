"""BettingPros: events, offers and props of both sports, in its own shapes and spellings."""

import json
from pathlib import Path

import pytest

from tests.fakes.upstreams.conftest import at
from tests.fakes.upstreams.test_more_sites import REAL, needs_captures, subset

V3 = "https://api.bettingpros.com/v3"
KEY = {"x-api-key": "k", "User-Agent": "Mozilla/5.0"}


@pytest.fixture(autouse=True)
def afternoon(around):
    at(around, "2026-01-16T20:00:00+00:00")


def ask(session, path, **params):
    answer = session.get(f"{V3}/{path}", params={"sport": "NBA", "date": "2026-01-16", **params}, headers=KEY)
    assert answer.status_code == 200, answer.text
    return answer.json()


@needs_captures
def test_an_event_has_keys_and_types_of_the_recorded_one(session, around):
    at(around, "2026-01-17T08:00:00+00:00")
    recorded = json.loads(Path(REAL / "bettingpros_events.json").read_text())
    ours = ask(session, "events")
    subset(ours, recorded)
    assert set(ours["events"][0]) == set(recorded["events"][0])
    assert set(ours["_parameters"]) == set(recorded["_parameters"])


def test_events_follow_the_clock(session, around):
    before = ask(session, "events")["events"]
    assert {event["status"] for event in before} == {"scheduled"}
    assert all(event["results"] is None for event in before)
    at(around, "2026-01-17T08:00:00+00:00")
    for event in ask(session, "events")["events"]:
        (outcome,) = event["results"]["outcomes"]
        for place, scored in enumerate(outcome["scores"]):
            assert scored["score"] == sum(p["scores"][place]["score"] for p in event["results"]["periods"])
        assert outcome["winner"] == max(outcome["scores"], key=lambda scored: scored["score"])["participant"]


def test_offers_come_in_pages_of_ten_without_gap_or_overlap(session):
    events = ":".join(str(event["id"]) for event in ask(session, "events")["events"])
    seen, page = [], 1
    while True:
        answer = ask(session, "offers", market_id=156, event_id=events, limit=100, page=page)
        seen += [offer["id"] for offer in answer["offers"]]
        assert len(answer["offers"]) <= 10
        if page == answer["_pagination"]["total_pages"]:
            break
        page += 1
    assert len(seen) == len(set(seen)) == answer["_pagination"]["total_items"] == 6 * 16
    assert page == 10
    assert answer["markets"] == [156]


def test_a_line_is_the_odds_apis_of_the_same_book(session):
    odds = "https://api.the-odds-api.com/v4/sports/basketball_nba/events"
    event = session.get(odds, params={"apiKey": "k"}).json()[0]
    asked = {"apiKey": "k", "bookmakers": "fanduel", "markets": "player_points", "oddsFormat": "american"}
    theirs = session.get(f"{odds}/{event['id']}/odds", params=asked).json()["bookmakers"][0]["markets"][0]["outcomes"]
    lines = sorted(outcome["point"] for outcome in theirs if outcome["name"] == "Over")
    for each in ask(session, "events")["events"]:
        answer = ask(session, "props", market_id=156, event_id=each["id"])
        offers = []
        for page in (1, 2):
            offers += ask(session, "offers", market_id=156, event_id=each["id"], page=page)["offers"]
        ours = sorted(
            line["line"] for o in offers for b in o["selections"][0]["books"] if b["id"] == 10 for line in b["lines"]
        )
        if ours == lines:
            assert answer["_pagination"]["total_items"] == 16
            return
    raise AssertionError("no event has those lines")


def test_props_are_scored_with_what_players_did(session, around):
    assert all(not prop["scoring"]["is_scored"] for prop in ask(session, "props", market_id=156)["props"])
    at(around, "2026-01-17T08:00:00+00:00")
    props = []
    for page in (1, 2):
        props += ask(session, "props", market_id=156, limit=50, page=page)["props"]
    box = session.get(
        "https://api.balldontlie.io/v1/box_scores", params={"date": "2026-01-16"}, headers={"Authorization": "k"}
    ).json()["data"]
    lines = [line for game in box for side in ("home_team", "visitor_team") for line in game[side]["players"]]
    points = {str(line["player"]["id"]): line["pts"] for line in lines}
    scored = [prop for prop in props if prop["scoring"]["is_scored"]]
    assert len(scored) > 60
    assert all(prop["scoring"]["actual"] == points[prop["participant"]["id"]] for prop in scored)


def test_names_have_neither_accents_nor_dots(session):
    pages = [ask(session, "props", market_id=156, page=page)["props"] for page in (1, 2)]
    names = [prop["participant"]["name"] for page in pages for prop in page]
    assert len(names) == 96
    assert all(name.isascii() and not name.endswith(".") for name in names)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [("events?sport=NBA", {}, 403), ("events?sport=CRICKET", KEY, 400), ("offers?sport=NBA&market_id=1", KEY, 400),
     ("props?sport=NBA&market_id=156&page=x", KEY, 400), ("events?sport=NBA&date=TODAY", KEY, 400),
     ("markets", KEY, 404)],
)  # fmt: skip
def test_what_is_refused(session, path, headers, status):
    session.headers.clear()
    assert session.get(f"{V3}/{path}", headers=headers).status_code == status
