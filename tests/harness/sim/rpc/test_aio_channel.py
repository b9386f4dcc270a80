"""grpc.aio: grpcio's own coroutine layer over the simulated core."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from tests.harness.sim.rpc.servicer import HOST, Servicer, install
from tests.harness.sim.simulated import simulated

READS_S = 1e-6


def on_a_channel(body: Callable[[Servicer, Any], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def main() -> None:
        import grpc

        servicer = Servicer()
        install(servicer, **options)
        async with grpc.aio.insecure_channel(f"{HOST}:443") as channel:
            await body(servicer, channel)

    asyncio.run(main())


def passed(started: float, seconds: float) -> bool:
    return abs(time.monotonic() - started - seconds) < READS_S


@simulated
def test_a_unary_call_takes_one_round_trip() -> None:
    async def body(servicer: Servicer, channel: Any) -> None:
        started = time.monotonic()
        call = channel.unary_unary("/test.Echo/Say")(b"hello")
        assert await call == b"hello!"
        assert passed(started, 0.001)
        assert (await call.code()).name == "OK"
        assert call.done()

    on_a_channel(body)


@simulated
def test_calls_run_side_by_side() -> None:
    async def body(servicer: Servicer, channel: Any) -> None:
        started = time.monotonic()
        sleep = channel.unary_unary("/test.Echo/Sleep")
        assert await asyncio.gather(*[sleep(b"%d" % seconds) for seconds in (1, 2, 3)]) == [b"rested"] * 3
        assert passed(started, 3.001)

    on_a_channel(body)


@simulated
def test_an_error_carries_code_details_and_trailers() -> None:
    async def body(servicer: Servicer, channel: Any) -> None:
        import grpc

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/test.Echo/Fail")(b"ABORTED:too much contention")
        assert (caught.value.code().name, caught.value.details()) == ("ABORTED", "too much contention")
        assert caught.value.trailing_metadata()["x-raw-bin"] == b"\x00\xff"

    on_a_channel(body)


@simulated
def test_a_deadline_passes_at_its_very_time() -> None:
    async def body(servicer: Servicer, channel: Any) -> None:
        import grpc

        started = time.monotonic()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/test.Echo/Sleep")(b"10", timeout=3)
        assert caught.value.code().name == "DEADLINE_EXCEEDED"
        assert passed(started, 3)
        await asyncio.sleep(20)
        assert servicer.notes == [("ended", 2.9995), ("slept", False)]

    on_a_channel(body)


@simulated
def test_cancelling_the_task_cancels_the_call() -> None:
    async def body(servicer: Servicer, channel: Any) -> None:
        task = asyncio.create_task(_await(channel.unary_unary("/test.Echo/Sleep")(b"10")))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(1)
        assert servicer.notes == [("ended", 1.0)]

    on_a_channel(body)


async def _await(call: Any) -> Any:
    return await call


@simulated
def test_streams_of_all_kinds() -> None:
    async def requests() -> AsyncIterator[bytes]:
        for request in (b"a", b"b"):
            await asyncio.sleep(1)
            yield request

    async def body(servicer: Servicer, channel: Any) -> None:
        assert [m async for m in channel.unary_stream("/test.Echo/Count")(b"3")] == [b"0", b"1", b"2"]
        assert await channel.stream_unary("/test.Echo/Join")(requests()) == b"a,b"
        assert [m async for m in channel.stream_stream("/test.Echo/Upper")(requests())] == [b"A", b"B"]

    on_a_channel(body)


@simulated
def test_reading_and_writing_by_hand() -> None:
    async def body(servicer: Servicer, channel: Any) -> None:
        import grpc

        call = channel.stream_stream("/test.Echo/Upper")()
        await call.write(b"x")
        assert await call.read() == b"X"
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert (await call.code()).name == "OK"

    on_a_channel(body)


@simulated
def test_an_error_in_a_stream_comes_after_the_messages_before_it() -> None:
    async def body(servicer: Servicer, channel: Any) -> None:
        import grpc

        got: list[bytes] = []
        with pytest.raises(grpc.aio.AioRpcError):
            async for message in channel.unary_stream("/test.Echo/Break")(b""):
                got.append(message)
        assert got == [b"one", b"two"]

    on_a_channel(body)


@simulated
def test_an_unknown_host_is_unavailable_and_wait_for_ready_outlasts_it() -> None:
    async def body(servicer: Servicer, channel: Any) -> None:
        import grpc

        servicer.up = False
        say = channel.unary_unary("/test.Echo/Say")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await say(b"x")
        assert caught.value.code().name == "UNAVAILABLE"

        def start() -> None:
            servicer.up = True

        threading.Timer(2, start).start()
        assert await say(b"x", wait_for_ready=True) == b"x!"

    on_a_channel(body)


@simulated
def test_a_channel_tells_its_state() -> None:
    async def body(servicer: Servicer, channel: Any) -> None:
        import grpc

        assert channel.get_state() == grpc.ChannelConnectivity.IDLE
        await channel.channel_ready()
        assert channel.get_state() == grpc.ChannelConnectivity.READY

    on_a_channel(body)


@simulated
def test_interceptors_see_calls() -> None:
    import grpc

    seen: list[str] = []

    class Note(grpc.aio.UnaryUnaryClientInterceptor):
        async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            seen.append(details.method)
            return await continuation(details, request)

    async def main() -> None:
        install(Servicer())
        channel = grpc.aio.insecure_channel(f"{HOST}:443", interceptors=[Note()])
        assert await channel.unary_unary("/test.Echo/Say")(b"x") == b"x!"
        await channel.close()

    asyncio.run(main())
    assert seen == [b"/test.Echo/Say"]


@simulated
def test_closing_the_channel_cancels_and_refuses() -> None:
    async def body(servicer: Servicer, channel: Any) -> None:
        import grpc

        call = channel.unary_unary("/test.Echo/Sleep")(b"10")
        await asyncio.sleep(1)
        await channel.close()
        assert call.cancelled()
        with pytest.raises(grpc.aio.UsageError):
            channel.unary_unary("/test.Echo/Say")(b"x")
        await asyncio.sleep(1)
        assert servicer.notes == [("ended", 1.0)]

    on_a_channel(body)


@simulated
def test_loops_in_several_threads_have_channels_of_their_own() -> None:
    import grpc

    install(Servicer())
    got: list[bytes] = []

    async def say(word: bytes) -> None:
        async with grpc.aio.insecure_channel(f"{HOST}:443") as channel:
            got.append(await channel.unary_unary("/test.Echo/Say")(word))

    threads = [threading.Thread(target=lambda w=word: asyncio.run(say(w))) for word in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [b"a!", b"b!", b"c!"]
