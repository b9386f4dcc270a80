"""gRPC on loopback: serves the RPCs of any number of back ends from one port.

Requests and answers stay bytes here; the back ends parse them. It must not know any single back end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc

from fakes.seam import Backend, ConnectionLost, GrpcError, GrpcKind, GrpcMethod

_WORKERS = 256
"""Threads at most; each open stream and each waiting pull holds one."""

_MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""Above every vendor's own limit, so that theirs answers and not gRPC's default of 4 MiB."""

_NO_DEADLINE_S = 10.0 * 365 * 86_400

CALLER_KEY = "x-windtunnel-caller"
"""Metadata in which a client on the wire may say which process it is."""


class WireContext:
    """`fakes.seam.GrpcContext` over a `grpc.ServicerContext`."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self.metadata: Mapping[str, str] = {
            key: value for key, value in context.invocation_metadata() if isinstance(value, str)
        }
        self.caller = self.metadata.get(CALLER_KEY, "")

    def is_active(self) -> bool:
        """False once the peer cancelled or its deadline passed."""
        return bool(self._context.is_active())

    def time_remaining(self) -> float | None:
        """Seconds to the caller's deadline, None without one."""
        remaining_s = self._context.time_remaining()
        return None if remaining_s is None or remaining_s > _NO_DEADLINE_S else float(remaining_s)

    def add_callback(self, action: Callable[[], None]) -> bool:
        """Run `action` when the call ends; False if it has ended."""
        return bool(self._context.add_callback(action))


class GrpcServer:
    """A running server; `address` is `host:port`, with the port the system chose where 0 was asked for."""

    def __init__(self, backends: Iterable[Backend], host: str = "127.0.0.1", port: int = 0) -> None:
        """Start serving at once. Raises `OSError` if the port is taken."""
        methods = [by_path for backend in backends for by_path in backend.grpc().values()]
        self._server = grpc.server(
            ThreadPoolExecutor(_WORKERS, thread_name_prefix="wire-grpc"),
            handlers=[_Methods(methods)],
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
            ],
        )
        try:
            bound = self._server.add_insecure_port(f"{host}:{port}")
        except RuntimeError as error:
            raise OSError(f"cannot listen on {host}:{port} for gRPC; is the port taken?") from error
        self.address = f"{host}:{bound}"
        self._server.start()

    def close(self, grace_s: float = 0.0) -> None:
        """Stop; calls under way get `grace_s` seconds."""
        self._server.stop(grace_s).wait()


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc] # grpc ships no types
    """Finds the method of a call by its path; one that nobody knows is UNIMPLEMENTED by gRPC itself."""

    def __init__(self, methods: Sequence[Mapping[str, GrpcMethod]]) -> None:
        self._methods = methods

    def service(self, handler_call_details: Any) -> Any:
        """The handler of one call, without serialisers: bytes pass as they are."""
        path = handler_call_details.method
        # Asked one by one, and not merged: a back end's mapping finds more than it lists.
        method = next((by_path[path] for by_path in self._methods if path in by_path), None)
        if method is None:
            return None
        make = _MAKERS[method.kind]
        return make(_streaming(method) if method.kind.endswith("_stream") else _answering(method))


_MAKERS: Mapping[GrpcKind, Callable[[Any], Any]] = {
    "unary_unary": grpc.unary_unary_rpc_method_handler,
    "unary_stream": grpc.unary_stream_rpc_method_handler,
    "stream_unary": grpc.stream_unary_rpc_method_handler,
    "stream_stream": grpc.stream_stream_rpc_method_handler,
}


def _answering(method: GrpcMethod) -> Callable[[Any, Any], Any]:
    def handle(request: Any, context: Any) -> Any:
        try:
            return method.serve(request, WireContext(context))
        except GrpcError as error:
            _abort(context, error)
        except ConnectionLost:
            _abort(context, GrpcError("UNAVAILABLE", "Socket closed"))

    return handle


def _streaming(method: GrpcMethod) -> Callable[[Any, Any], Iterator[bytes]]:
    def handle(request: Any, context: Any) -> Iterator[bytes]:
        try:
            yield from method.serve(request, WireContext(context))
        except GrpcError as error:
            _abort(context, error)
        except ConnectionLost:
            _abort(context, GrpcError("UNAVAILABLE", "Socket closed"))

    return handle


def _abort(context: Any, error: GrpcError) -> NoReturn:
    if error.trailers:
        context.set_trailing_metadata(error.trailers)
    context.abort(grpc.StatusCode[error.code], error.details)
    raise AssertionError("abort always raises")
