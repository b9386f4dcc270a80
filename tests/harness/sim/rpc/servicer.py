"""A tiny back end with every kind of RPC, and every way in which one can end."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fakes.seam import ConnectionLost, GrpcError, GrpcMethod

HOST = "echo.example"


class Servicer:
    """`notes` is what handlers saw, in order; `up` says whether the name resolves."""

    def __init__(self) -> None:
        self.notes: list[Any] = []
        self.up = True
        self.methods: Mapping[str, GrpcMethod] = {
            "/test.Echo/Say": GrpcMethod("unary_unary", lambda request, context: request + b"!"),
            "/test.Echo/Sleep": GrpcMethod("unary_unary", self.sleep),
            "/test.Echo/Fail": GrpcMethod("unary_unary", self.fail),
            "/test.Echo/Lose": GrpcMethod("unary_unary", self.lose),
            "/test.Echo/Crash": GrpcMethod("unary_unary", lambda request, context: 1 // 0),
            "/test.Echo/Describe": GrpcMethod("unary_unary", self.describe),
            "/test.Echo/Big": GrpcMethod("unary_unary", lambda request, context: b"x" * int(request)),
            "/test.Echo/Count": GrpcMethod("unary_stream", self.count),
            "/test.Echo/Endless": GrpcMethod("unary_stream", self.endless),
            "/test.Echo/Break": GrpcMethod("unary_stream", self.break_off),
            "/test.Echo/Join": GrpcMethod("stream_unary", lambda requests, context: b",".join(requests)),
            "/test.Echo/Upper": GrpcMethod("stream_stream", self.upper),
        }

    def resolve(self, host: str) -> Mapping[str, GrpcMethod] | None:
        return self.methods if self.up and host == HOST else None

    def sleep(self, request: bytes, context: Any) -> bytes:
        started = time.monotonic()
        context.add_callback(lambda: self.notes.append(("ended", round(time.monotonic() - started, 6))))
        time.sleep(float(request))
        self.notes.append(("slept", context.is_active()))
        return b"rested"

    def fail(self, request: bytes, context: Any) -> bytes:
        code, _, details = request.decode().partition(":")
        raise GrpcError(code, details, (("x-reason", "because"), ("x-raw-bin", b"\x00\xff")))

    def lose(self, request: bytes, context: Any) -> bytes:
        raise ConnectionLost

    def describe(self, request: bytes, context: Any) -> bytes:
        return repr((context.caller, {k: v for k, v in context.metadata.items() if k != "user-agent"})).encode()

    def count(self, request: bytes, context: Any) -> Iterator[bytes]:
        for number in range(int(request)):
            time.sleep(1)
            yield b"%d" % number

    def endless(self, request: bytes, context: Any) -> Iterator[bytes]:
        try:
            while True:
                self.notes.append("produced")
                yield b"x" * 1000
        finally:
            self.notes.append("closed")

    def break_off(self, request: bytes, context: Any) -> Iterator[bytes]:
        yield b"one"
        yield b"two"
        raise GrpcError("ABORTED", "no more")

    def upper(self, requests: Iterable[bytes], context: Any) -> Iterator[bytes]:
        try:
            for request in requests:
                yield request.upper()
            self.notes.append("half-closed")
        except GrpcError as error:
            self.notes.append(error.code)
            raise


def install(servicer: Servicer, **options: Any) -> Any:
    from harness.sim.rpc.install import install as install_rpc

    who: Callable[[], str] = options.pop("who", lambda: "client#0")
    return install_rpc(servicer.resolve, who, **options)
