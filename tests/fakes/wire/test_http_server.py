"""The loopback HTTP server carries WSGI apps as they are, and breaks connections when they ask for it."""

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from fakes.seam import ConnectionLost
from fakes.wire.http_server import HttpServer


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/reset":
        raise ConnectionLost
    if path == "/partial":
        raise ConnectionLost(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    if path == "/bug":
        raise ZeroDivisionError
    if path == "/midway":
        start_response("200 OK", [("Content-Length", "10")])
        return breaking()
    if path == "/stream":
        start_response("200 OK", [])
        return iter([b"one", b"two"])
    body = environ["wsgi.input"].read()
    answer = f"{environ['REQUEST_METHOD']} {environ['REQUEST_URI']} {len(body)}".encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


def breaking():
    yield b"abc"
    raise ConnectionLost


@pytest.fixture
def address():
    server = HttpServer(app)
    yield server.address
    server.close()


def test_requests_and_answers_pass_as_they_are(address):
    assert requests.post(f"http://{address}/a%2Fb?x=%20", data=b"12345").text == "POST /a%2Fb?x=%20 5"


def test_one_connection_serves_many_requests(address):
    host, _, port = address.partition(":")
    connection = http.client.HTTPConnection(host, int(port))
    for _ in range(3):
        connection.request("GET", "/")
        before = connection.sock
        assert connection.getresponse().read() == b"GET / 0"
        assert connection.sock is before
    connection.close()


def test_chunked_bodies_are_joined(address):
    assert requests.post(f"http://{address}/", data=iter([b"ab", b"cde"])).text == "POST / 5"


def test_a_client_that_expects_100_is_told_to_go_on(address):
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"hi")
        assert b"POST / 2" in connection.recv(1000)


def test_a_body_without_a_length_ends_with_the_connection(address):
    assert requests.get(f"http://{address}/stream").text == "onetwo"


def test_an_answer_to_head_has_no_body(address):
    answer = requests.head(f"http://{address}/")
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "8")


def test_a_lost_connection_is_reset(address):
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET /reset HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(100)


@pytest.mark.parametrize("path", ["/partial", "/midway"])
def test_what_was_sent_before_a_loss_gets_through(address, path):
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = b""
        with pytest.raises(ConnectionResetError):
            while True:
                received += connection.recv(1000)
    assert received.endswith(b"Content-Length: 10\r\n\r\nabc")


def test_an_apps_bug_is_answered_and_the_server_lives(address, capsys):
    assert requests.get(f"http://{address}/bug").status_code == 500
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert requests.get(f"http://{address}/").status_code == 200


@pytest.mark.parametrize("garbage", [b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nA B\r\n\r\n"])
def test_what_is_no_http_is_a_bad_request(address, garbage):
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(garbage)
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_many_connections_are_served_at_once(address):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: requests.post(f"http://{address}/{n}", data=b"x" * n).text, range(64)))
    assert answers == [f"POST /{n} {n}" for n in range(64)]


def test_a_closed_server_refuses(address):
    server = HttpServer(app)
    server.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{server.address}/")
