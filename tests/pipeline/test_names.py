"""Teams and players are the same whichever upstream names them."""

import datetime as dt

import pytest

from pipeline.players import player_lookup
from pipeline.teams import TRICODE_OF_NAME, game_key, tricode


@pytest.mark.parametrize(
    ("name", "lookup"),
    [
        ("Luka Dončić", "lukadoncic"),
        ("Jaren Jackson Jr.", "jarenjackson"),
        ("Jaren Jackson", "jarenjackson"),
        ("Trey Murphy III", "treymurphy"),
        ("Shai Gilgeous-Alexander", "shaigilgeousalexander"),
        ("De'Aaron Fox", "deaaronfox"),
        ("Vi", "vi"),
    ],
)
def test_spellings_of_a_name_meet(name, lookup):
    assert player_lookup(name) == lookup


def test_teams_meet_in_one_tricode():
    assert tricode("UTAH") == tricode("UTA") == "UTA"
    assert len(set(TRICODE_OF_NAME.values())) == 30
    assert game_key(dt.date(2026, 1, 16), "NY", "gs") == "20260116_NYK_GSW"
