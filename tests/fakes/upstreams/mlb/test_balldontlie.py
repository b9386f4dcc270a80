"""BallDontLie's MLB as its own client validates it, in process and on the wire, and that it agrees with MLB's."""

import pytest
import requests

from tests.fakes.upstreams.conftest import at

BDL = "https://api.balldontlie.io/mlb/v1"
KEY = {"Authorization": "k"}


@pytest.fixture(autouse=True)
def next_noon(around):
    at(around, "2026-04-02T16:00:00+00:00")


def pages(session: requests.Session, path: str, **params: object) -> list[dict]:
    items, cursor = [], None
    while True:
        asked = {**params, "per_page": 100, **({"cursor": cursor} if cursor else {})}
        page = session.get(f"{BDL}/{path}", params=asked, headers=KEY).json()
        items += page["data"]
        cursor = page["meta"].get("next_cursor")
        if not cursor:
            return items


def test_the_official_client_validates_every_list(session, everywhere):
    client = pytest.importorskip("balldontlie", reason="balldontlie comes with the lock").BalldontlieAPI(api_key="k")
    assert len(client.mlb.teams.list().data) == 30
    assert client.mlb.teams.get(6).data.display_name == "Chicago Cubs"
    players = client.mlb.players.list(per_page=5, search="jr.").data
    assert 0 < len(players) <= 5
    assert all("Jr." in player.full_name for player in players)
    assert client.mlb.players.get(players[0].id).data == players[0]
    assert len(client.mlb.players.list_active(team_ids=[1], per_page=100).data) == 26
    games = client.mlb.games.list(dates=["2026-04-01"]).data
    assert len(games) == 8
    assert client.mlb.games.get(games[0].id).data == games[0]
    stats = client.mlb.stats.list(game_ids=[games[0].id], per_page=100)
    assert sum(line.runs or 0 for line in stats.data) == games[0].home_team_data.runs + games[0].away_team_data.runs
    assert len(client.mlb.standings.get(2026).data) == 30
    assert client.mlb.injuries.list(per_page=25).data
    assert client.mlb.season_stats.list(season=2026).data
    assert len(client.mlb.team_season_stats.list(season=2026).data) == 25
    with pytest.raises(Exception, match="Not Found"):
        client.mlb.games.get(1)


def test_games_and_lines_agree_with_mlbs_own(session):
    theirs = session.get(
        "https://statsapi.mlb.com/api/v1/schedule", params={"sportId": 1, "date": "2026-04-01"}
    ).json()["dates"][0]["games"]
    ours = {game["id"] - 4_000_000: game for game in pages(session, "games", **{"dates[]": "2026-04-01"})}
    assert set(ours) == {game["gamePk"] for game in theirs}
    for game in theirs:
        shown = ours[game["gamePk"]]
        assert shown["home_team_data"]["runs"] == game["teams"]["home"].get("score", 0)
        assert sum(shown["home_team_data"]["inning_scores"]) == shown["home_team_data"]["runs"]
        assert (shown["status"] == "STATUS_FINAL") == (game["status"]["codedGameState"] == "F")
    assert {"STATUS_POSTPONED", "STATUS_SUSPENDED"} <= {game["status"] for game in ours.values()}


def test_season_statistics_are_sums_of_the_lines(session):
    lines = pages(session, "stats")
    homers: dict[int, int] = {}
    for line in lines:
        homers[line["player"]["id"]] = homers.get(line["player"]["id"], 0) + (line["hr"] or 0)
    finished = {game["id"] for game in pages(session, "games") if game["status"] == "STATUS_FINAL"}
    over = [line for line in lines if line["game"]["id"] in finished]
    for row in pages(session, "season_stats", season=2026):
        own = [line for line in over if line["player"]["id"] == row["player"]["id"]]
        assert row.get("batting_h", 0) == sum(line["hits"] or 0 for line in own)
        assert row.get("pitching_k", 0) == sum(line["p_k"] or 0 for line in own)


def test_mlb_is_offered_with_props_of_pitchers_and_hitters(session):
    odds = "https://api.the-odds-api.com/v4/sports/baseball_mlb/events"
    event = session.get(odds, params={"apiKey": "k"}).json()[0]
    markets = "h2h,spreads,totals,pitcher_strikeouts,batter_hits"
    asked = {"apiKey": "k", "regions": "us", "markets": markets, "oddsFormat": "american"}
    answer = session.get(f"{odds}/{event['id']}/odds", params=asked)
    assert answer.headers["x-requests-last"] == "5"
    offered = {market["key"]: market["outcomes"] for market in answer.json()["bookmakers"][0]["markets"]}
    assert set(offered) == set(markets.split(","))
    assert {outcome["name"] for outcome in offered["h2h"]} == {event["home_team"], event["away_team"]}
    assert {abs(outcome["point"]) for outcome in offered["spreads"]} == {1.5}
    assert len({outcome["description"] for outcome in offered["pitcher_strikeouts"]}) == 2
    assert len({outcome["description"] for outcome in offered["batter_hits"]}) == 18
