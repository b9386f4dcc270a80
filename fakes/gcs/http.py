"""Requests and answers of Cloud Storage's front ends: what is read from WSGI once, and what is given back.

It must not know buckets or objects; everything else in the package must not know WSGI.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote

import orjson

from fakes.gcs.errors import ApiError, invalid
from fakes.seam import ConnectionLost, StartResponse

JSON_TYPE = "application/json; charset=UTF-8"

PHRASES = {
    200: "OK",
    201: "Created",
    204: "No Content",
    206: "Partial Content",
    304: "Not Modified",
    308: "Resume Incomplete",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Payload Too Large",
    416: "Requested Range Not Satisfiable",
    429: "Too Many Requests",
    499: "Client Closed Request",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(slots=True)
class Request:
    """One HTTP request: `path` is still quoted, `query` holds the last value of each parameter (`target_query` is its
    text), header names are lower case. `base` is `scheme://host[:port]` as the caller wrote it. `parts` remembers a
    multipart body once it is taken apart (`uploads.parts_of`).
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    base: str = "https://storage.googleapis.com"
    caller: str = ""
    target_query: str = ""
    parts: tuple[dict[str, Any], str, bytes] | None = None

    @property
    def query_lists(self) -> dict[str, list[str]]:
        """Every value of each query parameter."""
        return parse_qs(self.target_query, keep_blank_values=True)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; {} for none. Raises 400 `parseError` when it is not one."""
        if not self.body:
            return {}
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise invalid("Parse Error", reason="parseError") from None
        if not isinstance(value, dict):
            raise invalid("Parse Error: a JSON object is expected", reason="parseError")
        return value

    def integer(self, parameter: str) -> int | None:
        """The query parameter as an integer (64 bits, signed), None when absent; 400 when it is not one."""
        text = self.query.get(parameter)
        if text is None:
            return None
        try:
            value = int(text)
        except ValueError:
            value = 1 << 63
        if not -(1 << 63) <= value < 1 << 63:
            raise invalid(f"Invalid value for {parameter}: {text!r} is not a 64-bit integer", location=parameter)
        return value

    def flag(self, parameter: str) -> bool:
        """Whether the query parameter says `true`."""
        return self.query.get(parameter, "").lower() == "true"


def request_of(environ: dict[str, Any]) -> Request:
    """Read a WSGI request whole. Raises `ApiError` for a transport encoding that does not decode."""
    target = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if target is None:
        path, query = quote(environ.get("PATH_INFO", "/"), safe="/~", encoding="latin-1"), environ["QUERY_STRING"]
    else:
        if not target.startswith("/"):
            target = "/" + target.partition("://")[2].partition("/")[2]
        path, _, query = target.partition("?")
    spelt = {name.replace("_", "-"): name for name in environ.get("windtunnel.underscores", ())}
    headers = {}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = key[5:].replace("_", "-").lower()
            headers[spelt.get(name, name)] = value
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    length = environ.get("CONTENT_LENGTH")
    body = b""
    if length:
        headers["content-length"] = length
        body = environ["wsgi.input"].read(int(length))
    elif headers.get("transfer-encoding"):
        body = environ["wsgi.input"].read()
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        headers=headers,
        body=body,
        base=f"{environ['wsgi.url_scheme']}://{headers.get('host') or environ['SERVER_NAME']}",
        caller=environ.get("windtunnel.caller", ""),
        target_query=query,
    )


def unzipped(request: Request) -> bytes:
    """The body of a request that came gzip-compressed in transit (`Content-Encoding: gzip` on JSON)."""
    if request.headers.get("content-encoding") != "gzip":
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError, zlib.error):
        raise invalid("The request's body is not the gzip its Content-Encoding says.") from None


@dataclass(slots=True)
class Reply:
    """One answer. `reason` is the vendor's word where it is an error.

    `pauses` are stalls of the body, (offset in bytes, seconds) in order; `break_at` is the offset at which the
    connection is reset, None for never.
    """

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    reason: str = ""
    pauses: tuple[tuple[int, float], ...] = ()
    break_at: int | None = None

    def status_line(self) -> str:
        """`200 OK`."""
        return f"{self.status} {PHRASES.get(self.status, 'Unknown')}"


def json_reply(value: Any, *, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """A JSON answer, never cached."""
    return Reply(
        status,
        [("Content-Type", JSON_TYPE), ("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"), *headers],
        orjson.dumps(value),
    )


def empty_reply(status: int = 204, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """An answer without a body."""
    return Reply(status, list(headers))


def error_reply(error: ApiError, *, xml: bool = False) -> Reply:
    """The answer that words `error` for the JSON or the XML API."""
    if error.status == 304:
        return Reply(304, list(error.headers), b"", error.reason)
    kind = "application/xml; charset=UTF-8" if xml else JSON_TYPE
    body = error.as_xml() if xml else error.as_json()
    return Reply(error.status, [("Content-Type", kind), *error.headers], body, error.reason)


def send(reply: Reply, method: str, start_response: StartResponse, sleep: Callable[[float], None]) -> Iterable[bytes]:
    """Hand `reply` to the WSGI server; `sleep` waits out its pauses."""
    headers = reply.headers
    if reply.status not in (204, 304) and not any(name == "Content-Length" for name, _ in headers):
        headers = [*headers, ("Content-Length", str(len(reply.body)))]
    start_response(reply.status_line(), headers)
    if method == "HEAD":
        return [b""]
    if not reply.pauses and reply.break_at is None:
        return [reply.body]
    return _piecemeal(reply, sleep)


def _piecemeal(reply: Reply, sleep: Callable[[float], None]) -> Iterator[bytes]:
    end = len(reply.body) if reply.break_at is None else min(reply.break_at, len(reply.body))
    at = 0
    for offset, seconds in reply.pauses:
        if offset > end:
            break
        yield reply.body[at:offset]
        at = offset
        sleep(seconds)
    yield reply.body[at:end]
    if reply.break_at is not None:
        raise ConnectionLost


def segments(path: str) -> list[str]:
    """The quoted path's segments, unquoted: `/b/x%2Fy/o` → `["b", "x/y", "o"]`."""
    return [unquote(part) for part in path.strip("/").split("/")] if "%" in path else path.strip("/").split("/")
