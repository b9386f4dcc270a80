"""What the upstreams' tests share: a clock moved by hand, and a session that reaches them in process or on the wire."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from fakes.upstreams import Upstreams, create
from fakes.wire.http_server import HttpServer
from tests.fakes.inprocess import mount
from tests.fakes.manual import ManualSurroundings


@pytest.fixture
def around() -> ManualSurroundings:
    """2026-01-16T00:00Z: the evening of the 15th in New York."""
    return ManualSurroundings()


@pytest.fixture
def upstreams(around: ManualSurroundings) -> Upstreams:
    return create(around, first_day="2026-01-15", slates=[9, 6, 8], first_number=578)


class WireAdapter(HTTPAdapter):
    """Sends what is meant for a host to the server that stands for it on loopback."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:  # type: ignore[override] # the rest is passed on
        url = urlsplit(request.url or "")
        request.headers["Host"] = url.netloc
        request.url = urlunsplit(("http", self._address, url.path, url.query, ""))
        return super().send(request, **kwargs)  # type: ignore[arg-type] # the base class's own keywords


@pytest.fixture(params=["in process", "on the wire"])
def session(request: pytest.FixtureRequest, upstreams: Upstreams) -> Iterator[requests.Session]:
    """Reaches every host of the upstreams, and no other."""
    if request.param == "in process":
        yield mount(requests.Session(), upstreams.http())
        return
    reached = requests.Session()
    reached.trust_env = False
    reached.adapters.clear()
    servers = []
    for host, app in upstreams.http().items():
        servers.append(HttpServer(app))
        for scheme in ("http", "https"):
            reached.mount(f"{scheme}://{host}", WireAdapter(servers[-1].address))
    yield reached
    for server in servers:
        server.close()


@pytest.fixture
def everywhere(session: requests.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets client libraries that make their own sessions reach the upstreams too."""

    def find(_: requests.Session, url: str) -> object:
        return next(adapter for prefix, adapter in session.adapters.items() if url.lower().startswith(prefix))

    monkeypatch.setattr(requests.Session, "get_adapter", find)


def at(around: ManualSurroundings, text: str) -> None:
    """Move the clock forward to an ISO time."""
    moment = dt.datetime.fromisoformat(text).timestamp()
    around.advance(moment - around.now_ns() / 1e9)
