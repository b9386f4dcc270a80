"""The socket object: what code written for Linux's sockets may expect of the simulated ones."""

import errno
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import a_network, now_s


def listening(port: int = 7000) -> socket.socket:
    server = socket.socket()
    server.bind(("127.0.0.1", port))
    server.listen()
    return server


def connected(port: int = 7000) -> tuple[socket.socket, socket.socket]:
    """A client and the server's side of its connection."""
    server = listening(port)
    client = socket.create_connection(("127.0.0.1", port))
    accepted, _ = server.accept()
    server.close()
    return client, accepted


def raised(kind: type[BaseException], action: Any, *args: Any) -> Any:
    with pytest.raises(kind) as caught:
        action(*args)
    return caught.value


@simulated
def test_code_that_bound_the_class_before_the_simulation_gets_simulated_sockets():
    from http.server import HTTPServer
    from socketserver import TCPServer

    from harness.sim.sockets import RealSocket, SimSocket

    a_network()
    made = RealSocket(socket.AF_INET, socket.SOCK_STREAM)
    assert type(made) is SimSocket
    assert isinstance(made, RealSocket)
    server = HTTPServer(("127.0.0.1", 8000), lambda *args: None)
    assert isinstance(server, TCPServer)
    assert type(server.socket) is SimSocket


@simulated
def test_descriptors_are_out_of_reach_of_real_ones_and_minus_one_once_closed():
    a_network()
    one, other = socket.socket(), socket.socket()
    assert one.fileno() >= 1 << 20
    assert other.fileno() == one.fileno() + 1
    one.close()
    assert one.fileno() == -1
    assert raised(OSError, one.send, b"x").errno == errno.EBADF


@simulated
def test_bytes_go_both_ways_in_order_and_addresses_agree():
    a_network()
    client, server = connected()
    client.sendall(b"abc")
    client.sendall(b"def")
    assert server.recv(2) == b"ab"
    assert server.recv(10, socket.MSG_PEEK) == b"c"
    assert server.recv(4, socket.MSG_WAITALL) == b"cdef"
    server.sendmsg([b"1", b"2"])
    buffer = bytearray(5)
    assert client.recv_into(buffer) == 2
    assert bytes(buffer[:2]) == b"12"
    assert client.getpeername() == server.getsockname() == ("127.0.0.1", 7000)
    assert server.getpeername() == client.getsockname()
    assert client.getsockname()[1] == 32768


@simulated
def test_makefile_is_the_standard_librarys_own():
    import io

    a_network()
    client, server = connected()
    with client.makefile("rw", newline="\n") as lines:
        assert isinstance(lines, io.TextIOWrapper)
        server.sendall(b"one\ntwo\n")
        assert [lines.readline(), lines.readline()] == ["one\n", "two\n"]
        lines.write("three\n")
        lines.flush()
        client.close()
        assert server.recv(10) == b"three\n"
        assert client.fileno() != -1  # the file still holds it, as io_refs has it
    assert client.fileno() == -1
    assert server.recv(1) == b""


@simulated
def test_time_outs_are_exact_and_are_time_out_errors():
    a_network()
    client, _server = connected()
    client.settimeout(2.5)
    began = now_s()
    raised(TimeoutError, client.recv, 1)
    assert round(now_s() - began, 6) == 2.5
    lonely = listening(7001)
    lonely.settimeout(3)
    began = now_s()
    raised(TimeoutError, lonely.accept)
    assert round(now_s() - began, 6) == 3.0


@simulated
def test_non_blocking_calls_say_what_linux_says():
    import select

    a_network()
    server = listening()
    client = socket.socket()
    client.setblocking(False)
    assert raised(BlockingIOError, client.connect, ("127.0.0.1", 7000)).errno == errno.EINPROGRESS
    assert client.connect_ex(("127.0.0.1", 7000)) == errno.EALREADY
    assert select.select([], [client], [], 1) == ([], [client], [])
    assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    assert client.connect_ex(("127.0.0.1", 7000)) == errno.EISCONN
    assert raised(BlockingIOError, client.recv, 1).errno == errno.EAGAIN
    server.accept()
    server.setblocking(False)
    assert raised(BlockingIOError, server.accept).errno == errno.EAGAIN


@simulated
def test_a_refused_non_blocking_connect_tells_by_so_error():
    import select

    a_network()
    client = socket.socket()
    client.setblocking(False)
    assert client.connect_ex(("127.0.0.1", 9)) == errno.EINPROGRESS
    poll = select.poll()
    poll.register(client)
    [(_, bits)] = poll.poll()
    assert bits & select.POLLERR
    assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED


@simulated
def test_half_a_connection_can_be_closed():
    a_network()
    client, server = connected()
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""
    assert raised(BrokenPipeError, client.send, b"x").errno == errno.EPIPE
    server.sendall(b"still")
    assert client.recv(10) == b"still"


@simulated
def test_a_writer_blocks_when_the_window_is_full_and_goes_on_when_it_is_read():
    import gevent

    from harness.sim.flow import WINDOW_BYTES

    a_network()
    client, server = connected()
    client.setblocking(False)
    assert client.send(b"x" * (WINDOW_BYTES + 1)) == WINDOW_BYTES
    raised(BlockingIOError, client.send, b"y")
    client.settimeout(1)
    began = now_s()
    raised(TimeoutError, client.sendall, b"y")
    assert round(now_s() - began, 6) == 1.0

    def drain() -> int:
        size = 0
        while data := server.recv(1 << 16):
            size += len(data)
        return size

    reader = gevent.spawn(drain)
    client.settimeout(None)
    client.sendall(b"z" * WINDOW_BYTES * 3)
    client.close()
    assert reader.get() == WINDOW_BYTES * 4


@simulated
def test_closing_with_unread_input_resets_and_so_does_linger_zero():
    import struct
    import time

    a_network()
    client, server = connected()
    client.sendall(b"unread")
    time.sleep(1)
    server.close()
    assert raised(ConnectionResetError, client.recv, 1).errno == errno.ECONNRESET
    assert client.recv(1) == b""  # the error is told once

    client, server = connected(7001)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    raised(ConnectionResetError, client.recv, 1)


@simulated
def test_writing_to_a_closed_peer_succeeds_once_then_breaks_the_pipe():
    import time

    a_network()
    client, server = connected()
    server.close()
    time.sleep(1)
    assert client.send(b"first") == 5
    time.sleep(1)
    raised(BrokenPipeError, client.send, b"second")
    assert client.recv(1) == b""


@simulated
def test_a_full_backlog_drops_syns_and_linux_tries_again_after_one_second():
    import gevent

    a_network()
    server = socket.socket()
    server.bind(("127.0.0.1", 7000))
    server.listen(1)
    first = socket.create_connection(("127.0.0.1", 7000))
    late = gevent.spawn(socket.create_connection, ("127.0.0.1", 7000))
    gevent.sleep(0.5)
    began = now_s()
    server.accept()
    late.get()
    assert round(now_s() - began, 3) == 0.5
    assert first.getpeername() == ("127.0.0.1", 7000)


@simulated
def test_an_address_in_use_is_refused_and_free_again_after_close():
    a_network()
    server = listening()
    assert raised(OSError, listening).errno == errno.EADDRINUSE
    server.close()
    listening().close()
    raised(ConnectionRefusedError, socket.create_connection, ("127.0.0.1", 7000))


@simulated
def test_socketpair_needs_no_time_and_fromfd_and_dup_share_the_connection():
    a_network()
    began = now_s()
    one, other = socket.socketpair()
    one.sendall(b"x")
    assert other.recv(1) == b"x"
    assert one.family == socket.AF_UNIX
    assert now_s() == began
    twin = other.dup()
    third = socket.fromfd(other.fileno(), socket.AF_INET, socket.SOCK_STREAM)
    other.close()
    twin.close()
    one.sendall(b"y")
    assert third.recv(1) == b"y"
    third.close()
    assert one.recv(1) == b""


@simulated
def test_a_forgotten_socket_is_closed():
    a_network()
    client, server = connected()
    del client
    assert server.recv(1) == b""


@simulated
def test_sendfile_falls_back_to_send():
    import tempfile

    a_network()
    client, server = connected()
    with tempfile.TemporaryFile() as file:
        file.write(b"contents")
        file.seek(0)
        assert client.sendfile(file) == 8
    assert server.recv(20) == b"contents"


@simulated
def test_what_is_not_simulated_is_refused_by_name():
    a_network()
    assert "raw" in str(raised(OSError, socket.socket, socket.AF_INET, socket.SOCK_RAW))
    assert "IPv4" in str(raised(OSError, socket.socket, socket.AF_UNIX, socket.SOCK_DGRAM))
    assert raised(OSError, socket.socket, socket.AF_INET6).errno == errno.EAFNOSUPPORT
    client, _server = connected()
    assert "ancillary" in str(raised(OSError, client.sendmsg, [b"x"], [(1, 1, b"")]))
    assert "MSG_OOB" in str(raised(OSError, client.send, b"x", socket.MSG_OOB))
    assert "UNIX" in str(raised(OSError, socket.socket(socket.AF_UNIX).bind, "/tmp/x"))


@simulated
def test_each_process_has_a_loopback_of_its_own_and_its_host_name_reaches_it():
    from harness.sim.kernel import install

    a_network()
    kernel = install()
    one, other = kernel.process("one", 0, {}), kernel.process("other", 0, {})

    def reach(host: str) -> str:
        try:
            socket.create_connection((host, 7000), timeout=5).close()
        except OSError as problem:
            return type(problem).__name__
        return "reached"

    def held() -> str:
        made.append(socket.socket())
        made[0].bind(("0.0.0.0", 7000))
        made[0].listen()
        return socket.gethostname()

    made: list[socket.socket] = []
    name = one.spawn(held).get()
    assert name == "one-0"
    assert one.spawn(reach, "localhost").get() == "reached"
    assert other.spawn(reach, "localhost").get() == "ConnectionRefusedError"
    assert other.spawn(reach, name).get() == "reached"


@simulated
def test_the_death_of_a_process_resets_its_connections_and_frees_its_ports():
    import gevent

    from harness.sim.kernel import install

    network = a_network()
    process = install().process("server", 0, {})
    process.on_death(lambda: network.reset_owner(process.label))
    cleaned = []

    def serve() -> None:
        server = socket.socket()
        server.bind(("0.0.0.0", 7000))
        server.listen()
        accepted, _ = server.accept()
        try:
            accepted.recv(10)
        finally:
            cleaned.append("finally")

    process.spawn(serve)
    gevent.sleep(1)
    client = socket.create_connection(("server-0", 7000))
    gevent.sleep(1)
    process.die()
    began = now_s()
    raised(ConnectionResetError, client.recv, 1)
    assert round(now_s() - began, 6) == 0.0005
    assert cleaned == []
    raised(ConnectionRefusedError, socket.create_connection, ("server-0", 7000))


@simulated
def test_descriptors_work_below_the_socket_object():
    import fcntl
    import os

    a_network()
    one, other = socket.socketpair()
    fd = other.detach()
    os.write(one.fileno(), b"abc")
    assert os.read(fd, 2) == b"ab"
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
    assert os.read(fd, 2) == b"c"
    raised(BlockingIOError, os.read, fd, 2)
    twin = os.dup(fd)
    assert not os.get_blocking(twin)
    os.close(fd)
    assert raised(OSError, os.close, fd).errno == errno.EBADF
    adopted = socket.socket(fileno=twin)
    raised(BlockingIOError, adopted.recv, 1)
    os.set_blocking(twin, True)
    os.close(twin)
    assert one.recv(1) == b""
    with Path(os.devnull).open("rb") as file:
        assert os.read(file.fileno(), 1) == b""
        assert fcntl.fcntl(file, fcntl.F_GETFD) == fcntl.FD_CLOEXEC


@simulated
def test_a_socket_left_over_from_another_run_closes_nothing_of_this_one():
    a_network()
    old = socket.socket()
    a_network()
    new = socket.socket()
    assert new.fileno() == old.fileno()
    old.close()
    del old
    assert new.dup().fileno() == new.fileno() + 1


@simulated
def test_a_wake_up_that_was_for_somebody_else_does_not_start_the_time_out_again():
    import gevent

    a_network()
    client, server = connected()
    client.settimeout(3)
    other = client.dup()
    first = gevent.spawn(other.recv, 1)
    gevent.sleep(0)
    gevent.spawn_later(2, server.send, b"x")
    began = now_s()
    raised(TimeoutError, client.recv, 1)
    assert round(now_s() - began, 6) == 3.0
    assert first.get() == b"x"


@simulated
def test_a_process_paused_over_its_time_out_and_its_data_goes_on_as_if_woken_once():
    import time

    import gevent

    from harness.sim.kernel import install

    network = a_network()
    accepted: list[Any] = []
    network.listen("api.test", 7000, accepted.append)
    process = install().process("paused", 0, {})
    steps: list[Any] = []

    def call() -> None:
        client = socket.create_connection(("api.test", 7000))
        client.settimeout(5)
        steps.append(client.recv(10))
        time.sleep(10)
        steps.append(round(now_s(), 3))

    greenlet = process.spawn(call)
    gevent.sleep(1)
    process.pause()
    gevent.sleep(9)
    accepted[0].server.write_all(b"late", None)
    gevent.sleep(10)
    process.resume()
    greenlet.get()
    assert steps == [b"late", 30.0]
