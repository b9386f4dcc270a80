"""Recorded answers of any site: served by their request, and refused by name where there are none."""

import json

import pytest
import requests

from fakes.upstreams import create
from tests.fakes.inprocess import mount

KEY = {"Authorization": "k"}


@pytest.fixture
def folder(tmp_path):
    def record(name, body):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(body))

    record("statsapi.mlb.com/api/v1/schedule/date=2024-08-13&sportId=1.json", {"totalItems": 15})
    record("statsapi.mlb.com/api/v1/teams.json", {"teams": []})
    record("espn_scoreboard.json", {"events": [1]})
    record("api.balldontlie.io/mlb/v1/players.json", {"data": [{"id": n} for n in range(1, 8)]})
    record("cdn.nba.com/static/json/liveData/boxscore/boxscore_0022400001.json", {"game": {}})
    return tmp_path


@pytest.fixture
def recorded(around, folder):
    return mount(requests.Session(), create(around, captures=folder).http())


def test_the_most_particular_recording_answers(recorded):
    api = "https://statsapi.mlb.com/api/v1"
    assert recorded.get(f"{api}/schedule?sportId=1&date=2024-08-13").json() == {"totalItems": 15}
    assert recorded.get(f"{api}/teams?sportId=1").json() == {"teams": []}
    espn = "https://site.api.espn.com/apis/site/v2/sports/basketball/nba/scoreboard"
    assert recorded.get(f"{espn}?dates=20250120").json() == {"events": [1]}
    live = "https://cdn.nba.com/static/json/liveData/boxscore/boxscore_0022400001.json"
    assert recorded.get(live).json() == {"game": {}}


def test_keys_and_pages_are_the_sites_own_still(recorded):
    url = "https://api.balldontlie.io/mlb/v1/players"
    assert recorded.get(url).status_code == 401
    page = recorded.get(f"{url}?per_page=5", headers=KEY).json()
    assert [item["id"] for item in page["data"]] == [1, 2, 3, 4, 5]
    rest = recorded.get(f"{url}?per_page=5&cursor={page['meta']['next_cursor']}", headers=KEY).json()
    assert [item["id"] for item in rest["data"]] == [6, 7]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://statsapi.mlb.com/api/v1/schedule?sportId=1&date=2024-08-14",
         "statsapi.mlb.com/api/v1/schedule/date=2024-08-14&sportId=1.json"),
        ("https://statsapi.mlb.com/api/v1/../../../etc/passwd", "etc/passwd.json"),
        ("https://stats.nba.com/stats/scoreboardv2", "nba_stats_scoreboard_v2.json"),
        ("https://api.bettingpros.com/v3/offers", "api.bettingpros.com/v3/offers.json"),
        ("https://api.balldontlie.io/v1/box_scores?date=2024-01-16", "balldontlie_box_scores_2024-01-16.json"),
        ("https://api.the-odds-api.com/v4/sports/basketball_nba/events?apiKey=secret",
         "odds_api_events_historical.json"),
        ("https://cdn.nba.com/static/json/staticData/scheduleLeagueV2.json", "nba_schedule_cdn.json"),
    ],
)  # fmt: skip
def test_what_is_missing_is_refused_by_the_names_of_file_and_request(recorded, around, url, name):
    answer = recorded.get(url, headers=KEY)
    assert answer.status_code == 501
    (said,) = [event["what"] for event in around.events if event.get("what")]
    assert name in said
    assert "which would answer" in said
    assert "secret" not in said
