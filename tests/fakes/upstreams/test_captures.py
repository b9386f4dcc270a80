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


def test_one_host_may_have_recordings_and_the_others_the_season(around, folder):
    captures = {"statsapi.*": folder}
    upstreams = create(around, captures=captures, first_day="2026-01-15", slates=[2])
    session = mount(requests.Session(), upstreams.http())
    assert session.get("https://statsapi.mlb.com/api/v1/teams?sportId=1").json() == {"teams": []}
    games = session.get("https://api.balldontlie.io/v1/games?dates[]=2026-01-15", headers=KEY).json()
    assert len(games["data"]) == len(upstreams.season.games) == 2


def test_a_pattern_no_host_fits_is_refused(around, folder):
    with pytest.raises(
        ValueError, match=r"'api.nosuch.example' is no host with recordings; there are api.balldontlie.io"
    ):
        create(around, captures={"api.nosuch.example": folder})


@pytest.mark.parametrize(
    "path",
    ["v2/odds", "nba/v2/odds/player_props", "v1/stats/advanced", "mlb/v1/odds", "mlb/v1/players/splits", "v1/lineups"],
)
def test_what_balldontlie_has_and_is_not_served_is_refused_by_name_unless_it_is_recorded(around, folder, path):
    season = mount(requests.Session(), create(around, first_day="2026-01-15", slates=[1]).http())
    url = f"https://api.balldontlie.io/{path}"
    assert season.get(url, headers=KEY).status_code == 501
    (said,) = [event["what"] for event in around.events if event.get("what")]
    assert path in said
    assert season.get("https://api.balldontlie.io/v1/nonsense", headers=KEY).status_code == 404
    file = folder / f"api.balldontlie.io/{path}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('{"data": [{"id": 1}]}')
    recorded = mount(requests.Session(), create(around, captures={"api.balldontlie.io": folder}).http())
    assert recorded.get(url, headers=KEY).json()["data"] == [{"id": 1}]


def test_an_injury_report_as_pdf_is_refused_by_name(around, folder):
    session = mount(requests.Session(), create(around, captures=folder).http())
    report = "https://ak-static.cms.nba.com/referee/injury/Injury-Report_2026-01-15_06_00PM.pdf"
    assert session.get(report).status_code == 501
    (said,) = [event["what"] for event in around.events if event.get("what")]
    assert "Injury-Report_2026-01-15_06_00PM.pdf" in said
    assert session.get("https://ak-static.cms.nba.com/other").status_code == 403
