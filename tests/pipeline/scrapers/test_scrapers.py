"""Scrapers against the upstreams: what they bring, where it goes, and what they refuse to take for data."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3.util.retry import Retry

from fakes.upstreams import create
from pipeline.clients import Lazy
from pipeline.http_pool import HttpPool, UpstreamError
from pipeline.scrapers.balldontlie import BallDontLie, BoxScores, Injuries
from pipeline.scrapers.nba_com import NbaSchedule
from pipeline.scrapers.odds_api import PlayerProps
from tests.fakes.inprocess import InProcessAdapter
from tests.fakes.manual import ManualSurroundings
from tests.pipeline.small_world import ByHost

DAY = dt.date(2026, 1, 16)
NOW = dt.datetime(2026, 1, 16, 15, 5, tzinfo=dt.UTC)


def pool(make_adapter: Callable[[Retry], BaseAdapter]) -> Lazy[HttpPool]:
    return Lazy(lambda: HttpPool(make_adapter=make_adapter), lambda client: client.close())


@pytest.fixture
def around() -> ManualSurroundings:
    around = ManualSurroundings()
    around.advance(NOW.timestamp() - around.now_ns() / 1e9)
    return around


@pytest.fixture
def http(around: ManualSurroundings) -> Lazy[HttpPool]:
    upstreams = create(around, first_day="2026-01-15", slates=[9, 6, 8], first_number=578)
    return pool(lambda _: ByHost(upstreams))


def answering(*bodies: bytes) -> Lazy[HttpPool]:
    """A pool whose upstream answers 200 with `bodies` in order, the last for ever."""
    left = list(bodies)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = left.pop(0) if len(left) > 1 else left[0]
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return pool(lambda _: InProcessAdapter(app))


def bdl(http: Lazy[HttpPool]) -> BallDontLie:
    return BallDontLie(http, "https://api.balldontlie.io", "k")


def test_captures_go_where_phase_2_looks_for_them(http):
    scrapers = [
        (BoxScores(bdl(http)), "ball-dont-lie/boxscores/2026-01-16/20260116T150500_000000Z.json", 6),
        (NbaSchedule(http, "https://cdn.nba.com"), "nba-com/schedule/2025-26/20260116T150500_000000Z.json", 23),
    ]
    for scraper, path, records in scrapers:
        [capture] = scraper.scrape(DAY, NOW)
        assert (capture.path, capture.records, capture.game_date) == (path, records, DAY)


def test_every_page_of_the_injuries_is_fetched(http, around):
    [capture] = Injuries(bdl(http)).scrape(DAY, NOW)
    ids = [entry["player"]["id"] for entry in capture.payload]
    assert capture.records == len(ids) == len(set(ids)) > 20


def test_props_come_one_capture_per_game_of_the_eastern_day(http):
    captures = PlayerProps(http, "https://api.the-odds-api.com", "k").scrape(DAY, NOW)
    assert len(captures) == 6
    assert all(capture.path.startswith("odds-api/player-props/2026-01-16/") for capture in captures)
    assert all(capture.path.endswith("-snap-1505.json") and capture.records == 96 for capture in captures)


def test_a_game_that_starts_between_list_and_odds_is_left_out_and_no_error(around):
    upstreams = create(around, first_day="2026-01-16", slates=[2])
    first = min(upstreams.season.games, key=lambda game: game.tip_s)
    around.advance(first.tip_s - 1 - around.now_ns() / 1e9)

    class Slow(ByHost):
        def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            answer = super().send(request, **options)
            around.advance(1)
            return answer

    captures = PlayerProps(pool(lambda _: Slow(upstreams)), "https://api.the-odds-api.com", "k").scrape(DAY, NOW)
    assert len(captures) == sum(game.tip_s > first.tip_s for game in upstreams.season.games)


@pytest.mark.parametrize(
    ("bodies", "problem"),
    [
        ([b'{"data": [], "meta": {"next_cursor": 7}}'], "came twice"),
        ([b'{"message": "no such plan"}'], "without a list"),
        ([b"[]"], "without a list"),
        ([b""], "not JSON"),
        ([b'{"data": [1, 2'], "not JSON"),
    ],
)
def test_a_200_that_is_no_list_is_an_error_and_never_an_empty_one(bodies, problem):
    with pytest.raises(UpstreamError, match=problem):
        BoxScores(bdl(answering(*bodies))).scrape(DAY, NOW)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"leagueSchedule": {"seasonYear": "2025-26", "gameDates": []}}', "without a single game"),
        (b'{"leagueSchedule": {}}', "not a schedule"),
        (b"[]", "not a schedule"),
    ],
)
def test_a_schedule_without_games_is_an_outage_and_not_a_day_off(body, problem):
    with pytest.raises(UpstreamError, match=problem):
        NbaSchedule(answering(body), "https://cdn.nba.com").scrape(DAY, NOW)
