"""Each habit does what its name says, and leaves its trace."""

import json
from email.utils import parsedate_to_datetime

import pytest
import requests

from fakes.seam import LoseReply, Refuse, Ruling
from tests.fakes.upstreams.conftest import at
from tests.fakes.upstreams.test_more_sites import BROWSER, KEY, STATS

BDL = "https://api.balldontlie.io/v1"


def spoilt(around, name):
    around.rulings = [Ruling(LoseReply(200, name), "f")]


def log(session):
    answer = session.get(f"{STATS}/leaguegamelog?DateFrom=2026-01-16&DateTo=2026-01-16", headers=BROWSER)
    return answer.json()["resultSets"][0]


@pytest.fixture(autouse=True)
def after_the_games(around):
    at(around, "2026-01-17T08:00:00+00:00")


def test_empty_is_200_without_data(session, around):
    spoilt(around, "empty")
    assert log(session)["rowSet"] == []
    spoilt(around, "empty")
    answer = session.get(f"{BDL}/box_scores?date=2026-01-16", headers=KEY)
    assert (answer.status_code, answer.json()) == (200, {"data": []})
    last = around.events[-1]
    assert (last["fault"], last["outcome"], last["reason"]) == ("f", "lost", "")


def test_header_order_changes_columns_and_not_the_data(session, around):
    plain = log(session)
    spoilt(around, "header-order")
    other = log(session)
    assert other["headers"] != plain["headers"]
    assert [dict(zip(other["headers"], row, strict=True)) for row in other["rowSet"]] == [
        dict(zip(plain["headers"], row, strict=True)) for row in plain["rowSet"]
    ]


def test_a_renamed_key_is_gone_under_its_old_name(session, around):
    spoilt(around, "renamed-key")
    line = session.get(f"{BDL}/box_scores?date=2026-01-16", headers=KEY).json()["data"][0]["home_team"]["players"][0]
    assert "pts" not in line
    assert "points" in line
    spoilt(around, "renamed-key")
    assert "POINTS" in log(session)["headers"]


def test_cut_json_is_a_whole_answer_that_does_not_parse(session, around):
    spoilt(around, "cut-json")
    answer = session.get(f"{BDL}/games", headers=KEY)
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


def test_html_comes_with_200(session, around):
    spoilt(around, "html")
    answer = session.get(f"{BDL}/games", headers=KEY)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")


def test_a_duplicated_page_repeats_the_first_and_still_ends(session, around):
    first = session.get(f"{BDL}/games?per_page=5", headers=KEY).json()
    cursor = first["meta"]["next_cursor"]
    right = session.get(f"{BDL}/games?per_page=5&cursor={cursor}", headers=KEY).json()
    spoilt(around, "duplicated-page")
    wrong = session.get(f"{BDL}/games?per_page=5&cursor={cursor}", headers=KEY).json()
    assert wrong["data"] == first["data"]
    assert wrong["meta"] == right["meta"]


def test_retry_after_comes_in_both_forms(session, around):
    around.rulings = [Ruling(Refuse(429, "retry-after-seconds"), "f"), Ruling(Refuse(429, "retry-after-date"), "f")]
    seconds, moment = (session.get(f"{BDL}/games", headers=KEY).headers["Retry-After"] for _ in range(2))
    assert seconds == "30"
    assert parsedate_to_datetime(moment).timestamp() == around.now_ns() // 10**9 + 30


def test_a_cloud_block_is_a_page_and_no_json(session, around):
    around.rulings = [Ruling(Refuse(403, "cloud-block"), "f")]
    answer = session.get(f"{STATS}/scoreboardv2?GameDate=2026-01-16", headers=BROWSER)
    assert (answer.status_code, b"Access Denied" in answer.content) == (403, True)


def test_a_habit_nobody_has_is_said_to_be_the_scenarios_error(session, around):
    spoilt(around, "moody")
    answer: requests.Response = session.get(f"{BDL}/games", headers=KEY)
    assert answer.status_code == 500
    assert "'moody' is none of" in answer.text


def test_a_fault_can_be_about_pages_after_the_first(session, around):
    session.get(f"{BDL}/games?per_page=5&cursor=1", headers=KEY)
    assert around.calls[-1].headers[":query"] == "per_page=5&cursor=1"
