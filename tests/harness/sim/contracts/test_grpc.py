"""grpcio: deadlines, retries by service config, cancellation, streams, a peer that dies, and both loops at once."""

import asyncio
import threading
import time
from typing import Any

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.rpc.servicer import HOST, Servicer, install

ABOUT = Library("grpcio", loads=("grpc", "grpc.aio", "google.api_core.grpc_helpers"))

AT = f"{HOST}:443"


@contract(ABOUT)
def test_a_deadline_ends_a_call_at_its_instant_and_the_handler_learns_of_it(trace: Trace) -> None:
    import grpc

    servicer = Servicer()
    install(servicer)
    with grpc.insecure_channel(AT) as channel:
        try:
            channel.unary_unary("/test.Echo/Sleep")(b"10", timeout=3)
        except grpc.RpcError as error:
            trace(error.code().name)
        time.sleep(10)
    trace(servicer.notes)
    trace.expect((3.0, "DEADLINE_EXCEEDED"), (13.0, [["ended", 2.9995], ["slept", False]]))


@contract(ABOUT)
def test_errors_carry_code_details_and_trailers_and_api_core_knows_them(trace: Trace) -> None:
    import grpc
    from google.api_core import exceptions, grpc_helpers

    install(Servicer())
    with grpc.insecure_channel(AT) as channel:
        fail = channel.unary_unary("/test.Echo/Fail")
        for code in ("NOT_FOUND", "ABORTED", "RESOURCE_EXHAUSTED", "UNAVAILABLE"):
            try:
                grpc_helpers.wrap_errors(fail)(f"{code}:because".encode())
            except exceptions.GoogleAPICallError as error:
                trace(type(error).__name__, error.message)
    trace.expect(
        (0.001, "NotFound", "because"),
        (0.002, "Aborted", "because"),
        (0.003, "ResourceExhausted", "because"),
        (0.004, "ServiceUnavailable", "because"),
    )


@contract(ABOUT)
def test_a_stream_is_read_as_it_is_sent_and_can_be_cancelled_from_another_thread(trace: Trace) -> None:
    import grpc

    install(Servicer())
    with grpc.insecure_channel(AT) as channel:
        stream = channel.unary_stream("/test.Echo/Count")(b"10")
        threading.Timer(2.5, stream.cancel).start()
        try:
            for message in stream:
                trace(message.decode())
        except grpc.RpcError as error:
            trace(error.code().name)
    trace.expect((1.001, "0"), (2.001, "1"), (2.5, "CANCELLED"))


@contract(ABOUT, know="a channel reconnects with gRPC's own back-off: 1 s, then 1.6 times as long, with jitter")
def test_wait_for_ready_outlasts_a_server_that_is_away(trace: Trace) -> None:
    import grpc

    servicer = Servicer()
    install(servicer)
    servicer.up = False
    with grpc.insecure_channel(AT) as channel:
        say = channel.unary_unary("/test.Echo/Say")
        try:
            say(b"x", timeout=5)
        except grpc.RpcError as error:
            trace(error.code().name)

        def come_back() -> None:
            servicer.up = True

        threading.Timer(30, come_back).start()
        trace(say(b"x", wait_for_ready=True, timeout=120).decode())
    trace.expect((0.001, "UNAVAILABLE"), (43.0746, "x!"))


@contract(ABOUT)
def test_futures_cancel_and_call_back_in_their_thread(trace: Trace) -> None:
    import grpc

    install(Servicer())
    with grpc.insecure_channel(AT) as channel:
        sleep = channel.unary_unary("/test.Echo/Sleep")
        done = threading.Event()
        first, second = sleep.future(b"2"), sleep.future(b"5")
        first.add_done_callback(lambda future: (trace("first", future.code().name), done.set()))
        done.wait()
        second.cancel()
        trace("second", second.cancelled(), second.code().name)
        pending = sleep.future(b"60")
    trace("closed", pending.code().name)
    trace.expect((2.001, "first", "OK"), (2.001, "second", True, "CANCELLED"), (2.001, "closed", "CANCELLED"))


@contract(ABOUT)
def test_aio_calls_and_plain_coroutines_share_a_loop(trace: Trace) -> None:
    import grpc

    install(Servicer())

    async def ticking() -> int:
        ticks = 0
        while True:
            await asyncio.sleep(1)
            ticks += 1
            if ticks == 4:
                return ticks

    async def main() -> None:
        async with grpc.aio.insecure_channel(AT) as channel:
            sleep = channel.unary_unary("/test.Echo/Sleep")
            ticks, *answers = await asyncio.gather(ticking(), *[sleep(b"%d" % number) for number in (1, 2, 3)])
            trace("all", ticks, [answer.decode() for answer in answers])
            try:
                async with asyncio.timeout(1.5):
                    await sleep(b"10")
            except TimeoutError:
                trace("timed out")
            try:
                await sleep(b"10", timeout=2)
            except grpc.aio.AioRpcError as error:
                trace(error.code().name)

    asyncio.run(main())
    trace.expect((4.0, "all", 4, ["rested"] * 3), (5.5, "timed out"), (7.5, "DEADLINE_EXCEEDED"))


@contract(ABOUT)
def test_sync_calls_from_to_thread_and_aio_calls_meet_one_servicer(trace: Trace) -> None:
    import grpc

    install(Servicer())

    async def main() -> None:
        with grpc.insecure_channel(AT) as plain:
            async with grpc.aio.insecure_channel(AT) as channel:
                sleep = plain.unary_unary("/test.Echo/Sleep")
                async with asyncio.TaskGroup() as group:
                    group.create_task(asyncio.to_thread(sleep, b"2"))
                    group.create_task(_noted(trace, channel.unary_unary("/test.Echo/Sleep")(b"1")))
                trace("both")

    asyncio.run(main())
    trace.expect((1.001, "aio"), (2.001, "both"))


async def _noted(trace: Trace, call: Any) -> None:
    await call
    trace("aio")
