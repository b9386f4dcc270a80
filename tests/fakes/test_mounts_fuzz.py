"""Whatever bytes arrive, a front end of what is mounted answers in its protocol or hangs up, and its state stays."""

import os
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fakes.redis import create as create_redis
from fakes.redis.resp import Commands, ProtocolError, encode
from fakes.s3 import create as create_s3
from fakes.ses import create as create_ses
from fakes.smtp import create as create_smtp
from tests.fakes.manual import ManualSurroundings

EXAMPLES = settings(deadline=None, max_examples=int(os.environ.get("FUZZ_REQUESTS", "80")), derandomize=True)
"""Of each test; 20,000 before a release."""
WORDS = st.sampled_from(
    [b"GET", b"SET", b"MULTI", b"EXEC", b"HELLO", b"3", b"key", b"", b"\r\n", b"EVAL", b"0", b"-1", b"XADD"]
)
COMMANDS = st.lists(st.lists(WORDS, min_size=1, max_size=6), max_size=8)
LINE = st.sampled_from(
    ["EHLO x", "HELO", "MAIL FROM:<a@b.c>", "MAIL FROM:", "RCPT TO:<d@e.f>", "RCPT TO:<>", "DATA", "Subject: x", "."]
) | st.sampled_from(
    ["..", "", "RSET", "NOOP", "AUTH PLAIN", "AUTH LOGIN", "*", "AHVzZXIAcHc=", "\xff\xfe", "STARTTLS", "x" * 600]
)
LINES = st.lists(LINE, max_size=25)


class Bytes:
    """A connection that sends `data` in pieces and keeps what comes back."""

    caller = "test#0"
    can_upgrade = True

    def __init__(self, data: bytes, piece: int) -> None:
        self._pieces: Iterator[bytes] = iter([data[at : at + piece] for at in range(0, len(data), piece)])
        self.received = b""

    def receive(self, most: int) -> bytes:
        return next(self._pieces, b"")

    def send(self, data: bytes) -> None:
        self.received += data


def talk(backend: Any, data: bytes, piece: int) -> bytes:
    stream = Bytes(data, piece)
    next(iter(backend.streams().values()))(stream)
    return stream.received


@EXAMPLES
@given(st.binary(max_size=200) | COMMANDS.map(lambda commands: b"".join(map(encode, commands))), st.integers(1, 64))
def test_redis_answers_or_hangs_up(data, piece):
    backend = create_redis(ManualSurroundings())
    talk(backend, encode([b"SET", b"kept", b"value"]), 64)
    answer = talk(backend, data, piece)
    assert answer == b"" or re.match(rb"[-+:$*%_#,(~>=!|]", answer)
    # Whoever FLUSHes or renames by luck would be the only one to change it, and none of the words does.
    assert talk(backend, encode([b"GET", b"kept"]), 64) == b"$5\r\nvalue\r\n" or b"kept" in data


@EXAMPLES
@given(COMMANDS, st.integers(1, 64))
def test_commands_come_out_as_they_went_in_however_they_are_cut(commands, piece):
    reader, data = Commands(), b"".join(map(encode, commands))
    found = [one for at in range(0, len(data), piece) for one in reader.feed(data[at : at + piece])]
    assert found == commands


@pytest.mark.parametrize("data", [b"*-1x\r\n", b"*2\r\n+x\r\n", b"*1\r\n$-5\r\n", b"*99999999999\r\n", b"x" * 70_000])
def test_what_is_no_command_is_a_protocol_error(data):
    with pytest.raises(ProtocolError):
        Commands().feed(data)


@EXAMPLES
@example(["EHLO x", "AUTH PLAIN", "\xff\xfe"], 64)
@given(LINES, st.integers(1, 64))
def test_a_mail_server_answers_every_line_with_a_reply(lines, piece):
    backend = create_smtp(ManualSurroundings())
    data = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")
    answer = talk(backend, data, piece).decode()
    assert answer.endswith("\r\n")
    assert all(re.fullmatch(r"[2-5]\d\d[- ].*", line) for line in answer.splitlines())
    assert all(mail["sender"] == "a@b.c" and mail["recipients"] for mail in backend.mail())


@pytest.mark.parametrize("make", [create_s3, create_ses])
def test_what_amazon_would_refuse_is_refused_and_never_an_error_of_ours(make):
    backend = make(ManualSurroundings())
    app = next(iter(backend.http().values()))

    @EXAMPLES
    @given(
        st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"]),
        st.lists(st.sampled_from(["bucket", "key", "..", "%00", "v2", "email", "identities", "é", ""]), max_size=4),
        st.lists(
            st.sampled_from(["acl", "uploads", "uploadId=x", "partNumber=y", "list-type=2", "max-keys=z"]), max_size=3
        ),
        st.binary(max_size=60) | st.sampled_from([b"Action=SendEmail", b"Action=", b"{}", b"<x/>", b"{"]),
    )
    def check(verb, path, query, body):
        target = "/" + "/".join(path)
        environ = {
            "REQUEST_METHOD": verb,
            "PATH_INFO": target.encode().decode("latin-1"),
            "REQUEST_URI": target,
            "QUERY_STRING": "&".join(query),
            "SERVER_NAME": "x",
            "SERVER_PORT": "80",
            "HTTP_HOST": "x",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
        }
        statuses: list[str] = []
        b"".join(app(environ, lambda status, headers: statuses.append(status)))
        assert statuses[0][:3] != "500"

    check()
