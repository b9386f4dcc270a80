"""How a service of Amazon's passes the gate: moto's state machine behind one WSGI front end for all of them.

moto answers a request that looks as if it had been sent to the vendor; this module makes it look so, words refusals
as the service does, and records calls. It must not know any single service. moto keeps its state in the module, so a
process has one of each service; it takes its chance from one stream of its own, which is seeded here, and the time
from `datetime.now`, which is the run's in sim and the real one on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

from fakes.gate import Front, Gate, Seen
from fakes.journal import Lock
from fakes.pickles import PickledLedger
from fakes.seam import Call, ConnectionLost, GrpcMethod, MissingPackageError, Refuse, StartResponse, Surroundings

ACCOUNT = "123456789012"
"""moto's own account, which every access key belongs to."""

REGION = "us-east-1"
REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-north-1", "eu-west-1"),
    *("eu-west-2", "eu-west-3", "eu-central-1", "eu-central-2", "ap-south-1", "ap-south-2", "ap-southeast-1"),
    *("ap-southeast-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
)
"""Regions whose host names resolve in sim."""

_SCOPE = re.compile(r"Credential=[^/]+/\d+/([\w-]+)/")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `error` is the vendor's code of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    error: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """How a service words a refusal: `render(status, code, message)` and the code that a status has by itself."""

    render: Callable[[int, str, str], Reply]
    usual: Mapping[int, tuple[int, str, str]]

    def refuse(self, refusal: Refuse) -> Reply:
        """The answer to a call that a fault refuses; `reason` or `code` is the vendor's code of the error."""
        status, code, message = self.usual.get(
            refusal.status, (refusal.status, "InternalError", "We encountered an internal error. Please try again.")
        )
        code = refusal.reason or refusal.code or code
        reply = self.render(status, code, refusal.message or message)
        return Reply(reply.status, {**reply.headers, **refusal.headers}, reply.body, code)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a service's front needs it; `url` is the vendor's."""

    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    region: str


class _Untracked(list[Any]):
    """moto's lists of every object there ever was, for a dashboard that nobody looks at: they would only grow."""

    def append(self, _instance: Any) -> None:
        """Forget it."""


class AmazonBackend:
    """What the back ends have in common: moto's `backends`, empty, with dice seeded from the run's.

    `data` is the folder to keep the state in; who derives from this puts back what is in `ledger`. Raises
    `MissingPackageError` without moto, `OSError` where `data` cannot be used.
    """

    name: str

    def __init__(self, around: Surroundings, data: str | Path | None) -> None:
        if find_spec("moto") is None:
            raise MissingPackageError(f"{self.name} needs moto, which is not installed: pip install 'windtunnel[aws]'")
        from moto.core.model_instances import model_data
        from moto.moto_api._internal import mock_random

        self.around = around
        self.moto = self.load()
        self.ledger = PickledLedger(data, "moto")
        rng = around.rng("moto")
        for _ in range(max(1, self.ledger.lives)):
            # Another process, other ids.
            mock_random.seed(rng.getrandbits(64))
        for models in [model_data[one.service_name] for one in self.moto]:
            for model in models.values():
                model.instances_tracked = _Untracked()  # type: ignore[attr-defined] # moto says object, it is a class
        self._empty()

    def load(self) -> tuple[Any, ...]:
        """Import moto's back ends of the service."""
        raise NotImplementedError

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """None."""
        return {}

    def close(self) -> None:
        """Free what moto holds, and close the file, where there is one."""
        self._empty()
        self.ledger.close()

    def _empty(self) -> None:
        # Their own `reset` would let all services forget.
        for one in self.moto:
            for account in list(one.values()):
                account.reset()


def credentials() -> Mapping[str, str]:
    """What boto3 must have besides an endpoint: keys that nobody checks, and no look-up of any other."""
    return {
        "AWS_ACCESS_KEY_ID": "windtunnel",
        "AWS_SECRET_ACCESS_KEY": "windtunnel",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class App:
    """The WSGI app of one service.

    `host` is the vendor's host name, `{region}` in it filled in; `name(asked)` gives method and resource of a call, ""
    for a method that is not served; `find(asked)` gives moto's handler. `done(asked, reply)` hears of every one
    it has run, with `lock` held as during the work.
    """

    def __init__(
        self,
        service: str,
        around: Surroundings,
        words: Words,
        lock: Lock,
        *,
        host: str,
        name: Callable[[Asked], tuple[str, str]],
        find: Callable[[Asked], Any],
        done: Callable[[Asked, Reply], None] = lambda asked, reply: None,
    ) -> None:
        self._service = service
        self._words = words
        self._host = host
        self._name = name
        self._find = find
        self._done = done
        self._gate = Gate(around)
        self._lock = lock
        self._front: Front[Reply] = Front(words.refuse, _seen, _torn)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        asked = _asked(environ)
        method, resource = self._name(asked)
        call = Call(
            self._service,
            method or f"{asked.verb} {asked.path}",
            resource,
            environ.get("windtunnel.caller", ""),
            {name.lower(): value for name, value in asked.headers.items()},
            len(asked.body),
        )

        def effect() -> Reply:
            if not method:
                return self._unsupported(f"{asked.verb} {asked.path} is no method that this emulator serves")
            with self._lock:
                reply = self._run(asked, environ)
                # Whatever it answered: moto refuses some requests when it has done half of what they ask.
                self._done(asked, reply)
            return reply

        return _sent(self._gate.through(call, effect, self._front), start_response, head=asked.verb == "HEAD")

    def _run(self, asked: Asked, environ: dict[str, Any]) -> Reply:
        from moto.core.request import Request
        from werkzeug.exceptions import HTTPException

        vendors = {
            **environ,
            "HTTP_HOST": self._host.format(region=asked.region),
            "wsgi.url_scheme": "https",
            "RAW_URI": environ.get("REQUEST_URI", ""),
            "wsgi.input": BytesIO(asked.body),
        }
        request = Request(vendors)
        try:
            status, headers, body = self._find(asked)(request, request.raw_url, request.headers)
        except HTTPException as problem:
            status, headers, body = problem.code, dict(problem.get_headers()), problem.get_body()
        except Exception as problem:  # noqa: BLE001 - what moto trips over it does not support; nobody may retry it
            return self._unsupported(f"moto failed on it: {problem!r}")
        data = body.encode() if isinstance(body, str) else bytes(body or b"")
        return Reply(int(status or 500), dict(headers), data, _code(data) if int(status or 500) >= 400 else "")

    def _unsupported(self, message: str) -> Reply:
        return self._words.render(501, "NotImplemented", f"unsupported by the emulator: {message}")


def _asked(environ: Mapping[str, Any]) -> Asked:
    from urllib.parse import parse_qsl

    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    scope = _SCOPE.search(headers.get("authorization", ""))
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return Asked(
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers,
        environ["wsgi.input"].read(length),
        scope[1] if scope else REGION,
    )


def _code(body: bytes) -> str:
    found = re.search(rb"<Code>([^<]+)</Code>|\"__type\": ?\"(?:[^\"#]*#)?([^\"]+)\"", body)
    return (found[1] or found[2]).decode() if found else ""


def _seen(reply: Reply) -> Seen:
    ok = reply.status < 400
    return Seen(reply.status, ok=ok, applied=ok, reason=reply.error, bytes_out=len(reply.body))


def _torn(reply: Reply, after_bytes: int) -> NoReturn:
    """The answer announces its whole length and breaks off; of one without a body nothing gets through: its head would
    be the whole of it.
    """
    if not reply.body:
        raise ConnectionLost
    status, headers = _head(reply, f"{len(reply.body)}")
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    raise ConnectionLost("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + reply.body[:after_bytes])


def _sent(reply: Reply, start_response: StartResponse, *, head: bool) -> Iterable[bytes]:
    told = next((str(value) for name, value in reply.headers.items() if name.lower() == "content-length"), "")
    start_response(*_head(reply, told if head and told else f"{len(reply.body)}"))
    return [] if head else [reply.body]


def _head(reply: Reply, length: str) -> tuple[str, list[tuple[str, str]]]:
    from http import HTTPStatus

    headers = [(name, str(value)) for name, value in reply.headers.items() if name.lower() != "content-length"]
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Unknown"
    return f"{reply.status} {phrase}", [*headers, ("Content-Length", length)]
