"""Requests nobody would send, to every host: each is answered or refused, none breaks, and answers stay the same."""

import json
import os
import random
import string

import pytest
import requests

from fakes.upstreams import create
from tests.fakes.inprocess import mount
from tests.fakes.manual import ManualSurroundings
from tests.fakes.upstreams.conftest import at

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "1500"))
"""All hosts together; 20,000 before a release."""

PATHS = {
    "api.balldontlie.io": [
        f"{front}/{name}"
        for front in ("/v1", "/nba/v1", "/mlb/v1")
        for name in (
            "games",
            "games/18022501",
            "players",
            "players/active",
            "players/1001",
            "teams",
            "teams/3",
            "stats",
            "box_scores",
            "box_scores/live",
            "standings",
            "player_injuries",
            "season_averages",
            "season_stats",
            "teams/season_stats",
            "leaders",
        )
    ],
    "api.the-odds-api.com": [
        f"/v4/{past}sports{rest}"
        for past in ("", "historical/")
        for rest in (
            "",
            "/basketball_nba/odds",
            "/baseball_mlb/odds",
            "/basketball_nba/events",
            "/baseball_mlb/events",
            "/basketball_nba/scores",
            "/baseball_mlb/scores",
            "/basketball_nba/events/x/odds",
            "/curling/odds",
        )
    ],
    "statsapi.mlb.com": [
        f"/api/v1{name}"
        for name in (
            "/schedule",
            ".1/game/822001/feed/live",
            ".1/game/822003/feed/live/timestamps",
            "/game/822002/boxscore",
            "/game/822001/linescore",
            "/game/822001/playByPlay",
            "/teams",
            "/teams/147",
            "/teams/147/roster",
            "/people",
            "/people/614700",
            "/people/614716/stats",
            "/standings",
            "/venues",
            "/venues/15",
            "/sports",
            "/league",
            "/divisions",
            "/sports/1/players",
            "/transactions",
        )
    ],
    "api.bettingpros.com": ["/v3/events", "/v3/offers", "/v3/props", "/v3/markets"],
    "site.api.espn.com": [
        f"/apis/site/v2/sports/basketball/nba/{name}"
        for name in ("scoreboard", "teams", "teams/2", "teams/2/roster", "summary")
    ],
    "stats.nba.com": [
        f"/stats/{name}" for name in ("scoreboardv2", "leaguegamelog", "boxscoretraditionalv2", "scheduleleaguev2int")
    ],
    "cdn.nba.com": [
        "/static/json/staticData/scheduleLeagueV2.json",
        "/static/json/liveData/boxscore/boxscore_0022500001.json",
        "/static/json/liveData/playbyplay/playbyplay_0022500001.json",
    ],
    "api.sendgrid.com": ["/v3/mail/send"],
    "hooks.slack.com": ["/services/T/B/x"],
}
KEYS = (
    "date",
    "dates[]",
    "dates",
    "startDate",
    "endDate",
    "season",
    "seasons[]",
    "team_ids[]",
    "player_ids[]",
    "player_id",
    "game_ids[]",
    "per_page",
    "cursor",
    "search",
    "apiKey",
    "regions",
    "markets",
    "bookmakers",
    "oddsFormat",
    "dateFormat",
    "daysFrom",
    "sportId",
    "leagueId",
    "hydrate",
    "fields",
    "gamePk",
    "gamePks",
    "timecode",
    "teamId",
    "rosterType",
    "personIds",
    "stats",
    "group",
    "sport",
    "market_id",
    "event_id",
    "limit",
    "page",
    "GameDate",
    "GameID",
    "DateFrom",
    "DateTo",
    "Direction",
    "Counter",
    "event",
    "stat_type",
    "start_date",
    "end_date",
    "include_events",
    "conference",
)
VALUES = (
    "2026-04-01",
    "2026-04-02",
    "20260401",
    "2026-01-12",
    "04/01/2026",
    "2026",
    "1",
    "0",
    "-1",
    "9" * 30,
    "٣",
    "²",
    "",
    "x",
    "k",
    "us",
    "us,uk,mars",
    "h2h",
    "h2h,totals",
    "pitcher_strikeouts",
    "batter_hits",
    "american",
    "unix",
    "true",
    "103,104",
    "team(division),linescore,probablePitcher",
    "stats(group=[hitting],type=[season,gameLog])",
    "stats(((",
    "822001",
    "822002,822003",
    "20260402_010000",
    "season",
    "gameLog,season",
    "hitting",
    "NBA",
    "mlb",
    "156",
    "285",
    "50",
    "3",
    "2026-04-01T12:00:00Z",
    "2026-04-01T12:00:00",
    "NaN",
    "\x00",
    "é" * 40,
    "pts",
    "dates,games,gamePk",
    "147",
    "614700,614701",
    "0022500001",
    "1e9",
    "None",
)
ODD = ("/", "..", "%00", "9" * 25, "٣", "x" * 200, *string.punctuation)
HEADERS = ({}, {"Authorization": "Bearer k", "x-api-key": "k", "User-Agent": "Mozilla", "Referer": "https://x"})
MAIL = {"from": {"email": "a@b"}, "subject": "s", "personalizations": [{"to": [{"email": "c@d"}]}]}
BODIES = (
    *(b"", b"{", b"[]", b"null", b'{"text": 1}', b'{"text": "x", "blocks": {}}', b'{"personalizations": [1]}'),
    b"\xff\xfe",
    json.dumps({**MAIL, "content": [{}]}).encode(),
    json.dumps({**MAIL, "content": [{"type": "text/plain", "value": "x"}]}).encode(),
)


def arbitrary(rng: random.Random, hosts: list[str]) -> requests.Request:
    host = rng.choice(hosts)
    path = rng.choice(PATHS[host])
    if rng.random() < 0.2:
        place = rng.randint(1, len(path))
        path = (
            path[:place] + rng.choice(("/", "..", "%00", "9" * 25, "٣", "x" * 200, *string.punctuation)) + path[place:]
        )
    query = [(rng.choice(KEYS), rng.choice(VALUES)) for _ in range(rng.randint(0, 5))]
    if rng.random() < 0.8:
        query += [("apiKey", "k"), ("sport", rng.choice(("NBA", "MLB"))), ("regions", "us"), ("sportId", "1")]
    post = host in ("api.sendgrid.com", "hooks.slack.com") or rng.random() < 0.03
    method = rng.choice(("POST", "POST", "PUT")) if post else rng.choice(("GET",) * 18 + ("HEAD", "DELETE"))
    headers = dict(HEADERS[rng.random() < 0.9])
    return requests.Request(
        method, f"https://{host}{path}", params=query, headers=headers, data=rng.choice(BODIES) if post else None
    )


@pytest.mark.parametrize("seed", [1])
def test_no_request_breaks_a_site_and_answers_stay_the_same(seed):
    around = ManualSurroundings(seed)
    mlb = {"slates": [4, 3, 3], "postponed": {"822002": "2026-04-02"}, "suspended": ["822003"], "rain": False}
    upstreams = create(around, first_day="2026-04-01", slates=[3, 3, 3], mlb=mlb, limits="none")
    session = mount(requests.Session(), upstreams.http())
    at(around, "2026-04-02T16:00:00+00:00")
    hosts = [host for host in PATHS if host in upstreams.http()]
    assert len(hosts) == 9
    before = session.get("https://statsapi.mlb.com/api/v1/schedule?sportId=1&season=2026").content
    rng = random.Random(seed)
    seen: dict[str, set[int]] = {}
    for _ in range(REQUESTS):
        request = arbitrary(rng, hosts)
        prepared = session.prepare_request(request)
        answer = session.send(prepared)
        assert answer.status_code < 500 or answer.status_code == 501, (request.method, prepared.url, answer.text[:300])
        seen.setdefault(prepared.url.split("/")[2], set()).add(answer.status_code)
        if answer.ok and answer.content and "json" in answer.headers.get("Content-Type", ""):
            json.loads(answer.content)
    assert session.get("https://statsapi.mlb.com/api/v1/schedule?sportId=1&season=2026").content == before
    assert set(seen) == set(hosts)
    assert all(statuses & {200, 202} for host, statuses in seen.items()), seen
