"""The synchronous channel: grpcio's own client layer over the simulated core."""

import threading
import time
from typing import Any

import pytest

from tests.harness.sim.rpc.servicer import HOST, Servicer, install
from tests.harness.sim.simulated import simulated

ROUND_TRIP_S = 0.001
READS_S = 1e-6
"""What a few dozen readings of the clock may add, at 1 ns each."""


def world(**options: Any) -> tuple[Servicer, Any, Any]:
    import grpc

    servicer = Servicer()
    fabric = install(servicer, **options)
    return servicer, fabric, grpc.insecure_channel(f"{HOST}:443")


def failure(call: Any, *arguments: Any, **options: Any) -> Any:
    import grpc

    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **options)
    return caught.value


class Stopwatch:
    def __init__(self) -> None:
        self.started = time.monotonic()

    def reads(self, seconds: float) -> bool:
        """Whether so much virtual time has passed since it was made."""
        return abs(time.monotonic() - self.started - seconds) < READS_S


@simulated
def test_a_unary_call_takes_one_round_trip() -> None:
    _, _, channel = world()
    watch = Stopwatch()
    assert channel.unary_unary("/test.Echo/Say")(b"hello") == b"hello!"
    assert watch.reads(ROUND_TRIP_S)


@simulated
def test_latency_is_asked_per_host() -> None:
    _, _, channel = world(latency_s=lambda host: {HOST: 0.25}[host])
    watch = Stopwatch()
    channel.unary_unary("/test.Echo/Say")(b"hello")
    assert watch.reads(0.25)


@simulated
def test_with_call_gives_the_response_and_the_call() -> None:
    import grpc

    _, _, channel = world()
    response, call = channel.unary_unary("/test.Echo/Say").with_call(b"hello")
    assert (response, call.code(), call.trailing_metadata()) == (b"hello!", grpc.StatusCode.OK, ())
    assert isinstance(call, grpc.Call)
    assert isinstance(call, grpc.Future)


@simulated
def test_the_handler_sees_the_caller_and_its_metadata_as_on_the_wire() -> None:
    _, _, channel = world(who=lambda: "worker#2")
    metadata = (("a", "1"), ("b-bin", b"\xff"), ("a", "2"))
    seen = channel.unary_unary("/test.Echo/Describe")(b"", metadata=metadata)
    assert eval(seen) == ("worker#2", {"a": "1,2", "b-bin": "/w"})


@simulated
def test_metadata_that_core_would_not_send_is_refused_in_its_words() -> None:
    error = failure(world()[2].unary_unary("/test.Echo/Say"), b"", metadata=(("Upper", "case"),))
    assert (error.code().name, error.details()) == ("INTERNAL", "Invalid metadata")


@simulated
def test_an_error_carries_code_details_and_trailers() -> None:
    import grpc

    _, _, channel = world()
    error = failure(channel.unary_unary("/test.Echo/Fail"), b"NOT_FOUND:no such thing")
    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, "no such thing")
    assert dict(error.trailing_metadata()) == {"x-reason": "because", "x-raw-bin": b"\x00\xff"}
    assert isinstance(error, grpc.Call)
    assert isinstance(error, grpc.Future)
    assert error.exception() is error


@simulated
def test_a_lost_connection_is_unavailable() -> None:
    error = failure(world()[2].unary_unary("/test.Echo/Lose"), b"")
    assert (error.code().name, error.details()) == ("UNAVAILABLE", "Socket closed")


@simulated
def test_a_handler_that_crashes_is_unknown_to_the_client_and_complained_of() -> None:
    complaints: list[Any] = []
    _, _, channel = world(complain=lambda method, error: complaints.append((method, type(error).__name__)))
    error = failure(channel.unary_unary("/test.Echo/Crash"), b"")
    assert error.code().name == "UNKNOWN"
    assert complaints == [("/test.Echo/Crash", "ZeroDivisionError")]


@simulated
def test_a_method_nobody_emulates_is_unimplemented_and_named() -> None:
    error = failure(world()[2].unary_unary("/test.Echo/Nothing"), b"")
    assert error.code().name == "UNIMPLEMENTED"
    assert "/test.Echo/Nothing" in error.details()


@simulated
def test_a_deadline_passes_at_its_very_time_on_both_sides() -> None:
    servicer, _, channel = world()
    watch = Stopwatch()
    error = failure(channel.unary_unary("/test.Echo/Sleep"), b"10", timeout=3)
    assert error.code().name == "DEADLINE_EXCEEDED"
    assert watch.reads(3)
    time.sleep(20)
    assert servicer.notes == [("ended", 2.9995), ("slept", False)]


@simulated
def test_a_call_whose_deadline_is_over_never_reaches_the_handler() -> None:
    servicer, _, channel = world()
    error = failure(channel.unary_unary("/test.Echo/Sleep"), b"0", timeout=-1)
    time.sleep(1)
    assert (error.code().name, servicer.notes) == ("DEADLINE_EXCEEDED", [])


@simulated
def test_a_future_is_cancelled_at_once_here_and_half_a_round_trip_later_there() -> None:
    import grpc

    servicer, _, channel = world()
    future = channel.unary_unary("/test.Echo/Sleep").future(b"10")
    done: list[Any] = []
    future.add_done_callback(lambda f: done.append(f.code()))
    time.sleep(1)
    assert future.is_active()
    assert future.cancel()
    assert future.cancelled()
    time.sleep(1)
    assert done == [grpc.StatusCode.CANCELLED]
    assert servicer.notes == [("ended", 1.0)]
    with pytest.raises(grpc.FutureCancelledError):
        future.result()


@simulated
def test_waiting_for_a_future_times_out_in_virtual_time() -> None:
    import grpc

    _, _, channel = world()
    future = channel.unary_unary("/test.Echo/Sleep").future(b"10", timeout=60)
    watch = Stopwatch()
    with pytest.raises(grpc.FutureTimeoutError):
        future.result(timeout=4)
    assert watch.reads(4)
    assert 55.99 < future.time_remaining() < 56
    assert future.result() == b"rested"


@simulated
def test_a_response_stream_arrives_as_it_is_made() -> None:
    _, _, channel = world()
    started = time.monotonic()
    arrivals = [(m, round(time.monotonic() - started, 6)) for m in channel.unary_stream("/test.Echo/Count")(b"3")]
    assert arrivals == [(b"0", 1.001), (b"1", 2.001), (b"2", 3.001)]


@simulated
def test_a_request_stream_is_joined() -> None:
    _, _, channel = world()
    assert channel.stream_unary("/test.Echo/Join")(iter([b"a", b"b"])) == b"a,b"
    assert channel.stream_unary("/test.Echo/Join").future(iter([b"a"])).result(timeout=1) == b"a"


@simulated
def test_both_ways_stream_at_once() -> None:
    servicer, _, channel = world()
    assert list(channel.stream_stream("/test.Echo/Upper")(iter([b"a", b"b"]))) == [b"A", b"B"]
    assert servicer.notes == ["half-closed"]


@simulated
def test_an_error_in_a_stream_comes_after_the_messages_before_it() -> None:
    import grpc

    _, _, channel = world()
    stream = channel.unary_stream("/test.Echo/Break")(b"")
    time.sleep(1)
    assert stream.is_active()
    assert [next(stream), next(stream)] == [b"one", b"two"]
    with pytest.raises(grpc.RpcError):
        next(stream)
    assert stream.code() == grpc.StatusCode.ABORTED


@simulated
def test_a_cancelled_request_stream_does_not_look_like_a_finished_one() -> None:
    servicer, _, channel = world()
    stop = threading.Event()

    def requests() -> Any:
        yield b"a"
        stop.wait()

    stream = channel.stream_stream("/test.Echo/Upper")(requests())
    assert next(stream) == b"A"
    stream.cancel()
    time.sleep(1)
    assert servicer.notes == ["CANCELLED"]


@simulated
def test_an_endless_stream_runs_no_further_ahead_than_the_flow_control_window() -> None:
    servicer, _, channel = world()
    stream = channel.unary_stream("/test.Echo/Endless")(b"")
    next(stream)
    time.sleep(1)
    # 65,535 bytes hold 65 messages of 1,005 and the start of one more; one was taken, and one waits to be sent.
    assert len(servicer.notes) == 68
    stream.cancel()
    time.sleep(1)
    assert servicer.notes[-1] == "closed"


@simulated
def test_a_response_larger_than_the_channel_allows_is_resource_exhausted() -> None:
    import grpc

    _, _, channel = world()
    say = channel.unary_unary("/test.Echo/Big")
    assert len(say(b"%d" % (4 * 1024 * 1024))) == 4 * 1024 * 1024
    error = failure(say, b"%d" % (4 * 1024 * 1024 + 1))
    assert error.code().name == "RESOURCE_EXHAUSTED"
    assert error.details() == "Stream removed (CLIENT: Received message larger than max (4194305 vs. 4194304))"
    boundless = grpc.insecure_channel(f"{HOST}:443", options=[("grpc.max_receive_message_length", -1)])
    assert len(boundless.unary_unary("/test.Echo/Big")(b"5000000")) == 5_000_000


@simulated
def test_a_retry_policy_that_would_not_be_carried_out_is_refused() -> None:
    import grpc

    world()
    with pytest.raises(ValueError, match="retryPolicy"):
        grpc.insecure_channel(HOST, options=[("grpc.service_config", '{"methodConfig": [{"retryPolicy": {}}]}')])


@simulated
def test_a_name_that_does_not_resolve_is_unavailable() -> None:
    servicer, _, channel = world()
    servicer.up = False
    error = failure(channel.unary_unary("/test.Echo/Say"), b"")
    assert error.code().name == "UNAVAILABLE"
    assert error.details().startswith("DNS resolution failed")


@simulated
def test_wait_for_ready_waits_until_the_host_is_there() -> None:
    servicer, _, channel = world()
    servicer.up = False

    def start() -> None:
        servicer.up = True

    threading.Timer(10, start).start()
    watch = Stopwatch()
    assert channel.unary_unary("/test.Echo/Say")(b"x", wait_for_ready=True, timeout=60) == b"x!"
    # gRPC's back-off: tries at 1, 2.6, 5.16, 9.256 and 15.8096 seconds.
    assert watch.reads(15.8096 + ROUND_TRIP_S)


@simulated
def test_wait_for_ready_ends_at_the_deadline() -> None:
    servicer, fabric, channel = world()
    servicer.up = False
    watch = Stopwatch()
    error = failure(channel.unary_unary("/test.Echo/Say"), b"x", wait_for_ready=True, timeout=30)
    assert error.code().name == "DEADLINE_EXCEEDED"
    assert watch.reads(30)
    assert fabric.calls == ()


@simulated
def test_connectivity_is_told_to_subscribers() -> None:
    import grpc

    _, _, channel = world()
    states: list[str] = []
    channel.subscribe(lambda state: states.append(state.name), try_to_connect=True)
    time.sleep(1)
    assert states == ["IDLE", "CONNECTING", "READY"]
    watch = Stopwatch()
    other = grpc.insecure_channel(f"{HOST}:443")
    grpc.channel_ready_future(other).result(timeout=5)
    assert watch.reads(ROUND_TRIP_S)


@simulated
def test_closing_a_channel_cancels_what_is_under_way_and_refuses_what_follows() -> None:
    _, fabric, channel = world()
    future = channel.unary_unary("/test.Echo/Sleep").future(b"10")
    channel.close()
    time.sleep(0)
    assert (future.code().name, future.details()) == ("CANCELLED", "Channel closed!")
    with pytest.raises(ValueError, match="closed channel"):
        channel.unary_unary("/test.Echo/Say")(b"")
    time.sleep(1)
    assert fabric.calls == ()


@simulated
def test_interceptors_see_calls_and_change_them() -> None:
    import grpc

    class Tag(grpc.UnaryUnaryClientInterceptor):
        def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            return continuation(details._replace(metadata=[("tag", "yes")]), request)

    _, _, channel = world()
    tagged = grpc.intercept_channel(channel, Tag())
    assert b"'tag': 'yes'" in tagged.unary_unary("/test.Echo/Describe", _registered_method=True)(b"")


@simulated
def test_a_channel_function_bound_before_installing_is_simulated_too() -> None:
    from grpc import insecure_channel

    install(Servicer())
    with insecure_channel(f"dns:///{HOST}:443") as channel:
        assert channel.unary_unary("/test.Echo/Say")(b"early") == b"early!"


@simulated
def test_serving_on_a_real_port_is_refused_with_the_remedy() -> None:
    from concurrent import futures

    import grpc

    world()
    with pytest.raises(RuntimeError, match="back end of the world"):
        grpc.server(futures.ThreadPoolExecutor())


@simulated
def test_a_dead_callers_calls_vanish_and_their_handlers_see_it_go() -> None:
    servicer, fabric, channel = world()
    future = channel.unary_unary("/test.Echo/Sleep").future(b"10")
    told: list[Any] = []
    future.add_done_callback(told.append)
    time.sleep(1)
    fabric.abort_owner("client#0")
    time.sleep(60)
    assert told == []
    assert servicer.notes == [("ended", 1.0), ("slept", False)]
    assert fabric.calls == ()


@simulated
def test_a_dead_servers_calls_end_as_unavailable() -> None:
    _, fabric, channel = world(server=lambda host: "server#0")
    threading.Timer(5, fabric.abort_owner, ["server#0"]).start()
    watch = Stopwatch()
    error = failure(channel.unary_unary("/test.Echo/Sleep"), b"10")
    assert (error.code().name, error.details()) == ("UNAVAILABLE", "Socket closed")
    assert watch.reads(5 + ROUND_TRIP_S / 2)


@simulated
def test_a_finished_call_leaves_nothing_for_the_collector() -> None:
    import gc

    _, _, channel = world()

    def calls() -> None:
        channel.unary_unary("/test.Echo/Say")(b"x", timeout=60)
        channel.unary_unary("/test.Echo/Say").future(b"x", timeout=60).result()
        assert len(list(channel.unary_stream("/test.Echo/Count")(b"2"))) == 2
        assert list(channel.stream_stream("/test.Echo/Upper")(iter([b"a"]))) == [b"A"]

    # Collections run at fixed points of virtual time only: until then cycles would keep every message of a run.
    calls()
    gc.collect()
    calls()
    time.sleep(120)
    assert gc.collect() == 0
