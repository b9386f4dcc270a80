"""Whatever is in the way, a stream's bytes arrive whole and in order, or not at all."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.sim.simulated import in_simulation
from tests.harness.sim.world import a_network, echo

HARMLESS = st.one_of(
    st.builds(
        lambda ms, j: ("latency", {"latency": ms, "jitter": min(j, ms)}), st.integers(0, 500), st.integers(0, 99)
    ),
    st.builds(lambda rate: ("bandwidth", {"rate": rate}), st.integers(1, 5000)),
    st.builds(
        lambda size, vary, us: ("slicer", {"average_size": size, "size_variation": min(vary, size - 1), "delay": us}),
        st.integers(1, 3000),
        st.integers(0, 200),
        st.integers(0, 5000),
    ),
    st.builds(lambda ms: ("slow_close", {"delay": ms}), st.integers(0, 2000)),
)
OPTIONS: dict[str, Any] = {
    "max_examples": 15,
    "deadline": None,
}


def crossing(toxics: list[tuple[str, dict[str, int]]], writes: list[int], reads: list[int], cut: int) -> dict[str, Any]:
    """Send `writes` sizes of numbered bytes, read by `reads` sizes in turn; `cut` limits the data unless negative."""
    import itertools
    import socket

    import gevent

    from harness.sim.toxics.catalog import build

    network = a_network()
    accepted: list[Any] = []
    network.listen("api.test", 7000, accepted.append)
    for number, (type_name, attributes) in enumerate(toxics):
        network.add_toxic("api.test", build(type_name, attributes), stream="upstream", name=str(number))
    if cut >= 0:
        network.add_toxic("api.test", build("limit_data", {"bytes": cut}), stream="upstream")
    client = socket.create_connection(("api.test", 7000))
    sent = b"".join(bytes([number % 251]) * size for number, size in enumerate(writes, 1))

    def write() -> None:
        rest = memoryview(sent)
        try:
            for size in writes:
                client.sendall(rest[:size])
                rest = rest[size:]
                gevent.sleep(0.001 * (size % 3))
        except OSError:
            assert cut >= 0
        client.close()

    gevent.spawn(write)
    received = b""
    server = accepted[0].server
    for size in itertools.cycle(reads):
        data = server.read(size, None)
        if not data:
            break
        assert len(data) <= size
        received += data
    return {"whole": received == sent, "prefix": sent.startswith(received), "bytes": len(received)}


@settings(**OPTIONS)
@given(
    toxics=st.lists(HARMLESS, max_size=3),
    writes=st.lists(st.integers(1, 30_000), min_size=1, max_size=8),
    reads=st.lists(st.integers(1, 20_000), min_size=1, max_size=5),
)
def test_no_harmless_toxic_loses_or_reorders_a_byte(toxics: Any, writes: list[int], reads: list[int]):
    assert in_simulation(f"{__name__}:crossing", toxics=toxics, writes=writes, reads=reads, cut=-1)["whole"]


@settings(**OPTIONS)
@given(
    toxics=st.lists(HARMLESS, max_size=2),
    writes=st.lists(st.integers(1, 10_000), min_size=1, max_size=5),
    cut=st.integers(0, 60_000),
)
def test_a_limit_lets_exactly_the_first_bytes_through(toxics: Any, writes: list[int], cut: int):
    found = in_simulation(f"{__name__}:crossing", toxics=toxics, writes=writes, reads=[4096], cut=cut)
    assert found["prefix"]
    assert found["bytes"] == min(cut, sum(writes))


def conversation(cuts: list[int]) -> str:
    """The answers to three requests when their bytes arrive cut at `cuts`."""
    import itertools
    import socket

    import gevent

    from harness.sim.http_server import serve

    serve(a_network(), "api.test", [80], echo)
    requests = (
        b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
        b"PUT /two HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        b"GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    client = socket.create_connection(("api.test", 80))
    places = sorted({0, len(requests), *(cut % len(requests) for cut in cuts)})
    for start, end in itertools.pairwise(places):
        client.sendall(requests[start:end])
        gevent.sleep(1)
    answer = b""
    while data := client.recv(10_000):
        answer += data
    return answer.decode()


@settings(**OPTIONS)
@given(cuts=st.lists(st.integers(1, 10_000), max_size=10))
def test_the_front_end_does_not_care_where_packets_end(cuts: list[int]):
    answer = in_simulation(f"{__name__}:conversation", cuts=cuts)
    assert [line.partition("HTTP/1.1")[0] for line in answer.splitlines() if " /" in line] == [
        "POST /one hello",
        "PUT /two abcde",
        "GET /three ",
    ]
