"""One player, one team, as each site writes them."""

import pytest

from fakes.upstreams.names import plain, unaccented, undotted, unsuffixed
from tests.fakes.upstreams.conftest import at
from tests.fakes.upstreams.test_more_sites import BROWSER, ESPN, KEY, tables


@pytest.mark.parametrize(
    ("written", "bare", "all_of_it"),
    [("Luka Dončić", "Luka Doncic", "Luka Doncic"), ("Jaren Jackson Jr.", "Jaren Jackson Jr.", "Jaren Jackson Jr"),
     ("Théo Šarić III", "Theo Saric III", "Theo Saric III"), ("Nikola Đurišić", "Nikola Durisic", "Nikola Durisic"),
     ("Juniper Jr", "Juniper Jr", "Juniper Jr")],
)  # fmt: skip
def test_accents_and_dots_go_and_letters_stay(written, bare, all_of_it):
    assert (unaccented(written), plain(written)) == (bare, all_of_it)
    assert unsuffixed("Jaren Jackson Jr.") == unsuffixed(undotted("Jaren Jackson Jr.")) == "Jaren Jackson"


def test_sites_write_the_same_players_their_own_way(session, around):
    at(around, "2026-01-17T08:00:00+00:00")
    log = tables(session, "leaguegamelog", DateFrom="2026-01-16", DateTo="2026-01-16")["LeagueGameLog"]
    league = {row["PLAYER_NAME"] for row in log}
    box = session.get("https://api.balldontlie.io/v1/box_scores?date=2026-01-16", headers=KEY).json()["data"]
    players = [
        line["player"] for game in box for side in ("home_team", "visitor_team") for line in game[side]["players"]
    ]
    bdl = {f"{player['first_name']} {player['last_name']}" for player in players}
    assert any(not name.isascii() for name in league)
    assert all(name.isascii() for name in bdl)
    assert {unaccented(name) for name in league} <= bdl
    assert any(name.endswith("Jr.") for name in bdl)
    espn = session.get(f"{ESPN}/teams/13", params={"enable": "roster"}).json()["team"]["athletes"]
    assert len(espn) == 15
    assert all(athlete["displayName"].isascii() for athlete in espn)


def test_the_live_files_of_a_game_agree_with_its_box_score(session, around):
    live = "https://cdn.nba.com/static/json/liveData"
    at(around, "2026-01-16T22:00:00+00:00")
    assert session.get(f"{live}/boxscore/boxscore_0022500587.json").status_code == 403
    for moment, status in (("2026-01-17T01:30:00+00:00", 2), ("2026-01-17T08:00:00+00:00", 3)):
        at(around, moment)
        game = session.get(f"{live}/boxscore/boxscore_0022500587.json").json()["game"]
        actions = session.get(f"{live}/playbyplay/playbyplay_0022500587.json").json()["game"]["actions"]
        assert game["gameStatus"] == status
        assert [action["actionNumber"] for action in actions] == sorted({action["actionNumber"] for action in actions})
        for team, key in (("homeTeam", "scoreHome"), ("awayTeam", "scoreAway")):
            assert int(actions[-1][key]) == game[team]["score"] == sum(p["score"] for p in game[team]["periods"])
            assert sum(p["statistics"]["points"] for p in game[team]["players"]) == game[team]["score"]
            assists = sum(p["statistics"]["assists"] for p in game[team]["players"])
            assert assists == sum(a.get("teamId") == game[team]["teamId"] and "assistPersonId" in a for a in actions)
    tag = session.get(f"{live}/boxscore/boxscore_0022500587.json").headers["ETag"]
    again = session.get(f"{live}/boxscore/boxscore_0022500587.json", headers={"If-None-Match": tag, **BROWSER})
    assert again.status_code == 304


def test_espns_summary_has_the_lines_of_the_game(session, around):
    at(around, "2026-01-17T08:00:00+00:00")
    for event in session.get(f"{ESPN}/scoreboard", params={"dates": "20260116"}).json()["events"]:
        summary = session.get(f"{ESPN}/summary", params={"event": event["id"]}).json()
        scores = {side["team"]["id"]: side["score"] for side in event["competitions"][0]["competitors"]}
        for block in summary["boxscore"]["players"]:
            (table,) = block["statistics"]
            place = table["labels"].index("PTS")
            assert table["totals"][place] == scores[block["team"]["id"]]
            points = sum(int(athlete["stats"][place]) for athlete in table["athletes"] if athlete["stats"])
            assert str(points) == table["totals"][place]
    assert session.get(f"{ESPN}/summary", params={"event": "1"}).status_code == 404
