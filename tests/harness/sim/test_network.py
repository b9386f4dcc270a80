"""Hosts, lines and partitions."""

import socket

import pytest

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import a_network, echo_network, now_s


@simulated
def test_a_host_has_its_own_latency_and_shares_its_bandwidth_between_connections():
    network = a_network()
    accepted = []
    network.listen("far.test", 7000, accepted.append)
    network.host("far.test").shape(latency_s=0.1, bytes_per_s=1000)
    one, other = (socket.create_connection(("far.test", 7000)) for _ in range(2))
    assert round(now_s(), 6) == 0.4
    one.sendall(b"x" * 500)
    other.sendall(b"x" * 500)
    for connection, at in zip(accepted, (1.0, 1.5), strict=True):
        assert len(connection.server.read(1000, None)) == 500
        assert round(now_s(), 6) == at
    with pytest.raises(ValueError, match="give seconds >= 0"):
        network.host("far.test").shape(latency_s=-1)


@simulated
def test_a_packet_never_overtakes_one_sent_before_it_over_a_slower_line():
    import gevent

    network = a_network()
    accepted = []
    network.listen("far.test", 7000, accepted.append)
    host = network.host("far.test")
    client = socket.create_connection(("far.test", 7000))
    host.shape(latency_s=1.0)
    client.sendall(b"first")
    gevent.sleep(0.2)
    host.shape(latency_s=0.1)
    client.sendall(b"second")
    began = now_s()
    server = accepted[0].server
    assert (server.read(5, None), round(now_s() - began, 6)) == (b"first", 0.8)
    assert (server.read(6, None), round(now_s() - began, 6)) == (b"second", 0.8)


@simulated
def test_two_listeners_cannot_share_a_port():
    network = echo_network()
    with pytest.raises(OSError, match="Address already in use"):
        network.listen("api.test", 80, lambda connection: None)


@simulated
def test_a_partition_holds_packets_back_and_delivers_them_when_it_heals():
    import gevent

    network = a_network()
    accepted = []
    network.listen("api.test", 7000, accepted.append)
    client = socket.create_connection(("api.test", 7000))
    partition = network.part({"test"}, {"api.test"})
    client.sendall(b"held")
    gevent.spawn_later(60, network.heal, partition)
    began = now_s()
    assert accepted[0].server.read(10, None) == b"held"
    assert round(now_s() - began, 2) == 60.0


@simulated
def test_a_connect_into_a_partition_succeeds_at_the_first_syn_after_it_heals():
    import gevent

    network = echo_network()
    partition = network.part({"test#0"}, {"api.test"})
    gevent.spawn_later(4, network.heal, partition)
    began = now_s()
    socket.create_connection(("api.test", 80))
    assert round(now_s() - began, 3) == 7.001  # SYNs at 0, 1, 3 and 7 s, as Linux sends them


@simulated
def test_a_partition_that_never_heals_ends_established_connections_after_linux_gives_up():
    network = a_network(latency_s=0.0)
    network.listen("api.test", 7000, lambda connection: None)
    client = socket.create_connection(("api.test", 7000))
    network.part({"test"}, {"api.test"})
    began = now_s()
    client.sendall(b"x")
    with pytest.raises(TimeoutError, match="Connection timed out"):
        client.recv(1)
    assert round(now_s() - began, 6) == 924.6


@simulated
def test_a_partition_leaves_others_alone():
    from harness.sim.kernel import install

    network = echo_network()
    other = install().process("other", 0, {})
    network.part({"test"}, {"api.test"})
    assert other.spawn(socket.create_connection, ("api.test", 80)).get().getpeername()[1] == 80


@simulated
def test_a_dead_callers_connections_are_reset_at_the_server():
    import gevent

    from harness.sim.kernel import install

    network = a_network()
    accepted = []
    network.listen("api.test", 7000, accepted.append)
    process = install().process("caller", 0, {})
    process.on_death(lambda: network.reset_owner("caller#0"))

    def call() -> None:
        socket.create_connection(("api.test", 7000)).recv(1)

    process.spawn(call)
    gevent.sleep(1)
    [connection] = accepted
    assert connection.caller == "caller#0"
    process.die()
    with pytest.raises(ConnectionResetError):
        connection.server.read(1, None)
