"""The HTTP front end: a WSGI app that turns requests into calls, carries each through the gate, and words the answers.

Knows HTTP and the gate. What a method does is in `methods.py` and the modules it names.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import Any
from urllib.parse import parse_qsl

import orjson

from fakes.bigquery import methods, routes, shapes
from fakes.bigquery.errors import REASON_OF, ApiError, Unsupported, invalid
from fakes.bigquery.service import Service
from fakes.bigquery.sight import LOAD, PLAIN, READ, SCHEMA, Sight
from fakes.gate import Front, Gate, Seen
from fakes.seam import Call, ConnectionLost, Distort, Refuse, StartResponse

STALE = {"jobs.insert", "jobs.query", "tabledata.list"}
"""The methods that can be served from the past."""
DISTORTED = {
    "jobs.insert": READ | LOAD, "jobs.upload": LOAD, "jobs.query": READ, "tabledata.list": READ, "tables.get": SCHEMA,
    "tabledata.insertAll": SCHEMA,
}  # fmt: skip
"""The methods that can be served with wrong data, and in which ways."""
JSON_TYPE = "application/json; charset=UTF-8"


@dataclass(slots=True)
class Reply:
    """An HTTP answer before it is sent. `reason` is the vendor's word for an error."""

    status: int
    body: bytes
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    unsupported: str = ""


@dataclass(slots=True)
class Request:
    """What a method may see of a request. `body` is parsed JSON, None without one."""

    method: str
    path: tuple[str, ...]
    query: dict[str, str]
    headers: Mapping[str, str]
    data: bytes
    caller: str
    url: str
    sight: Sight = PLAIN
    _body: dict[str, Any] | None = field(default=None)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object in the request's body; raises 400 for something else."""
        if self._body is None:
            try:
                parsed = orjson.loads(self.data) if self.data else {}
            except orjson.JSONDecodeError as problem:
                raise ApiError("parseError", f"Invalid JSON payload received. {problem}") from None
            if not isinstance(parsed, dict):
                raise invalid("Invalid JSON payload received: the body must be an object")
            self._body = shapes.check(parsed)
        return self._body

    def number(self, name: str, default: int | None = None) -> int | None:
        """The integer of a query parameter; raises 400 `invalid`."""
        text = self.query.get(name)
        if text is None or text == "":
            return default
        try:
            value = int(text)
        except ValueError:
            raise invalid(f"Invalid value for {name}: {text}") from None
        if value < 0:
            raise invalid(f"Invalid value for {name}: {text}")
        return value


def refusal(refuse: Refuse) -> Reply:
    """A fault's refusal in the vendor's words."""
    reason = refuse.reason or REASON_OF.get(refuse.status, "backendError")
    message = refuse.message or _DEFAULT_MESSAGES.get(reason) or responses.get(refuse.status, "Error")
    error = ApiError(reason, message, status=refuse.status or 503)
    return Reply(error.status, orjson.dumps(error.body()), reason, tuple(refuse.headers.items()))


_DEFAULT_MESSAGES = {
    "backendError": "Error encountered during execution. Retrying may solve the problem.",
    "internalError": "An internal error occurred and the request could not be completed. This is usually caused by a"
    " transient issue. Retrying the job with back-off as described in the BigQuery SLA should solve the problem:"
    " https://cloud.google.com/bigquery/sla.",
    "rateLimitExceeded": "Exceeded rate limits: too many api requests per user per method for this user_method. For"
    " more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas",
    "quotaExceeded": "Quota exceeded: Your project exceeded quota for free query bytes scanned. For more information,"
    " see https://cloud.google.com/bigquery/docs/troubleshoot-quotas",
    "accessDenied": "Access Denied: User does not have permission to query table or perhaps it does not exist.",
}


def _see(reply: Reply) -> Seen:
    ok = reply.status < 400
    return Seen(
        reply.status, ok=ok, applied=ok, reason=reply.reason, bytes_out=len(reply.body), unsupported=reply.unsupported
    )


def _truncate(reply: Reply, after_bytes: int) -> Reply:
    kept = reply.body[:after_bytes]
    head = (
        f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}\r\nContent-Type: {JSON_TYPE}\r\n"
        f"Content-Length: {len(reply.body)}\r\n\r\n"
    ).encode()
    raise ConnectionLost(head + kept)


FRONT: Front[Reply] = Front(refuse=refusal, see=_see, truncate=_truncate)


class App:
    """The WSGI app of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.gate = Gate(service.around)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; may raise `ConnectionLost`."""
        reply = self.answer(environ)
        headers = [("Content-Type", JSON_TYPE), ("Content-Length", str(len(reply.body))), *reply.headers]
        start_response(f"{reply.status} {responses.get(reply.status, 'Unknown')}", headers)
        return [reply.body]

    def answer(self, environ: Mapping[str, Any]) -> Reply:
        """The reply to one request, carried through the gate."""
        verb = environ["REQUEST_METHOD"]
        if verb == "POST" and (override := environ.get("HTTP_X_HTTP_METHOD_OVERRIDE")):
            verb = override.upper()
        path = environ.get("PATH_INFO", "/")
        found = routes.match(verb, path)
        if found is None:
            return failure(ApiError("notFound", f"Not Found: {verb} {path}", status=404))
        method, arguments = found
        headers = _headers(environ)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        data = environ["wsgi.input"].read(length) if length else b""
        if headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        text = environ.get("QUERY_STRING")
        query = dict(parse_qsl(text, keep_blank_values=True)) if text else {}
        request = Request(
            method, arguments, query, headers, data, environ.get("windtunnel.caller", ""),
            f"{environ.get('wsgi.url_scheme', 'https')}://{environ.get('HTTP_HOST', 'bigquery.googleapis.com')}",
        )  # fmt: skip
        try:
            resource = methods.resource(self.service, request)
        except ApiError as problem:
            return failure(problem)
        call_method = "jobs.insert" if method == "jobs.upload" else method
        call = Call("bigquery", call_method, resource, request.caller, headers, length)

        def effect() -> Reply:
            request.sight = PLAIN
            return self._serve(request)

        def aged(age_s: float) -> Reply:
            request.sight = Sight(age_s)
            return self._serve(request)

        def distorted(way: Distort) -> Reply:
            request.sight = Sight(way=way)
            return self._serve(request)

        return self.gate.through(
            call, effect, FRONT, aged=aged if request.method in STALE else None, distorted=distorted
        )

    def _serve(self, request: Request) -> Reply:
        try:
            handler = methods.HANDLERS.get(request.method)
            if handler is None:
                raise Unsupported(f"API method {request.method}")
            request.sight.only(DISTORTED.get(request.method, frozenset()), request.method)
            answer = handler(self.service, request)
        except ApiError as problem:
            return failure(problem)
        except RecursionError:
            return failure(Unsupported("an expression nested this deep"))
        if isinstance(answer, Reply):
            return answer
        return Reply(200 if answer is not None else 204, orjson.dumps(answer) if answer is not None else b"")


def failure(problem: ApiError) -> Reply:
    """An error as an HTTP answer."""
    unsupported = problem.message if isinstance(problem, Unsupported) else ""
    return Reply(problem.status, orjson.dumps(problem.body()), problem.reason, unsupported=unsupported)


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
    if kind := environ.get("CONTENT_TYPE"):
        headers["content-type"] = kind
    return headers
