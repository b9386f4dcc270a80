"""The in-process adapter meets a client library as a real connection would."""

import pytest
import requests

from fakes.seam import ConnectionLost
from tests.fakes.inprocess import mount


def app(environ, start_response):
    if environ["PATH_INFO"] == "/reset":
        raise ConnectionLost
    if environ["PATH_INFO"] == "/partial":
        raise ConnectionLost(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    start_response("200 OK", [("Content-Type", "text/plain")])
    body = environ["wsgi.input"].read()
    return [environ["REQUEST_METHOD"].encode(), b" ", environ["REQUEST_URI"].encode(), b" ", body]


@pytest.fixture
def session():
    return mount(requests.Session(), {"example.test": app})


def test_the_app_sees_the_raw_target_and_the_body(session):
    assert session.post("https://example.test/a%2Fb?x=1", data=b"hello").text == "POST /a%2Fb?x=1 hello"


def test_a_reset_is_a_connection_error(session):
    with pytest.raises(requests.ConnectionError):
        session.get("http://example.test/reset")


def test_a_partial_answer_breaks_while_it_is_read(session):
    with pytest.raises(requests.RequestException):
        session.get("http://example.test/partial")
    answer = session.get("http://example.test/partial", stream=True)
    assert answer.raw.read(3) == b"abc"


def test_an_unknown_host_is_refused(session):
    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get("http://elsewhere.test/")
