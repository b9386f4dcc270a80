"""The Odds API: markets, formats, regions, history, and what each costs."""

import pytest

from tests.fakes.upstreams.conftest import at

V4 = "https://api.the-odds-api.com/v4"
NBA = f"{V4}/sports/basketball_nba"
PAST = f"{V4}/historical/sports/basketball_nba"


@pytest.fixture(autouse=True)
def afternoon(around):
    at(around, "2026-01-16T20:00:00+00:00")


def ask(session, url, **params):
    return session.get(url, params={"apiKey": "k", **params})


def first_event(session):
    return ask(session, f"{NBA}/events").json()[0]


@pytest.mark.parametrize(
    ("asked", "cost"),
    [
        ({"regions": "us"}, 1),
        ({"regions": "us,uk"}, 2),
        ({"regions": "us,uk", "markets": "h2h,spreads,totals"}, 6),
        ({"bookmakers": "pinnacle,draftkings"}, 1),
        ({"bookmakers": ",".join(f"b{n}" for n in range(10)) + ",draftkings"}, 2),
    ],
)
def test_odds_cost_markets_times_regions_and_ten_times_that_in_the_past(session, asked, cost):
    live = ask(session, f"{NBA}/odds", **asked)
    assert (live.status_code, live.headers["x-requests-last"]) == (200, str(cost))
    past = ask(session, f"{PAST}/odds", date="2026-01-16T18:02:00Z", **asked)
    assert past.headers["x-requests-last"] == str(10 * cost)
    assert past.headers["x-requests-used"] == str(11 * cost)
    assert int(past.headers["x-requests-remaining"]) == 100_000 - 11 * cost


def test_lists_are_free_and_history_has_the_moments_of_its_neighbours(session):
    assert ask(session, f"{V4}/sports").headers["x-requests-last"] == "0"
    assert ask(session, f"{NBA}/events").headers["x-requests-last"] == "0"
    answer = ask(session, f"{PAST}/events", date="2026-01-16T18:02:00Z")
    body = answer.json()
    assert [body[key] for key in ("previous_timestamp", "timestamp", "next_timestamp")] == [
        "2026-01-16T17:55:00Z", "2026-01-16T18:00:00Z", "2026-01-16T18:05:00Z",
    ]  # fmt: skip
    assert (len(body["data"]), answer.headers["x-requests-last"]) == (14, "1")


def test_history_is_what_was_offered_then(session, around):
    event = first_event(session)
    asked = {"regions": "us", "markets": "player_points,h2h", "oddsFormat": "american"}
    live = ask(session, f"{NBA}/events/{event['id']}/odds", **asked).json()
    at(around, "2026-01-18T20:00:00+00:00")
    assert ask(session, f"{NBA}/events/{event['id']}/odds", **asked).status_code == 404
    past = ask(session, f"{PAST}/events/{event['id']}/odds", date="2026-01-16T20:00:00Z", **asked).json()
    assert past["data"] == live


def test_prices_come_in_both_formats_and_times_too(session):
    american = ask(session, f"{NBA}/odds", regions="us", oddsFormat="american").json()
    decimal = ask(session, f"{NBA}/odds", regions="us", dateFormat="unix").json()
    for one, other in zip(american, decimal, strict=True):
        assert isinstance(other["commence_time"], int)
        for maker, same in zip(one["bookmakers"], other["bookmakers"], strict=True):
            for outcome, again in zip(maker["markets"][0]["outcomes"], same["markets"][0]["outcomes"], strict=True):
                price = outcome["price"]
                assert abs(price) >= 100
                assert again["price"] == pytest.approx(1 + (price / 100 if price > 0 else -100 / price), abs=0.006)


def test_bookmakers_keep_a_margin_and_sides_are_opposite(session):
    event = first_event(session)
    answer = ask(session, f"{NBA}/events/{event['id']}/odds", regions="us", markets="h2h,spreads,totals").json()
    for maker in answer["bookmakers"]:
        offered = {market["key"]: market["outcomes"] for market in maker["markets"]}
        for outcomes in offered.values():
            assert 1.0 < sum(1 / outcome["price"] for outcome in outcomes) < 1.1
        assert sum(outcome["point"] for outcome in offered["spreads"]) == 0
        assert {outcome["name"] for outcome in offered["totals"]} == {"Over", "Under"}


def test_scores_tell_of_games_under_way_and_over(session, around):
    at(around, "2026-01-17T02:30:00+00:00")
    live = ask(session, f"{NBA}/scores")
    assert live.headers["x-requests-last"] == "1"
    assert any(game["scores"] and not game["completed"] for game in live.json())
    past = ask(session, f"{NBA}/scores", daysFrom=2)
    assert past.headers["x-requests-last"] == "2"
    assert any(game["completed"] for game in past.json())


@pytest.mark.parametrize(
    ("url", "asked", "status", "code"),
    [
        (f"{NBA}/odds", {}, 422, "MISSING_REGION"),
        (f"{NBA}/odds", {"regions": "mars"}, 422, "INVALID_REGION"),
        (f"{NBA}/odds", {"regions": "us", "markets": "cards"}, 422, "INVALID_MARKET"),
        (f"{NBA}/odds", {"regions": "us", "markets": "player_points"}, 422, "INVALID_MARKET"),
        (f"{NBA}/odds", {"regions": "us", "oddsFormat": "fractional"}, 422, "INVALID_ODDS_FORMAT"),
        (f"{NBA}/scores", {"daysFrom": "9"}, 422, "INVALID_SCORES_DAYS_FROM"),
        (f"{PAST}/odds", {"regions": "us"}, 422, "MISSING_HISTORICAL_TIMESTAMP"),
        (f"{PAST}/odds", {"regions": "us", "date": "2030-01-01T00:00:00Z"}, 422, "INVALID_HISTORICAL_TIMESTAMP"),
        (f"{NBA}/events/none/odds", {"regions": "us"}, 404, "EVENT_NOT_FOUND"),
        (f"{V4}/sports/cricket/odds", {"regions": "us"}, 404, "UNKNOWN_SPORT"),
    ],
)
def test_what_is_refused_has_its_error_code_and_costs_nothing(session, url, asked, status, code):
    answer = ask(session, url, **asked)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert ask(session, f"{V4}/sports").headers["x-requests-used"] == "0"
