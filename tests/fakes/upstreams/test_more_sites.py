"""ESPN, NBA.com's tables and SendGrid, and that one season is seen through all of them."""

import json
from pathlib import Path

import pytest

from tests.fakes.upstreams.conftest import at

ROOT = Path(__file__).parents[3]
REAL = next((up / "shared" / "real" for up in ROOT.parents[:2] if (up / "shared" / "real").is_dir()), ROOT / "none")
needs_captures = pytest.mark.skipif(not REAL.is_dir(), reason="the recorded answers are not on this machine")

BROWSER = {"User-Agent": "Mozilla/5.0", "Referer": "https://www.nba.com/"}
STATS = "https://stats.nba.com/stats"
ESPN = "https://site.api.espn.com/apis/site/v2/sports/basketball/nba"
MAIL = "https://api.sendgrid.com/v3/mail/send"
GOOD = {
    "personalizations": [{"to": [{"email": "ops@example.com"}]}],
    "from": {"email": "alerts@example.com"},
    "subject": "stale",
    "content": [{"type": "text/plain", "value": "41 days"}],
}
KEY = {"Authorization": "Bearer k"}


def tables(session, name, **parameters):
    answer = session.get(f"{STATS}/{name}", params=parameters, headers=BROWSER)
    assert answer.status_code == 200, answer.text
    return {
        one["name"]: [dict(zip(one["headers"], row, strict=True)) for row in one["rowSet"]]
        for one in answer.json()["resultSets"]
    }


def test_one_night_is_the_same_through_every_upstream(session, around):
    for moment in ("2026-01-17T02:45:00+00:00", "2026-01-17T08:00:00+00:00"):
        at(around, moment)
        box = session.get(
            "https://api.balldontlie.io/v1/box_scores", params={"date": "2026-01-16"}, headers=KEY
        ).json()["data"]
        bdl = sorted((game["visitor_team_score"], game["home_team_score"]) for game in box)
        events = session.get(f"{ESPN}/scoreboard", params={"dates": "20260116"}).json()["events"]
        espn = sorted(
            tuple(int(side["score"]) for side in reversed(event["competitions"][0]["competitors"])) for event in events
        )
        board = tables(session, "scoreboardv2", GameDate="2026-01-16")
        visitors = [row["PTS"] or 0 for row in board["LineScore"][::2]]
        hosts = [row["PTS"] or 0 for row in board["LineScore"][1::2]]
        assert bdl == espn == sorted(zip(visitors, hosts, strict=True))
    for row in board["LineScore"]:
        assert row["PTS"] == sum(row[f"PTS_QTR{n}"] for n in range(1, 5)) + sum(row[f"PTS_OT{n}"] for n in range(1, 11))
    assert {event["status"]["type"]["name"] for event in events} == {"STATUS_FINAL"}


def test_the_game_log_and_the_box_scores_agree(session, around):
    at(around, "2026-01-17T08:00:00+00:00")
    log = tables(session, "leaguegamelog", DateFrom="2026-01-16", DateTo="2026-01-16")["LeagueGameLog"]
    assert len({row["GAME_ID"] for row in log}) == 6
    for game_id in {row["GAME_ID"] for row in log}:
        box = tables(session, "boxscoretraditionalv2", GameID=game_id)
        played = {row["PLAYER_ID"]: row["PTS"] for row in box["PlayerStats"] if row["MIN"]}
        assert played == {row["PLAYER_ID"]: row["PTS"] for row in log if row["GAME_ID"] == game_id}
        for team in box["TeamStats"]:
            own = [row for row in log if row["GAME_ID"] == game_id and row["TEAM_ID"] == team["TEAM_ID"]]
            assert team["PTS"] == sum(row["PTS"] for row in own)
            assert int(team["MIN"].split(":")[0]) == sum(row["MIN"] for row in own)
        assert {row["WL"] for row in log if row["GAME_ID"] == game_id} == {"W", "L"}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [("scoreboardv2?GameDate=2026-01-16", {"User-Agent": "x"}, 403), ("scoreboardv2", BROWSER, 400),
     ("boxscoretraditionalv2?GameID=0", BROWSER, 400), ("leaguedashteamstats", BROWSER, 404)],
)  # fmt: skip
def test_tables_refuse_as_the_league_does(session, path, headers, status):
    session.headers.clear()
    assert session.get(f"{STATS}/{path}", headers=headers).status_code == status


def test_espn_has_its_own_abbreviations_and_refuses_a_bad_date(session):
    teams = session.get(f"{ESPN}/teams").json()["sports"][0]["leagues"][0]["teams"]
    shown = {team["team"]["abbreviation"] for team in teams}
    assert {"GS", "NO", "SA", "NY", "UTAH", "WSH"} <= shown
    assert len(shown) == len({team["team"]["id"] for team in teams}) == 30
    assert session.get(f"{ESPN}/scoreboard", params={"dates": "today"}).json()["code"] == 400


@pytest.mark.parametrize(
    ("body", "headers", "status", "field"),
    [
        (GOOD, {}, 401, None),
        ({**GOOD, "personalizations": []}, KEY, 400, "personalizations"),
        ({**GOOD, "personalizations": [{"to": []}]}, KEY, 400, "personalizations.0.to"),
        ({**GOOD, "from": {"email": "nobody"}}, KEY, 400, "from.email"),
        ({**GOOD, "subject": ""}, KEY, 400, "subject"),
        ({**GOOD, "content": []}, KEY, 400, "content"),
        ([], KEY, 400, ""),
    ],
)
def test_mail_that_is_not_right_is_refused_by_field(session, upstreams, body, headers, status, field):
    answer = session.post(MAIL, json=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == field
    assert not upstreams.sendgrid.sent


def test_mail_is_taken_and_counted(session, upstreams, around):
    taken = session.post(MAIL, json=GOOD, headers=KEY)
    assert (taken.status_code, taken.content, taken.headers["X-RateLimit-Remaining"]) == (202, b"", "599")
    (mail,) = upstreams.sendgrid.sent
    assert (mail.to, mail.subject, mail.content) == (("ops@example.com",), "stale", "41 days")
    for _ in range(599):
        session.post(MAIL, json=GOOD, headers=KEY)
    refused = session.post(MAIL, json=GOOD, headers=KEY)
    assert (refused.status_code, refused.headers["X-RateLimit-Remaining"]) == (429, "0")
    assert int(refused.headers["X-RateLimit-Reset"]) - around.now_ns() / 1e9 <= 60
    assert session.post(MAIL, data=b"x" * (30 * 1024 * 1024 + 1), headers=KEY).status_code == 429
    around.advance(60)
    assert session.post(MAIL, data=b"x" * (30 * 1024 * 1024 + 1), headers=KEY).status_code == 413


@needs_captures
def test_tables_have_the_columns_and_types_of_recorded_ones(session, around):
    at(around, "2026-01-17T08:00:00+00:00")
    for name, recorded, parameters in (
        ("scoreboardv2", "nba_stats_scoreboard_v2.json", {"GameDate": "2026-01-16"}),
        ("leaguegamelog", "nba_stats_player_boxscore.json", {"DateFrom": "2026-01-16", "DateTo": "2026-01-16"}),
    ):
        real = json.loads((REAL / recorded).read_text())
        ours = session.get(f"{STATS}/{name}", params=parameters, headers=BROWSER).json()
        assert ours["resource"] == real["resource"]
        assert set(ours["parameters"]) == set(real["parameters"])
        for mine, theirs in zip(ours["resultSets"], real["resultSets"], strict=True):
            assert (mine["name"], mine["headers"]) == (theirs["name"], theirs["headers"])
            for column, header in enumerate(theirs["headers"]):
                known = {type(row[column]) for row in theirs["rowSet"]}
                shown = {type(row[column]) for row in mine["rowSet"]} - {type(None)}
                assert shown <= known | ({int, float} if known & {int, float} else set()), (name, header)


def subset(ours, real, where=""):
    """Every key of ours is one of the recorded answer, with a value of its type, at every level."""
    if isinstance(ours, dict):
        assert isinstance(real, dict), where
        for key, value in ours.items():
            assert key in real, f"{where}.{key}"
            subset(value, real[key], f"{where}.{key}")
    elif isinstance(ours, list):
        assert isinstance(real, list), where
        if ours and real:
            subset(ours[0], real[0], f"{where}[]")
    else:
        assert type(ours) is type(real), f"{where}: {ours!r} and {real!r}"


@needs_captures
def test_a_scoreboard_has_keys_and_types_of_the_recorded_one(session, around):
    at(around, "2026-01-17T08:00:00+00:00")
    real = json.loads((REAL / "espn_scoreboard.json").read_text())
    ours = session.get(f"{ESPN}/scoreboard", params={"dates": "20260116"}).json()
    subset({key: value for key, value in ours.items() if key in real}, real)
