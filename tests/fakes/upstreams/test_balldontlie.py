"""BallDontLie's NBA as its own client validates it, in process and on the wire."""

import pytest

from tests.fakes.upstreams.conftest import at

BDL = "https://api.balldontlie.io/v1"
KEY = {"Authorization": "k"}


@pytest.fixture(autouse=True)
def after_the_games(around):
    at(around, "2026-01-17T08:00:00+00:00")


def test_the_official_client_validates_every_list(session, everywhere):
    client = (
        pytest.importorskip("balldontlie", reason="balldontlie comes with the lock").BalldontlieAPI(api_key="k").nba
    )
    assert len(client.teams.list(conference="East").data) == 15
    assert client.teams.get(14).data.full_name == "Los Angeles Lakers"
    page = client.players.list(per_page=100, team_ids=[14])
    assert len(page.data) == 15
    assert page.meta.next_cursor is None
    assert client.players.get(page.data[0].id).data.team.id == 14
    games = client.games.list(start_date="2026-01-16", end_date="2026-01-16").data
    assert len(games) == 6
    assert client.games.get(games[0].id).data == games[0]
    lines = client.stats.list(game_ids=[games[0].id], per_page=100).data
    assert sum(line.pts for line in lines) == games[0].home_team_score + games[0].visitor_team_score
    scorer = max(lines, key=lambda line: line.pts).player.id
    assert client.season_averages.get(2025, scorer).data[0].pts > 0
    table = client.standings.get(2025).data
    assert sum(row.wins for row in table) == sum(row.losses for row in table) == 15
    assert sorted(row.conference_rank for row in table if row.team.conference == "East") == list(range(1, 16))
    assert client.leaders.get("pts", 2025).data[0].rank == 1
    assert len(client.box_scores.get_by_date("2026-01-16").data) == 6
    assert client.injuries.list(team_ids=[14]).data is not None
    with pytest.raises(Exception, match="Not Found"):
        client.games.get(1)


def test_statistics_come_in_pages_without_gap_or_overlap(session):
    seen, cursor = [], None
    while True:
        params = {"per_page": 100, **({"cursor": cursor} if cursor else {})}
        page = session.get(f"{BDL}/stats", params=params, headers=KEY).json()
        seen += [line["id"] for line in page["data"]]
        cursor = page["meta"].get("next_cursor")
        if not cursor:
            break
    assert len(seen) == 15 * 30
    assert seen == sorted(set(seen))


def test_averages_are_of_the_games_played(session):
    lines = session.get(f"{BDL}/stats", params={"player_ids[]": 14001, "per_page": 100}, headers=KEY).json()["data"]
    played = [line for line in lines if line["min"] != "00"]
    asked = {"season": 2025, "player_id": 14001}
    averages = session.get(f"{BDL}/season_averages", params=asked, headers=KEY).json()["data"]
    if played:
        assert averages[0]["games_played"] == len(played)
        assert averages[0]["pts"] == round(sum(line["pts"] for line in played) / len(played), 2)


@pytest.mark.parametrize(
    ("path", "headers", "status", "text"),
    [
        ("stats", {}, 401, "Unauthorized"),
        ("stats?player_ids[]=x", KEY, 400, '{"error":"player_ids must be integers"}'),
        ("season_averages?player_id=1", KEY, 400, '{"error":"season is required"}'),
        ("stats?start_date=soon", KEY, 400, '{"error":"start_date must be given as YYYY-MM-DD"}'),
        ("leaders?season=2025&stat_type=wins", KEY, 400, None),
        ("players/1", KEY, 404, '{"error":"Not Found"}'),
    ],
)
def test_errors_say_what_is_wrong(session, path, headers, status, text):
    answer = session.get(f"{BDL}/{path}", headers=headers)
    assert answer.status_code == status
    assert text is None or answer.text == text
