"""One conversation with the test servicer, and everything a client can see of it: the same over a real connection and a
simulated one, or the simulation lies.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.harness.sim.rpc.servicer import HOST, Servicer, install


def over_the_wire() -> list[Any]:
    """The conversation on loopback, in real time, with grpcio's own server."""
    from fakes.wire.grpc_server import GrpcServer

    class Back:
        def grpc(self) -> Any:
            return {HOST: servicer.methods}

    servicer = Servicer()
    server = GrpcServer([Back()])  # type: ignore[list-item]  # the server asks no more of a back end
    try:
        return talk(server.address, servicer)
    finally:
        server.close()


def in_memory() -> list[Any]:
    """The conversation in a simulation."""
    servicer = Servicer()
    install(servicer)
    return talk(f"{HOST}:443", servicer)


def talk(address: str, servicer: Servicer) -> list[Any]:
    import grpc

    said: list[Any] = []
    with grpc.insecure_channel(address) as channel:
        for topic in TOPICS:
            said.append((topic.__name__, *[tidy(part) for part in topic(channel)]))
    with grpc.insecure_channel(address) as channel:
        pending = channel.unary_unary("/test.Echo/Sleep").future(b"0.2")
    said.append(("closed", tidy(failure(pending.result)), tidy(failure(channel.unary_unary("/test.Echo/Say"), b""))))
    return said


def tidy(part: Any) -> Any:
    """Something of JSON that holds what an application could tell apart."""
    import grpc

    if isinstance(part, grpc.RpcError):
        bases = [base.__name__ for base in (grpc.Call, grpc.Future) if isinstance(part, base)]
        trailers = [(str(key), repr(value)) for key, value in part.trailing_metadata() or ()]
        return [type(part).__name__, bases, part.code().name, part.details(), trailers, _text(part)]
    if isinstance(part, BaseException):
        return [type(part).__name__, str(part)]
    return part if isinstance(part, bool | int | str | None) else repr(part)


def _text(error: Any) -> str:
    # A call that was cancelled here has no debug string, and grpcio waits for it for ever.
    return "" if getattr(error, "cancelled", bool)() else str(error)


def failure(call: Callable[..., Any], *arguments: Any, **options: Any) -> BaseException:
    try:
        call(*arguments, **options)
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        return error
    raise AssertionError("expected an error")


def unary(channel: Any) -> Iterator[Any]:
    say = channel.unary_unary("/test.Echo/Say")
    yield say(b"x")
    response, call = say.with_call(b"x", timeout=5)
    yield response
    yield from (call.code(), call.details(), call.initial_metadata(), call.trailing_metadata(), call.is_active())
    yield from (call.cancel(), call.cancelled(), call.done(), call.running(), call.add_callback(lambda: None))
    yield str(call)
    yield repr(say)[:30]


def errors(channel: Any) -> Iterator[Any]:
    for code in ("NOT_FOUND", "ABORTED", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNAUTHENTICATED", "CANCELLED"):
        yield failure(channel.unary_unary("/test.Echo/Fail"), code.encode() + b":details of it")
    error = failure(channel.unary_unary("/test.Echo/Fail"), b"INTERNAL:")
    yield error
    yield from (error.initial_metadata(), error.done(), error.running(), error.cancel(), error.time_remaining is None)  # type: ignore[attr-defined]  # grpc's errors are calls too
    yield failure(channel.unary_unary("/test.Echo/Crash"), b"")
    yield failure(channel.unary_unary("/test.Echo/Fail").future(b"NOT_FOUND:there").result)
    yield channel.unary_unary("/test.Echo/Fail").future(b"NOT_FOUND:there").exception()


def futures(channel: Any) -> Iterator[Any]:
    future = channel.unary_unary("/test.Echo/Sleep").future(b"0.3", timeout=5)
    told = threading.Event()
    seen: list[bool] = []
    future.add_done_callback(lambda done: (seen.append(done is future), told.set()))
    yield from (future.done(), future.running(), future.is_active(), future.cancelled(), str(future))
    yield failure(future.result, timeout=0.05)
    yield future.result()
    told.wait(5)
    yield from (seen, future.done(), future.running(), future.is_active(), future.code(), future.exception())
    late: list[bool] = []
    future.add_done_callback(lambda done: late.append(done is future))
    yield late


def cancelling(channel: Any) -> Iterator[Any]:
    future = channel.unary_unary("/test.Echo/Sleep").future(b"0.2")
    yield from (future.cancel(), future.cancel(), future.cancelled(), future.done(), future.code(), future.details())
    yield failure(future.result)
    yield failure(future.exception)


def deadlines(channel: Any) -> Iterator[Any]:
    yield failure(channel.unary_unary("/test.Echo/Sleep"), b"0.3", timeout=0.1)
    yield failure(channel.unary_unary("/test.Echo/Say"), b"x", timeout=-1)
    stream = channel.unary_stream("/test.Echo/Count")(b"3", timeout=0.2)
    yield failure(next, stream)
    yield stream.code()


def streams(channel: Any) -> Iterator[Any]:
    yield list(channel.unary_stream("/test.Echo/Count")(b"1"))
    yield channel.stream_unary("/test.Echo/Join")(iter([b"a", b"b"]))
    response, call = channel.stream_unary("/test.Echo/Join").with_call(iter([]))
    yield from (response, call.code())
    yield list(channel.stream_stream("/test.Echo/Upper")(iter([b"a", b"b"])))
    broken = channel.unary_stream("/test.Echo/Break")(b"")
    yield from (next(broken), next(broken), failure(next, broken), failure(next, broken), broken.code())


def streams_cancelled(channel: Any) -> Iterator[Any]:
    stream = channel.unary_stream("/test.Echo/Endless")(b"")
    yield len(next(stream))
    yield from (stream.is_active(), stream.cancel(), stream.is_active(), stream.code(), failure(next, stream))

    def forever() -> Iterator[bytes]:
        yield b"a"
        time.sleep(0.3)

    both = channel.stream_stream("/test.Echo/Upper")(forever())
    yield next(both)
    both.cancel()
    yield failure(next, both)

    def bad() -> Iterator[bytes]:
        yield b"a"
        raise ValueError("the application's own mistake")

    yield failure(channel.stream_unary("/test.Echo/Join"), bad())


def serialisers(channel: Any) -> Iterator[Any]:
    yield channel.unary_unary("/test.Echo/Say", str.encode, bytes.decode)("text")
    yield failure(channel.unary_unary("/test.Echo/Say", lambda request: 1 // 0), "text")
    yield failure(channel.unary_unary("/test.Echo/Say", None, lambda answer: 1 // 0), b"x")


def sizes(channel: Any) -> Iterator[Any]:
    yield failure(channel.unary_unary("/test.Echo/Big"), b"4194305")


def bad_metadata(channel: Any) -> Iterator[Any]:
    for metadata in ((("Upper", "x"),), (("ok", "line\nbreak"),), (("sp ace", "x"),)):
        yield failure(channel.unary_unary("/test.Echo/Say"), b"", metadata=metadata)


TOPICS = (
    unary,
    errors,
    futures,
    cancelling,
    deadlines,
    streams,
    streams_cancelled,
    serialisers,
    sizes,
    bad_metadata,
)
