"""Four days of MLB, whose second game is postponed by a day and whose third is suspended."""

import pytest

from fakes.upstreams import Upstreams, create
from tests.fakes.manual import ManualSurroundings

MLB_DAY = "2026-04-01"


@pytest.fixture
def upstreams(around: ManualSurroundings) -> Upstreams:
    mlb = {
        "days": 4,
        "suspended": ["822003"],
        "postponed": {"822002": "2026-04-02"},
        "rain": False,
        "slates": [8, 6, 5, 4],
    }
    return create(around, days=1, first_day=MLB_DAY, slates=[0], mlb=mlb)
