"""The option `habits`: a host that misbehaves for as long as the world lasts."""

import pytest
import requests

from fakes.seam import Refuse, Ruling
from fakes.upstreams import create
from fakes.upstreams.habits import HABITS
from fakes.upstreams.moods import VERDICTS
from tests.fakes.inprocess import mount

GAMES = "https://api.balldontlie.io/v1/games"
KEY = {"Authorization": "k"}


def reach(around, habits):
    return mount(requests.Session(), create(around, first_day="2026-01-15", slates=[3], habits=habits).http())


def test_every_habit_can_be_switched_on_by_its_name():
    assert set(VERDICTS) == set(HABITS)


@pytest.mark.parametrize("habit", [name for name in HABITS if name not in ("page-fails", "slow", "stale")])
def test_a_habit_is_of_one_host_alone(around, habit):
    plain = reach(type(around)(), None)
    moody = reach(around, {"api.balldontlie.io": habit})
    right, wrong = (session.get(f"{GAMES}?per_page=2&cursor=40500001", headers=KEY) for session in (plain, moody))
    assert (right.status_code, right.content, right.headers) != (wrong.status_code, wrong.content, wrong.headers)
    espn = "https://site.api.espn.com/apis/site/v2/sports/basketball/nba/scoreboard"
    assert plain.get(espn).content == moody.get(espn).content


def test_only_pages_after_the_first_fail(around):
    session = reach(around, {"*": "page-fails"})
    assert session.get(GAMES, headers=KEY).status_code == 200
    assert session.get(f"{GAMES}?cursor=1", headers=KEY).status_code == 500


def test_a_share_and_a_path_narrow_it(around):
    session = reach(around, {"api.balldontlie.io": {"habit": "cloud-block", "path": "/v1/games*", "share": 0.3}})
    statuses = [session.get(GAMES, headers=KEY).status_code for _ in range(200)]
    assert 30 <= statuses.count(403) <= 90
    assert session.get("https://api.balldontlie.io/v1/teams", headers=KEY).status_code == 200
    again = reach(type(around)(), {"api.balldontlie.io": {"habit": "cloud-block", "path": "/v1/games*", "share": 0.3}})
    assert [again.get(GAMES, headers=KEY).status_code for _ in range(200)] == statuses


def test_a_fault_goes_first_and_a_habit_is_no_fault(around):
    session = reach(around, {"api.balldontlie.io": "cloud-block"})
    around.rulings = [Ruling(Refuse(503), "f")]
    assert session.get(GAMES, headers=KEY).status_code == 503
    assert session.get(GAMES, headers=KEY).status_code == 403
    assert [(event["fault"], event["reason"]) for event in around.events[-2:]] == [("f", ""), ("", "cloud-block")]


@pytest.mark.parametrize(
    ("habits", "word"),
    [({"api.example.com": "empty"}, "api.example.com"), ({"*": "moody"}, "'moody'"), ({"*": {"mood": 1}}, "mood"),
     ({"*": {"habit": "empty", "share": 2}}, "share 2"), ("empty", "give hosts")],
)  # fmt: skip
def test_what_there_is_none_of_is_named(around, habits, word):
    with pytest.raises(ValueError, match=word):
        create(around, habits=habits)
