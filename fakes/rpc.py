"""How a gRPC back end's calls pass the gate: bytes in, bytes out, one place for every emulator.

It exists so that no emulator wires verdicts to status codes by itself. It must not know any single service, nor how
the bytes travel (in process or over a socket).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from fakes.gate import Front, Gate, Seen
from fakes.rich_errors import USUAL_REASON, enriched, rich
from fakes.seam import Call, ConnectionLost, GrpcContext, GrpcError, GrpcMethod, Refuse

CODE_OF_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""Google's mapping of HTTP statuses to gRPC codes (`google/rpc/code.proto`); 502 as the client libraries read it."""

_USUAL_MESSAGE = {
    "ABORTED": "The operation was aborted.",
    "DEADLINE_EXCEEDED": "Deadline exceeded.",
    "INTERNAL": "Internal error encountered.",
    "PERMISSION_DENIED": "The caller does not have permission",
    "RESOURCE_EXHAUSTED": "Resource has been exhausted (e.g. check quota).",
    "UNAUTHENTICATED": "Request had invalid authentication credentials.",
    "UNAVAILABLE": "The service was unable to fulfill your request. Please try again.",
}


class PbMessage(Protocol):
    """What this module needs of a protobuf message."""

    def SerializeToString(self, **options: Any) -> bytes:  # noqa: N802 - protobuf's name
        """The message's wire format."""


R = TypeVar("R")

Aged = Callable[[Any, float], Any]
"""What a method that keeps a past makes of a request so that it is answered as of some seconds ago."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came of a unary call: a body or an error."""

    body: bytes = b""
    error: GrpcError | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    """What came of opening a stream: its answers, of which `limit` bytes get through, or an error."""

    answers: Iterable[bytes] = ()
    error: GrpcError | None = None
    limit: int | None = None


def refusal_error(refusal: Refuse) -> GrpcError:
    """The status a vendor's front end gives for `refusal`: its own `code`, or the one that belongs to its status."""
    code = refusal.code or CODE_OF_STATUS.get(refusal.status, "UNKNOWN")
    reason = refusal.reason or USUAL_REASON.get(code, "")
    error = rich(code, refusal.message or _USUAL_MESSAGE.get(code, code), reason)
    return GrpcError(code, error.details, (*refusal.headers.items(), *error.trailers))


def _see(error: GrpcError | None, bytes_out: int) -> Seen:
    if error is None:
        return Seen("OK", ok=True, applied=True, bytes_out=bytes_out)
    return Seen(
        error.code, ok=False, applied=False, reason=error.details,
        unsupported=error.details if error.code == "UNIMPLEMENTED" else "",
    )  # fmt: skip


def _cut(_reply: _Reply, _after_bytes: int) -> _Reply:
    # A unary answer that breaks off is no answer: HTTP/2 resets the stream and the client sees no message at all.
    raise ConnectionLost


_UNARY: Front[_Reply] = Front(
    refuse=lambda refusal: _Reply(error=refusal_error(refusal)),
    see=lambda reply: _see(reply.error, len(reply.body)),
    truncate=_cut,
)
_STREAM: Front[_Opened] = Front(
    refuse=lambda refusal: _Opened(error=refusal_error(refusal)),
    see=lambda opened: _see(opened.error, 0),
    truncate=lambda opened, after_bytes: _Opened(opened.answers, opened.error, after_bytes),
)


def reset() -> GrpcError:
    """What a gRPC client sees of a connection that broke."""
    return GrpcError("UNAVAILABLE", "recvmsg:Connection reset by peer")


class Rpc:
    """Makes a back end's `GrpcMethod`s: parses the request, asks the gate, calls the handler, serialises the answer."""

    def __init__(self, service: str, gate: Gate) -> None:
        """`service` is the back end's name as faults match it (`pubsub`)."""
        self._service = service
        self._gate = gate

    def unary(
        self,
        path: str,
        request_type: Any,
        resource: Callable[[Any], str],
        handle: Callable[[Any, GrpcContext], PbMessage],
        aged: Aged | None = None,
    ) -> GrpcMethod:
        """A unary RPC at `path`: `handle` gets a parsed `request_type` and returns a message or raises `GrpcError`."""

        def serve(data: bytes, context: GrpcContext) -> bytes:
            request = _parse(request_type, data)

            def effect(asked: Any = request) -> _Reply:
                try:
                    return _Reply(handle(asked, context).SerializeToString(deterministic=True))
                except GrpcError as error:
                    return _Reply(error=error)

            call = self._call(path, resource(request), context, len(data))
            try:
                reply = self._gate.through(call, effect, _UNARY, aged=_answered_by(effect, request, aged))
            except ConnectionLost:
                raise reset() from None
            if reply.error is not None:
                raise enriched(reply.error)
            return reply.body

        return GrpcMethod("unary_unary", serve)

    def server_stream(
        self,
        path: str,
        request_type: Any,
        resource: Callable[[Any], str],
        handle: Callable[[Any, GrpcContext], Iterator[PbMessage]],
        aged: Aged | None = None,
    ) -> GrpcMethod:
        """An RPC with one request and many answers; the gate is asked before the first answer."""

        def serve(data: bytes, context: GrpcContext) -> Iterator[bytes]:
            request = _parse(request_type, data)
            call = self._call(path, resource(request), context, len(data))

            def opened(asked: Any = request) -> _Opened:
                return _opened(lambda: handle(asked, context))

            yield from self._stream(call, opened, _answered_by(opened, request, aged))

        return GrpcMethod("unary_stream", serve)

    def stream(
        self,
        path: str,
        request_type: Any,
        resource: Callable[[Any], str],
        handle: Callable[[Any, Iterator[Any], GrpcContext], Iterator[PbMessage]],
    ) -> GrpcMethod:
        """An RPC with many requests and many answers; the gate is asked once the first request is there.

        `handle(first, rest, context)` gets the parsed first request and an iterator of the others.
        """

        def serve(requests: Iterator[bytes], context: GrpcContext) -> Iterator[bytes]:
            arriving = iter(requests)
            data = next(arriving, None)
            if data is None:
                return
            first = _parse(request_type, data)
            rest = (_parse(request_type, more) for more in arriving)
            call = self._call(path, resource(first), context, len(data))
            yield from self._stream(call, lambda: _opened(lambda: handle(first, rest, context)), None)

        return GrpcMethod("stream_stream", serve)

    def methods(self, *parts: Mapping[str, GrpcMethod]) -> Mapping[str, GrpcMethod]:
        """All that a back end serves, by path. Other methods of the same vendor services are found too, and refuse by
        name, so that a run that calls one is unknown; they are not among the keys.
        """
        return _Methods({path: method for part in parts for path, method in part.items()}, self._refusing)

    def _refusing(self, path: str) -> GrpcMethod:
        def serve(_requests: Any, context: GrpcContext) -> Iterator[bytes]:
            refusal = _Opened(error=GrpcError("UNIMPLEMENTED", f"the {self._service} emulator does not do {path[1:]}"))
            yield from self._stream(self._call(path, "", context, 0), lambda: refusal, None)

        return GrpcMethod("stream_stream", serve)

    def _stream(
        self, call: Call, effect: Callable[[], _Opened], aged: Callable[[float], _Opened] | None
    ) -> Iterator[bytes]:
        try:
            opened = self._gate.through(call, effect, _STREAM, aged=aged)
        except ConnectionLost:
            raise reset() from None
        if opened.error is not None:
            raise enriched(opened.error)
        left = opened.limit
        for answer in opened.answers:
            if left is not None:
                left -= len(answer)
                if left < 0:
                    raise reset()
            yield answer

    def _call(self, path: str, resource: str, context: GrpcContext, bytes_in: int) -> Call:
        return Call(self._service, path[1:], resource, context.caller, context.metadata, bytes_in)


class _Methods(Mapping[str, GrpcMethod]):
    """Methods by path, and `refusing(path)` for the others of the same services."""

    def __init__(self, served: Mapping[str, GrpcMethod], refusing: Callable[[str], GrpcMethod]) -> None:
        self._served = served
        self._services = frozenset(path.rpartition("/")[0] for path in served)
        self._refusing = refusing

    def __getitem__(self, path: str) -> GrpcMethod:
        found = self._served.get(path)
        if found is not None:
            return found
        if path.rpartition("/")[0] not in self._services:
            raise KeyError(path)
        return self._refusing(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._served)

    def __len__(self) -> int:
        return len(self._served)


def _opened(handle: Callable[[], Iterator[PbMessage]]) -> _Opened:
    try:
        return _Opened(message.SerializeToString(deterministic=True) for message in handle())
    except GrpcError as error:
        return _Opened(error=error)


def _answered_by(effect: Callable[[Any], R], request: Any, aged: Aged | None) -> Callable[[float], R] | None:
    """`effect` of the request as it would be asked of the past, None where there is none."""
    return None if aged is None else lambda age_s: effect(aged(request, age_s))


def _parse(request_type: Any, data: bytes) -> Any:
    from google.protobuf.message import DecodeError

    try:
        return request_type.FromString(data)
    except DecodeError:
        name = request_type.DESCRIPTOR.full_name
        raise GrpcError("INTERNAL", f"the request does not parse as {name} ({len(data)} bytes)") from None
