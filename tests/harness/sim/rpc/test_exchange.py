"""Whatever two ends do to one RPC, it ends once, in time, in order, and leaves nothing behind."""

import time
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.harness.sim.simulated import in_simulation

pauses_ms = st.sampled_from([0, 0, 1, 1, 5, 50])
sizes = st.sampled_from([0, 10, 30_000, 100_000])
plans = st.fixed_dictionaries(
    {
        "answers": st.lists(st.tuples(pauses_ms, sizes), max_size=6),
        "ending": st.sampled_from(["return", "fail", "lose", "crash"]),
        "reads_requests": st.booleans(),
        "requests": st.lists(st.tuples(pauses_ms, sizes), max_size=4),
        "reading_ms": pauses_ms,
        "timeout_ms": st.sampled_from([None, 1, 20, 500]),
        "cancel_ms": st.sampled_from([None, None, 0, 2, 30]),
        "stop_after": st.sampled_from([None, None, 1]),
    }
)


def play(plan: dict[str, Any]) -> dict[str, Any]:
    """Carry out `plan` and say what both ends saw."""
    import threading

    import grpc

    from fakes.seam import ConnectionLost, GrpcError, GrpcMethod
    from harness.sim.rpc.install import install

    ended: list[float] = []
    contexts: list[Any] = []
    asked: list[bytes] = []

    def serve(requests: Any, context: Any) -> Any:
        contexts.append(context)
        context.add_callback(lambda: ended.append(time.monotonic()))
        if plan["reads_requests"]:
            asked.extend(requests)
        for number, (pause_ms, size) in enumerate(plan["answers"]):
            time.sleep(pause_ms / 1000)
            yield b"%d:" % number + b"x" * size
        if plan["ending"] == "fail":
            raise GrpcError("ABORTED", "as planned")
        if plan["ending"] == "lose":
            raise ConnectionLost
        if plan["ending"] == "crash":
            raise RuntimeError("as planned")

    def requests() -> Any:
        for number, (pause_ms, size) in enumerate(plan["requests"]):
            time.sleep(pause_ms / 1000)
            yield b"%d:" % number + b"x" * size

    fabric = install(
        lambda host: {"/p/Call": GrpcMethod("stream_stream", serve)},
        lambda: "client#0",
        complain=lambda method, error: None,
    )
    channel = grpc.insecure_channel("host:443")
    started = time.monotonic()
    timeout_s = None if plan["timeout_ms"] is None else plan["timeout_ms"] / 1000
    call = channel.stream_stream("/p/Call")(requests(), timeout=timeout_s)
    told: list[float] = []
    call.add_done_callback(lambda _: told.append(time.monotonic()))
    if plan["cancel_ms"] is not None:
        threading.Timer(plan["cancel_ms"] / 1000, call.cancel).start()
    got: list[bytes] = []
    try:
        for message in call:
            got.append(message)
            time.sleep(plan["reading_ms"] / 1000)
            if len(got) == plan["stop_after"]:
                call.cancel()
    except grpc.RpcError:
        pass
    code = call.code().name
    time.sleep(10)
    return {
        "code": code,
        "got": [(int(message.partition(b":")[0]), len(message.partition(b":")[2])) for message in got],
        "asked": [int(message.partition(b":")[0]) for message in asked],
        "ended_s": [at - started for at in ended],
        "told_s": [at - started for at in told],
        "served": len(contexts),
        "active": [context.is_active() for context in contexts],
        "late": [context.add_callback(lambda: None) for context in contexts],
        "left": len(fabric.calls),
    }


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans)
@example(
    plan={
        "answers": [(0, 100_000)] * 6,
        "ending": "return",
        "reads_requests": False,
        "requests": [(0, 100_000)] * 4,
        "reading_ms": 50,
        "timeout_ms": 20,
        "cancel_ms": None,
        "stop_after": None,
    }
)
def test_an_rpc_ends_once_in_time_in_order_and_leaves_nothing(plan: dict[str, Any]) -> None:
    seen = in_simulation(f"{__name__}:play", plan=plan)
    answers = [[number, size] for number, (_, size) in enumerate(plan["answers"])]
    assert seen["got"] == answers[: len(seen["got"])], "messages are a prefix of what was sent, in order"
    assert seen["asked"] == list(range(len(seen["asked"])))
    if seen["code"] == "OK":
        assert seen["got"] == answers
        assert plan["ending"] == "return"
    if seen["code"] == "ABORTED":
        assert seen["got"] == answers
        assert plan["ending"] == "fail"
    assert len(seen["told_s"]) == 1
    assert seen["served"] in (0, 1)
    assert len(seen["ended_s"]) == seen["served"]
    if plan["timeout_ms"] is not None:
        limit_s = plan["timeout_ms"] / 1000 + 1e-6
        assert all(at_s <= limit_s for at_s in [*seen["told_s"], *seen["ended_s"]])
    assert seen["active"] == [False] * seen["served"]
    assert seen["late"] == [False] * seen["served"]
    assert seen["left"] == 0
    allowed = {"return": "OK", "fail": "ABORTED", "lose": "UNAVAILABLE", "crash": "UNKNOWN"}[plan["ending"]]
    codes = {allowed}
    if plan["timeout_ms"] is not None:
        codes.add("DEADLINE_EXCEEDED")
    if plan["cancel_ms"] is not None or plan["stop_after"] is not None:
        codes.add("CANCELLED")
    assert seen["code"] in codes
