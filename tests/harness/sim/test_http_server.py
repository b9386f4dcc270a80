"""The HTTP front end, as seen from a raw socket and from WSGI."""

import socket
from typing import Any

import pytest

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import a_network, echo_network, now_s


def exchange(sent: bytes, host: str = "api.test") -> bytes:
    """What comes back until the server closes."""
    client = socket.create_connection((host, 80))
    client.sendall(sent)
    client.shutdown(socket.SHUT_WR)
    received = b""
    while data := client.recv(1 << 16):
        received += data
    return received


def serving(app: Any, **options: Any) -> Any:
    from harness.sim.http_server import serve

    network = a_network()
    serve(network, "api.test", [80, 443], app, **options)
    return network


@simulated
def test_pipelined_requests_are_answered_in_order():
    echo_network()
    one = b"GET /%d HTTP/1.1\r\nHost: api.test\r\n\r\n"
    received = exchange(one % 1 + one % 2 + one % 3)
    assert [line for line in received.split(b"\r\n") if b"GET /" in line] == [
        b"GET /1 HTTP/1.1 200 OK",
        b"GET /2 HTTP/1.1 200 OK",
        b"GET /3 ",
    ]


@simulated
def test_a_client_that_expects_to_be_told_is_told_to_go_on():
    echo_network()
    client = socket.create_connection(("api.test", 80))
    client.sendall(b"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"body")
    assert client.recv(1000).endswith(b"PUT /x body")


@simulated
def test_http_1_0_is_answered_and_closed():
    echo_network()
    received = exchange(b"GET /old HTTP/1.0\r\n\r\n")
    assert b"Connection: close" in received
    assert received.endswith(b"GET /old ")


@simulated
def test_head_has_the_length_and_not_the_body_and_204_has_neither():
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("204 No Content" if environ["PATH_INFO"] == "/none" else "200 OK", [])
        return [] if environ["PATH_INFO"] == "/none" else [b"12345"]

    serving(app)
    head = exchange(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert head == b"HTTP/1.1 200 OK\r\n\r\n"
    none = exchange(b"GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
    assert none == b"HTTP/1.1 204 No Content\r\n\r\n"


@simulated
def test_nonsense_is_a_400():
    echo_network()
    assert exchange(b"NONSENSE\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request")


@simulated
def test_the_environment_is_what_pep_3333_asks_and_knows_the_caller():
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [("Content-Length", "0")])
        return []

    from wsgiref.validate import validator

    serving(validator(lambda environ, start: app(environ, start) or [b""]))
    import requests

    requests.post("https://api.test/a%20b/%C3%A9?q=1%202", data=b"x", headers={"X-One": "1"}, timeout=5)
    assert seen["PATH_INFO"] == "/a b/é".encode().decode("latin-1")
    assert (seen["QUERY_STRING"], seen["RAW_URI"]) == ("q=1%202", "/a%20b/%C3%A9?q=1%202")
    assert (seen["wsgi.url_scheme"], seen["SERVER_PORT"], seen["HTTP_X_ONE"]) == ("https", "443", "1")
    assert (seen["CONTENT_LENGTH"], seen["windtunnel.caller"]) == ("1", "test#0")


@simulated
def test_headers_that_come_twice_are_joined():
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Set-Cookie", "one"), ("Set-Cookie", "two")])
        return [f"{environ['HTTP_X_ONE']} {environ['HTTP_COOKIE']}".encode()]

    serving(app)
    received = exchange(b"GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one: 2\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n")
    assert received.endswith(b"\r\n\r\n1,2 a=1; b=2")
    assert received.count(b"Set-Cookie: ") == 2


@simulated
def test_connection_lost_resets_after_what_was_sent():
    import requests

    from fakes.seam import ConnectionLost

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise ConnectionLost(environ["PATH_INFO"][1:].encode())

    serving(app)
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        requests.get("http://api.test/", timeout=5)
    client = socket.create_connection(("api.test", 80))
    client.sendall(b"GET /HTTP/1.1%20200 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert client.recv(100) == b"HTTP/1.1 200"
    with pytest.raises(ConnectionResetError):
        client.recv(100)


@simulated
def test_a_body_that_breaks_off_is_an_incomplete_read():
    import requests

    from fakes.seam import ConnectionLost

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "100")])
        yield b"x" * 10
        raise ConnectionLost

    serving(app)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get("http://api.test/", timeout=5)


@simulated
def test_a_short_answer_closes_the_connection_so_that_the_client_notices():
    import requests

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "100")])
        return [b"x" * 10]

    serving(app)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="10 bytes read, 90 more expected"):
        requests.get("http://api.test/", timeout=5)


@simulated
def test_pieces_are_sent_when_they_are_made():
    import time

    import requests

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        for i in range(3):
            time.sleep(10)
            yield b"%d" % i

    serving(app)
    began = now_s()
    with requests.get("http://api.test/", stream=True, timeout=15) as response:
        assert response.headers["Transfer-Encoding"] == "chunked"
        times = [(piece, round(now_s() - began)) for piece in response.iter_content(None)]
    assert times == [(b"0", 10), (b"1", 20), (b"2", 30)]


@simulated
def test_an_application_that_raises_is_a_500_and_is_reported():
    import gevent
    import requests

    reported = []
    gevent.get_hub().handle_error = lambda context, kind, value, trace: reported.append(str(value))

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise ValueError("oops")

    serving(app)
    response = requests.get("http://api.test/", timeout=5)
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert reported == ["oops"]


@simulated
def test_an_application_is_closed_whatever_happens():
    import requests

    closed = []

    class Pieces:
        def __init__(self, pieces: list[bytes]) -> None:
            self._pieces = iter(pieces)

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> bytes:
            return next(self._pieces)

        def close(self) -> None:
            closed.append(True)

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "2")] if environ["PATH_INFO"] == "/whole" else [])
        return Pieces([b"ab"])

    serving(app)
    for path in ("whole", "pieces"):
        assert requests.get(f"http://api.test/{path}", timeout=5).text == "ab"
    requests.head("http://api.test/pieces", timeout=5)
    assert len(closed) == 3


@simulated
def test_requests_can_be_answered_by_value_in_another_process():
    import requests

    from harness.sim.http_message import HttpRequest, HttpResponse
    from harness.sim.http_server import serve_requests
    from harness.sim.kernel import install
    from harness.sim.process import current_label
    from harness.sim.wsgi import respond

    process = install().process("service", 0, {})

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [f"{current_label()} for {environ['windtunnel.caller']} at {environ['extra']}".encode()]

    def dispatch(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = process.spawn(respond, app, request, {"extra": request.target}).get()
        response.whole()
        return response

    serve_requests(a_network(), "service.test", [443], dispatch)
    assert requests.get("https://service.test/p", timeout=5).text == "service#0 for test#0 at /p"


@simulated
def test_large_bodies_cross_unharmed_both_ways():
    import hashlib

    import requests

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("X-Sha", hashlib.sha256(body).hexdigest())])
        return [body[::-1]]

    serving(app)
    body = bytes(range(256)) * 4096 * 5
    response = requests.post("http://api.test/", data=body, timeout=5)
    assert response.headers["X-Sha"] == hashlib.sha256(body).hexdigest()
    assert response.content == body[::-1]


@simulated
def test_an_application_that_fails_in_the_middle_is_reported_even_if_it_looks_like_a_network_error():
    import gevent
    import requests

    reported = []
    gevent.get_hub().handle_error = lambda context, kind, value, trace: reported.append(str(value))

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        yield b"part"
        raise ConnectionResetError("of the application's own")

    serving(app)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get("http://api.test/", timeout=5)
    assert reported == ["of the application's own"]


@simulated
def test_a_client_that_goes_away_is_nobodys_error():
    import gevent

    reported = []
    gevent.get_hub().handle_error = lambda context, kind, value, trace: reported.append(str(value))
    closed = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        try:
            while True:
                gevent.sleep(1)
                yield b"more"
        finally:
            closed.append(now_s())

    serving(app)
    client = socket.create_connection(("api.test", 80))
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    client.recv(10_000)
    client.close()
    gevent.sleep(10)
    assert len(closed) == 1
    assert reported == []
