"""Each toxic does what Toxiproxy's of that name does, at exact times."""

import socket
from typing import Any

import pytest

from harness.sim.toxics.catalog import TOXICS, build
from tests.harness.sim.simulated import in_simulation, simulated
from tests.harness.sim.world import a_network, now_s

HOST = "api.test"


class Line:
    """A client connected to `api.test:7000` and the server's end, over a network without latency of its own."""

    def __init__(self) -> None:
        self.network = a_network(latency_s=0.0)
        self._accepted: list[Any] = []
        self.network.listen(HOST, 7000, self._accepted.append)

    def toxic(self, type_name: str, stream: str = "downstream", **attributes: Any) -> str:
        return self.network.add_toxic(HOST, build(type_name, attributes), stream=stream)

    def connect(self) -> tuple[socket.socket, Any]:
        client = socket.create_connection((HOST, 7000))
        return client, self._accepted.pop().server


def arrivals(client: socket.socket, sizes: int) -> list[tuple[float, int]]:
    """(milliseconds since now, bytes) of each arrival until `sizes` bytes or the end."""
    began, seen, left = now_s(), [], sizes
    while left > 0 and (data := client.recv(left)):
        left -= len(data)
        seen.append((round((now_s() - began) * 1000, 3), len(data)))
    return seen


@simulated
def test_latency_delays_each_piece_of_data_and_keeps_the_order():
    line = Line()
    line.toxic("latency", latency=200)
    client, server = line.connect()
    server.write_all(b"a" * 10, None)
    assert arrivals(client, 10) == [(200.0, 10)]
    client.sendall(b"x")
    began = now_s()
    assert server.read(10, None) == b"x"  # the other stream is not touched
    assert now_s() == began


@simulated
def test_jitter_stays_within_its_bounds():
    line = Line()
    line.toxic("latency", latency=100, jitter=50)
    client, server = line.connect()
    times = []
    for _ in range(50):
        server.write_all(b"x", None)
        times.append(arrivals(client, 1)[0][0])
    assert 50 <= min(times) < 70
    assert 130 < max(times) <= 150


def jittered() -> list[float]:
    line = Line()
    line.toxic("latency", latency=100, jitter=50)
    client, server = line.connect()
    times = []
    for _ in range(5):
        server.write_all(b"x", None)
        times.append(arrivals(client, 1)[0][0])
    return times


def test_jitter_is_the_seeds_and_nothing_elses():
    body = f"{__name__}:jittered"
    first = in_simulation(body, seed=1)
    assert in_simulation(body, seed=1, hash_seed=7) == first
    assert in_simulation(body, seed=2) != first


@simulated
def test_bandwidth_lets_pieces_of_a_tenth_of_a_second_through():
    line = Line()
    line.toxic("bandwidth", rate=10)
    client, server = line.connect()
    server.write_all(b"x" * 2500, None)
    assert arrivals(client, 2500) == [(100.0, 1000), (200.0, 1000), (250.0, 500)]


@simulated
def test_bandwidth_blocks_a_sender_once_the_window_is_full():
    from harness.sim.flow import WINDOW_BYTES

    line = Line()
    line.toxic("bandwidth", "upstream", rate=100)
    client, server = line.connect()
    import gevent

    reader = gevent.spawn(lambda: [None for _ in iter(lambda: server.read(1 << 20, None), b"")])
    began = now_s()
    client.sendall(b"x" * (WINDOW_BYTES + 1_000_000))
    assert 8 < now_s() - began < 16  # all but a window has crossed at 100 KB/s
    client.close()
    reader.get()
    assert round(now_s() - began, 1) == round((WINDOW_BYTES + 1_000_000) / 100_000, 1)


@simulated
def test_slow_close_delays_the_end_only():
    line = Line()
    line.toxic("slow_close", delay=3000)
    client, server = line.connect()
    server.write_all(b"x", None)
    server.released()
    began = now_s()
    assert client.recv(1) == b"x"
    assert now_s() == began
    assert client.recv(1) == b""
    assert round(now_s() - began, 6) == 3.0


@simulated
def test_timeout_drops_data_and_closes_after_the_last_of_it():
    import time

    line = Line()
    line.toxic("timeout", "upstream", timeout=1000)
    client, server = line.connect()
    began = now_s()
    time.sleep(0.5)
    client.sendall(b"dropped")
    assert client.recv(1) == b""
    assert round(now_s() - began, 6) == 1.5
    assert server.read(1, None) == b""


@simulated
def test_timeout_zero_never_closes_until_it_is_taken_away():
    line = Line()
    name = line.toxic("timeout", timeout=0)
    client, server = line.connect()
    server.write_all(b"dropped", None)
    client.settimeout(10_000)
    with pytest.raises(TimeoutError):
        client.recv(1)
    line.network.remove_toxic(HOST, name)
    assert client.recv(1) == b""


@simulated
def test_reset_peer_resets_both_ends_a_while_after_the_first_data():
    import time

    line = Line()
    line.toxic("reset_peer", "upstream", timeout=500)
    client, server = line.connect()
    time.sleep(5)
    began = now_s()
    client.sendall(b"x")
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert round(now_s() - began, 6) == 0.5
    with pytest.raises(ConnectionResetError):
        server.read(1, None)


@simulated
def test_slicer_cuts_data_into_pieces_a_delay_apart_and_loses_none():
    line = Line()
    line.toxic("slicer", average_size=100, size_variation=20, delay=1000)
    client, server = line.connect()
    data = bytes(range(250)) * 4
    server.write_all(data, None)
    seen = arrivals(client, 1000)
    assert [at for at, _ in seen] == [float(i) for i in range(len(seen))]
    assert max(size for _, size in seen) <= 120
    server.write_all(data, None)
    received = b""
    while len(received) < 1000:
        received += client.recv(1000)
    assert received == data


@simulated
def test_limit_data_closes_after_so_many_bytes():
    line = Line()
    line.toxic("limit_data", bytes=5)
    client, server = line.connect()
    server.write_all(b"abc", None)
    server.write_all(b"defgh", None)
    assert client.recv(3) == b"abc"
    assert client.recv(10) == b"de"
    assert client.recv(10) == b""
    assert server.read(1, None) == b""


@simulated
def test_the_end_of_a_limited_stream_arrives_even_if_its_sender_is_reset_before():
    import time

    line = Line()
    line.toxic("limit_data", "upstream", bytes=2)
    line.toxic("slow_close", "upstream", delay=3000)
    client, server = line.connect()
    began = now_s()
    client.sendall(b"abc")
    time.sleep(1)
    client.sendall(b"d")
    time.sleep(1)
    with pytest.raises(OSError, match="Broken pipe"):
        client.sendall(b"e")
    assert server.read(10, None) == b"ab"
    assert server.read(10, None) == b""
    assert round(now_s() - began, 6) == 3.0


@simulated
def test_down_closes_live_connections_and_refuses_new_ones_until_it_is_taken_away():
    line = Line()
    client, _server = line.connect()
    name = line.toxic("down")
    assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        line.connect()
    line.network.remove_toxic(HOST, name)
    line.connect()


@simulated
def test_a_black_hole_swallows_syns_for_127_seconds_and_data_for_924():
    line = Line()
    client, _server = line.connect()
    line.toxic("black_hole")
    began = now_s()
    with pytest.raises(TimeoutError, match="Connection timed out"):
        socket.create_connection((HOST, 7000))
    assert round(now_s() - began, 6) == 127.0
    began = now_s()
    client.sendall(b"x")
    with pytest.raises(TimeoutError, match="Connection timed out"):
        client.recv(1)
    assert round(now_s() - began, 6) == 924.6


@simulated
def test_a_connect_time_out_cuts_a_black_hole_short():
    line = Line()
    line.toxic("black_hole")
    began = now_s()
    with pytest.raises(TimeoutError, match="timed out"):
        socket.create_connection((HOST, 7000), timeout=3)
    assert round(now_s() - began, 6) == 3.0


@simulated
def test_toxicity_is_the_share_of_connections_affected():
    line = Line()
    line.network.add_toxic(HOST, build("latency", {"latency": 100}), toxicity=0.5)
    slow = 0
    for _ in range(200):
        client, server = line.connect()
        server.write_all(b"x", None)
        slow += arrivals(client, 1)[0][0] > 0
        client.close()
    assert 70 < slow < 130


def slow_connections(others: int) -> list[bool]:
    """Which of ten connections of process `one` are slow, when `other` makes some too."""
    from harness.sim.kernel import install

    line = Line()
    line.network.add_toxic(HOST, build("latency", {"latency": 100}), toxicity=0.5)
    kernel = install()
    seen = []

    def connect_once() -> bool:
        client, server = line.connect()
        server.write_all(b"x", None)
        return arrivals(client, 1)[0][0] > 0

    one, other = kernel.process("one", 0, {}), kernel.process("other", 0, {})
    for _ in range(10):
        for _ in range(others):
            other.spawn(connect_once).get()
        seen.append(one.spawn(connect_once).get())
    return seen


def test_more_connections_of_another_process_do_not_re_roll_the_dice():
    body = f"{__name__}:slow_connections"
    assert in_simulation(body, others=0) == in_simulation(body, others=3)


@simulated
def test_toxics_add_up_in_order():
    line = Line()
    line.toxic("bandwidth", rate=10)
    line.toxic("latency", latency=50)
    client, server = line.connect()
    server.write_all(b"x" * 1500, None)
    assert arrivals(client, 1500) == [(150.0, 1000), (200.0, 500)]


@pytest.mark.parametrize(
    ("type_name", "attributes", "words"),
    [
        ("latencyy", {}, "no toxic of type 'latencyy': there are bandwidth"),
        ("latency", {"delay": 1}, "toxic 'latency' has no attribute 'delay': it has latency, jitter"),
        ("latency", {"latency": -1}, "latency of toxic 'latency' is -1: give milliseconds >= 0"),
        ("bandwidth", {"rate": 0}, "rate of toxic 'bandwidth' is 0: give KB/s > 0"),
        ("slicer", {"average_size": 5, "size_variation": 5}, "size_variation of toxic 'slicer' is 5"),
    ],
)
def test_a_bad_toxic_is_refused_with_the_remedy(type_name: str, attributes: dict[str, Any], words: str):
    with pytest.raises(ValueError) as caught:
        build(type_name, attributes)
    assert words in str(caught.value)


def test_toxiproxys_toxics_are_all_there_by_name():
    toxiproxys = {"latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data"}
    assert set(TOXICS) == toxiproxys | {"down", "black_hole"}


@simulated
def test_a_toxic_does_not_hold_the_line_of_others_while_it_delays():
    line = Line()
    line.network.host(HOST).shape(bytes_per_s=1000)
    slow, slow_server = line.connect()
    line.toxic("latency", latency=5000)
    line.network.host(HOST).toxics.clear()  # only the connection above has it
    quick, quick_server = line.connect()
    slow_server.write_all(b"x" * 500, None)
    slow_server.write_all(b"y", None)
    quick_server.write_all(b"x" * 500, None)
    assert arrivals(quick, 500) == [(500.0, 500)]
    assert arrivals(slow, 501) == [(5000.0, 500), (5001.0, 1)]
