"""The seam: what an emulator and the harness say to one another, and nothing else.

This module exists so that emulators can live in virtual time or on a real socket without knowing which, and so that
faults can be laid over them without a line of service logic mentioning faults. It must not know any scenario, any
fault, any kernel or any single service. Both sides import it; it imports neither.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Protocol, runtime_checkable

# --------------------------------------------------------------------------------------------------------------------
# Calls and verdicts


@dataclass(frozen=True, slots=True)
class Call:
    """One request reaching a back end or a service, as a fault sees it.

    `service` is the back end's name (`bigquery`, `gcs`, `pubsub`, `upstreams`) or the called service's own name.
    `method` is the vendor's id of the method (`jobs.insert`, `storage.objects.insert`,
    `google.pubsub.v1.Publisher/Publish`) or an HTTP verb. `resource` is what it is about (`project/dataset/table`,
    `bucket/object`, a topic's full name, a URL path). `caller` is the process that asked, `name#instance`, or "" where
    it is not known (on the wire, say). `headers` are the request's headers or metadata with lower-case names.
    `bytes_in` is the size of the request's body in bytes.
    """

    service: str
    method: str
    resource: str = ""
    caller: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    bytes_in: int = 0


@dataclass(frozen=True, slots=True)
class Pass:
    """The call proceeds as if nobody had asked."""


@dataclass(frozen=True, slots=True)
class Delay:
    """The call proceeds after `seconds` (>= 0) of waiting in front of the effect."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Refuse:
    """The call is answered with an error and is NOT applied.

    `status` is an HTTP status (gRPC front ends map it to a code unless `code` names one, such as `UNAVAILABLE`), or 0
    for a connection reset before anything was read. `reason` is the vendor's word (`rateLimitExceeded`), "" for the
    usual one of that status.
    """

    status: int = 503
    reason: str = ""
    message: str = ""
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoseReply:
    """The call IS applied and its answer is lost: a reset connection, or `status` where it is not 0."""

    status: int = 0
    reason: str = ""
    message: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Truncate:
    """The call is applied and its answer breaks off after `after_bytes` (>= 0) bytes of the body."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class ServeStale:
    """The call sees the state of `age_s` (> 0) seconds ago; back ends that keep no past refuse it."""

    age_s: float


@dataclass(frozen=True, slots=True)
class Distort:
    """The call is served with data that is wrong in the ways given; back ends refuse the ways they do not know.

    Reads: `hide_partition` (`20260115`) is missing, rows streamed in less than `hide_streamed_s` ago are not seen yet.
    Loads: the share `drop_rows` of the rows (0 to 1) is lost, the share `duplicate_rows` arrives twice. Schemas:
    `drop_columns` are gone, `rename_columns` (old name -> new) are called otherwise. What is stored stays right, but
    for what a load brought in.
    """

    hide_partition: str = ""
    hide_streamed_s: float = 0.0
    drop_rows: float = 0.0
    duplicate_rows: float = 0.0
    drop_columns: tuple[str, ...] = ()
    rename_columns: Mapping[str, str] = field(default_factory=dict)

    def ways(self) -> tuple[str, ...]:
        """Names of the fields that are set."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name))


@dataclass(frozen=True, slots=True)
class Hang:
    """The call is never answered and not applied; after `seconds` the connection is reset (None: never)."""

    seconds: float | None = None


Verdict = Pass | Delay | Refuse | LoseReply | Truncate | ServeStale | Distort | Hang
"""What becomes of a call: a closed set. A new kind of fault is a new asker, never a new verdict."""

PASS = Pass()


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict together with the id of the fault that gave it ("" for the legal course of things)."""

    verdict: Verdict = PASS
    fault: str = ""


# --------------------------------------------------------------------------------------------------------------------
# What an emulator may ask of its surroundings


class Timer(Protocol):
    """A pending `call_later`."""

    def cancel(self) -> None:
        """Forget it; does nothing when it has run already."""


class Surroundings(Protocol):
    """Everything an emulator gets from outside: time, chance, its neighbours, the faults and the record.

    The harness implements it in virtual time; `fakes.wire` implements it on the real clock. One is made per back end,
    so `record` knows who speaks.
    """

    def now_ns(self) -> int:
        """The time of day, in nanoseconds since the Unix epoch."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` (>= 0) pass for the calling thread only."""

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Run `action` in a thread of its own after `seconds` (0: as soon as possible); it may block."""

    def rng(self, stream: str) -> random.Random:
        """The seeded stream of that name: the same object each time, its own sequence per back end and name."""

    def rule(self, call: Call) -> Ruling:
        """Ask once, before anything is done, what becomes of `call`."""

    def record(self, kind: str, /, **fields: Any) -> None:
        """Append an event to the history; kinds and fields are listed in docs/history.md."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """POST to a service as the platform does (push delivery, schedules); never raises, see `Answer`."""

    def peer(self, backend: str) -> Any:
        """Another back end of the same world by name (a bucket's notifications need Pub/Sub); KeyError if absent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a `post`: an HTTP `status`, or 0 and a `problem`: `timeout`, `reset`, `refused`, `unknown host`."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


# --------------------------------------------------------------------------------------------------------------------
# What the harness asks of an emulator


class ConnectionLost(Exception):  # noqa: N818 - it is a fact on the wire, not somebody's error
    """Raised out of a front end: the server must reset the connection after sending `sent` (a partial answer)."""

    def __init__(self, sent: bytes = b"") -> None:
        """`sent` is the raw start of the HTTP answer that still gets through, b"" for none."""
        super().__init__("connection lost")
        self.sent = sent


StartResponse = Callable[..., Any]
WsgiApp = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
"""An HTTP front end. It may raise `ConnectionLost`, also while its body is iterated: what was yielded gets through.

`environ["windtunnel.caller"]` holds the calling process; `environ["windtunnel.when_gone"](action)`, where it is there,
has `action` called if the client goes before it has its answer. `environ["REQUEST_URI"]` is the request target as it
was sent (`PATH_INFO` is unquoted, so `a%2Fb` and `a/b` look alike there).
"""

GrpcKind = Literal["unary_unary", "unary_stream", "stream_unary", "stream_stream"]


class GrpcContext(Protocol):
    """What a gRPC handler may ask of the call it serves."""

    caller: str
    metadata: Mapping[str, str]

    def is_active(self) -> bool:
        """False once the peer cancelled, its deadline passed or its process died."""

    def time_remaining(self) -> float | None:
        """Seconds to the caller's deadline, None without one."""

    def add_callback(self, action: Callable[[], None]) -> bool:
        """Run `action` when the call ends for whatever reason; False if it has ended."""


@dataclass(frozen=True, slots=True)
class GrpcMethod:
    """One RPC: bytes in, bytes out.

    `serve(request, context)` gets serialised bytes (an iterator of them for `stream_*`) and returns serialised bytes
    (an iterator for `*_stream`), or raises `GrpcError`.
    """

    kind: GrpcKind
    serve: Callable[[Any, GrpcContext], Any]


GRPC_CODES = {
    "OK": 0,
    "CANCELLED": 1,
    "UNKNOWN": 2,
    "INVALID_ARGUMENT": 3,
    "DEADLINE_EXCEEDED": 4,
    "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "ABORTED": 10,
    "OUT_OF_RANGE": 11,
    "UNIMPLEMENTED": 12,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
    "DATA_LOSS": 15,
    "UNAUTHENTICATED": 16,
}
"""Numbers of gRPC's statuses by name (doc/statuscodes.md of the gRPC repository; `google/rpc/code.proto`)."""


class Stream(Protocol):
    """One TCP connection, as a front end of a protocol that is neither HTTP nor gRPC converses over it.

    `caller` is the calling process, "" where it is not known. `can_upgrade` is whether the connection may go over to
    TLS in the middle (`STARTTLS`), which is the identity in sim and not served on the wire.
    """

    caller: str
    can_upgrade: bool

    def receive(self, most: int) -> bytes:
        """At most `most` bytes, at least one; b"" at the end. Raises `OSError` where the peer is gone."""

    def send(self, data: bytes) -> None:
        """Send all of it. Raises `OSError` where the peer is gone."""


StreamApp = Callable[[Stream], None]
"""A front end that converses over a connection until it returns, which closes it, or raises `ConnectionLost`."""


class GrpcError(Exception):
    """Ends an RPC with a status other than OK.

    `code` is the name of a gRPC status (a key of `GRPC_CODES`), `details` its message, `trailers` binary or text
    trailing metadata (`grpc-status-details-bin` for instance).
    """

    def __init__(
        self,
        code: str,
        details: str = "",
        trailers: tuple[tuple[str, str | bytes], ...] = (),
    ) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.details = details
        self.trailers = trailers


class InstanceGone(Exception):  # noqa: N818 - it is what happened, not somebody's error
    """The instance that served a request died before it answered; `reason` says how (`crash`, `oom`, `exit`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class WebReply:
    """An HTTP answer: `status` with its phrase (`200 OK`), headers in order, and the body.

    A body is whole, or an iterator over pieces as they are made; that one raises `ConnectionLost` where it breaks off,
    and whoever reads no further calls its `close`.
    """

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | Iterator[bytes]

    def whole(self) -> bytes:
        """The body in one piece, waiting for it where it is streamed."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)


class Instance(Protocol):
    """A running copy of a service, as the platform sees it."""

    def handle(self, environ: dict[str, Any]) -> WebReply:
        """Let its app answer a WSGI request, however long that takes; raises `InstanceGone` if it dies before it has
        begun to answer.
        """

    def stop(self, grace_s: float, reason: str) -> None:
        """Ask it to exit (SIGTERM); requests in flight may finish, and what is left after `grace_s` is killed."""

    def kill(self, event: str, reason: str) -> None:
        """End it at once (SIGKILL); `event` is what the history calls it: `oom`, `crash` or `exit`."""

    def throttle(self, on: bool) -> None:
        """Take its CPU away, or give it back: with none, nothing of it runs and what would wake it is kept."""


class Launcher(Protocol):
    """How a platform starts instances of a service: a simulated process in sim, an OS process on the wire."""

    def launch(
        self, service: str, revision: int, number: int, on_ready: Callable[[], None], on_exit: Callable[[str], None]
    ) -> Instance:
        """Start instance `number` of `revision` (from 1); call `on_ready` when it accepts requests and
        `on_exit(reason)` when it is gone.
        """


@runtime_checkable
class Backend(Protocol):
    """An emulated service: a state machine with its front ends.

    The package of a back end named `x` is `fakes.x` and has `create(around: Surroundings, **options) -> Backend`;
    options are the back end's own and it raises `ValueError` naming the option and the remedy for a bad one.
    """

    name: str

    def http(self) -> Mapping[str, WsgiApp]:
        """Host name (the vendor's own, `bigquery.googleapis.com`) -> the app that answers there, on 80 and 443."""

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """Host name -> full method path (`/google.pubsub.v1.Publisher/Publish`) -> the RPC."""

    def environment(self, address: str | None) -> Mapping[str, str]:
        """What a client's process must have in its environment to come here.

        `address` is `host:port` on the wire, and None in sim, where the vendor's own host names resolve.
        """

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Create what a topology file (docs/worlds.md) asks of this service, ignoring the other services' parts."""

    def close(self) -> None:
        """Stop timers and free what the process holds."""


class MissingPackageError(ValueError):
    """Raised by `create` where a package that the back end needs is not installed; says how to install it."""


@runtime_checkable
class StreamBackend(Backend, Protocol):
    """A back end that also, or only, speaks a protocol of its own over TCP."""

    def streams(self) -> Mapping[tuple[str, int], StreamApp]:
        """Host name and port -> who converses there; on the wire one port serves the first of them."""


@runtime_checkable
class Mailbox(Protocol):
    """A back end that takes mail and keeps it for whoever wants to look."""

    def mail(self) -> list[Mapping[str, Any]]:
        """What was sent, oldest first: `id, at_ns, sender, recipients, subject, text`."""
