"""What the upstreams' tests share: a clock moved by hand, and a session that reaches them in process."""

import datetime as dt

import pytest
import requests

from fakes.upstreams import Upstreams, create
from tests.fakes.inprocess import mount
from tests.fakes.manual import ManualSurroundings


@pytest.fixture
def around() -> ManualSurroundings:
    """2026-01-16T00:00Z: the evening of the 15th in New York."""
    return ManualSurroundings()


@pytest.fixture
def upstreams(around: ManualSurroundings) -> Upstreams:
    return create(around, first_day="2026-01-15", slates=[9, 6, 8], first_number=578)


@pytest.fixture
def session(upstreams: Upstreams) -> requests.Session:
    return mount(requests.Session(), upstreams.http())


def at(around: ManualSurroundings, text: str) -> None:
    """Move the clock forward to an ISO time."""
    moment = dt.datetime.fromisoformat(text).timestamp()
    around.advance(moment - around.now_ns() / 1e9)
