"""The handler's side of an RPC: runs a back end's `GrpcMethod` in a greenlet of its own and answers in its name.

It must not know channels or grpcio; it deals with the seam on one hand and an exchange on the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gevent

from fakes.seam import GRPC_CODES, ConnectionLost, GrpcError, GrpcMethod
from harness.sim.rpc.exchange import Exchange, Request
from harness.sim.rpc.park import park
from harness.sim.rpc.status import NAMES, OK, Status, of_error, unavailable

Spawn = Callable[[Callable[[], None]], Any]
"""Runs a function of no arguments in a greenlet of its own; `gevent.spawn` is one."""

Complaint = Callable[[str, BaseException], None]
"""Told of a handler (by its method's path) that raised what it should not; the exception carries its traceback."""

SOCKET_CLOSED = "Socket closed"
"""What grpcio says of a connection that the peer reset."""


class ServerContext:
    """A handler's view of the call it serves (`fakes.seam.GrpcContext`)."""

    def __init__(self, exchange: Exchange, spawn: Spawn) -> None:
        self.caller: str = exchange.request.caller
        self.metadata: Mapping[str, str] = exchange.request.metadata
        self._exchange = exchange
        self._spawn = spawn

    def is_active(self) -> bool:
        """False once the peer cancelled, its deadline passed, its process died or the call was answered."""
        return self._exchange.served is None

    def time_remaining(self) -> float | None:
        """Seconds to the caller's deadline, None without one."""
        return self._exchange.time_remaining()

    def add_callback(self, action: Callable[[], None]) -> bool:
        """Run `action` in a greenlet of its own when the call ends for whatever reason; False if it has ended."""
        return self._exchange.watch_served(lambda: self._spawn(action))


class RequestIterator:
    """What a `stream_*` handler iterates over: request messages as bytes, until the client half-closes.

    Raises `GrpcError` (CANCELLED or DEADLINE_EXCEEDED) where the call ended before that, so that a stream broken off is
    never taken for a stream completed.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        message = park(self._exchange.requests.receive)
        if message is not None:
            return message
        served = self._exchange.served
        if served is not None:
            raise GrpcError(NAMES[served.code], served.details)
        raise StopIteration


def serve(exchange: Exchange, methods: Mapping[str, GrpcMethod], spawn: Spawn, complain: Complaint) -> None:
    """Start serving `exchange` with the one of `methods` it asks for; called when its head has arrived."""
    request = exchange.request
    method = methods.get(request.method)
    if method is None:
        details = f"Method not found! ({request.host} does not emulate {request.method})"
        exchange.finish(Status(GRPC_CODES["UNIMPLEMENTED"], details))
    elif method.kind.startswith("stream"):
        spawn(lambda: _run(exchange, method, RequestIterator(exchange), spawn, complain))
    else:

        def begin(message: bytes | None) -> None:
            if message is not None:
                spawn(lambda: _run(exchange, method, message, spawn, complain))

        exchange.requests.receive(begin)


def _run(exchange: Exchange, method: GrpcMethod, request: Any, spawn: Spawn, complain: Complaint) -> None:
    try:
        answer = method.serve(request, ServerContext(exchange, spawn))
        if method.kind.endswith("stream"):
            _stream(exchange, answer)
        else:
            exchange.respond(answer)
        exchange.finish(OK)
    except (ConnectionLost, gevent.GreenletExit):
        exchange.reset(unavailable(SOCKET_CLOSED))
    except Exception as error:  # noqa: BLE001 - a server outlives any handler; what is no GrpcError is complained of
        exchange.finish(_status_of(error, exchange.request, complain))


def _status_of(error: Exception, request: Request, complain: Complaint) -> Status:
    if isinstance(error, GrpcError):
        try:
            return of_error(error)
        except ValueError as unsendable:
            error = unsendable
    complain(request.method, error)
    # The code and wording of grpc.server's own handling of an exception in a servicer.
    return Status(GRPC_CODES["UNKNOWN"], f"Exception calling application: {error}")


def _stream(exchange: Exchange, messages: Any) -> None:
    try:
        for message in messages:
            if exchange.served is not None:
                return
            _respond(exchange, message)
    finally:
        close = getattr(messages, "close", None)
        if close is not None:
            close()


def _respond(exchange: Exchange, message: bytes) -> None:
    """Send one message of a stream; blocks while the reader is a flow-control window behind."""

    def send(resume: Callable[[bool], None]) -> None:
        exchange.respond(message, lambda: resume(True))

    park(send)
