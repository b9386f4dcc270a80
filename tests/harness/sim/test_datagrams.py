"""Datagrams between simulated hosts: delays, losses, and what programs use them for."""

import asyncio
import socket
import time
from typing import Any

import pytest

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import a_network, now_s


def datagram_socket(*bind: Any) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if bind:
        made.bind(bind)
    return made


def two_processes() -> tuple[Any, Any, Any]:
    """A network, and two processes on it."""
    from harness.sim.kernel import install

    network = a_network()
    kernel = install()
    return network, kernel.process("one", 0, {}), kernel.process("other", 0, {})


@simulated
def test_a_program_finds_its_own_address_by_connecting_to_anybody():
    network, one, _ = two_processes()

    def own_address() -> str:
        with datagram_socket() as asking:
            asking.connect(("10.253.155.219", 58162))
            return str(asking.getsockname()[0])

    assert one.spawn(own_address).get() == network.host("one-0").address
    assert now_s() == 0


@simulated
def test_datagrams_go_from_host_to_host_and_back_to_whom_they_came_from():
    network, one, other = two_processes()
    network.host("one-0")
    network.host("other-0").shape(latency_s=0.25)

    def serve() -> list[Any]:
        server = datagram_socket("", 8125)
        data, sender = server.recvfrom(100)
        server.sendto(data.upper(), sender)
        return [data, sender[0] == network.host("one-0").address, round(now_s(), 6)]

    def ask() -> list[Any]:
        asking = datagram_socket()
        asking.sendto(b"hello", ("other-0", 8125))
        return [asking.recvfrom(100) == (b"HELLO", (network.host("other-0").address, 8125)), round(now_s(), 6)]

    served = other.spawn(serve)
    assert one.spawn(ask).get() == [True, 0.5]
    assert served.get() == [b"hello", True, 0.25]


@simulated
def test_what_is_sent_to_nobody_vanishes_and_takes_no_time():
    network = a_network()
    network.host("statsd.test")
    client = datagram_socket()
    for address in (("statsd.test", 8125), ("127.0.0.1", 8125), ("10.1.2.3", 8125), ("224.0.0.1", 8125)):
        assert client.sendto(b"orders:1|c", address) == 10
    client.settimeout(5)
    with pytest.raises(TimeoutError):
        client.recv(1)
    assert now_s() == 5
    with pytest.raises(socket.gaierror, match="unheard-of"):
        client.sendto(b"orders:1|c", ("unheard-of", 8125))


@simulated
def test_datagrams_are_lost_in_a_partition_and_before_a_host_that_is_down_and_do_not_come_later():
    from harness.sim.toxics.catalog import build

    network, one, other = two_processes()
    server = other.spawn(datagram_socket, "0.0.0.0", 8125).get()
    client = one.spawn(datagram_socket).get()

    def send(data: bytes) -> None:
        one.spawn(client.sendto, data, ("other-0", 8125)).get()

    partition = network.part({"one"}, {"other"})
    send(b"lost")
    network.heal(partition)
    network.add_toxic("other-0", build("down", {}), name="away")
    send(b"lost too")
    network.remove_toxic("other-0", "away")
    send(b"arrives")
    assert server.recv(100) == b"arrives"
    server.settimeout(60)
    with pytest.raises(TimeoutError):
        server.recv(100)


@simulated
def test_what_nobody_reads_in_time_is_dropped_and_a_dead_process_leaves_its_port():
    network, one, other = two_processes()
    server = other.spawn(datagram_socket, "0.0.0.0", 8125).get()
    client = one.spawn(datagram_socket).get()
    for number in range(10):
        one.spawn(client.sendto, bytes([number]) * 65_000, ("other-0", 8125)).get()
    time.sleep(1)
    server.settimeout(1)
    assert [server.recv(1) for _ in range(3)] == [b"\0", b"\1", b"\2"]
    with pytest.raises(TimeoutError):
        server.recv(1)
    network.reset_owner("other#0")
    assert other.spawn(datagram_socket, "0.0.0.0", 8125).get().getsockname() == ("0.0.0.0", 8125)


@simulated
def test_asyncio_and_logging_send_and_receive_datagrams():
    import logging.handlers

    a_network()
    heard: list[Any] = []

    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            heard.append(data)
            self.transport.sendto(data, addr)

    class Asking(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.answer.set_result(data)

    async def main() -> bytes:
        loop = asyncio.get_running_loop()
        server, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 9999))
        client, asking = await loop.create_datagram_endpoint(Asking, remote_addr=("127.0.0.1", 9999))
        client.sendto(b"ping")
        async with asyncio.timeout(1):
            answer = await asking.answer
        handler = logging.handlers.SysLogHandler(("127.0.0.1", 9999))
        handler.emit(logging.LogRecord("a", logging.INFO, "", 0, "said", None, None))
        await asyncio.sleep(0.1)
        server.close()
        client.close()
        return answer

    assert asyncio.run(main()) == b"ping"
    assert heard == [b"ping", b"<14>said\0"]


@simulated
def test_a_datagram_socket_can_be_duplicated_and_detached():
    a_network()
    server = datagram_socket("127.0.0.1", 9999)
    twin = server.dup()
    server.close()
    again = socket.socket(fileno=twin.detach())
    assert (again.type, again.getsockname()) == (socket.SOCK_DGRAM, ("127.0.0.1", 9999))
    datagram_socket().sendto(b"x", ("localhost", 9999))
    assert again.recv(9) == b"x"
