"""What sockets answer, step by step: run on the real kernel's loopback and in the simulation, the answers must agree.

Each scenario returns a list of answers; errors are told by name. It is run by `test_linux_contract`, or by itself:
`python -m tests.harness.sim.linux_contract SCENARIO`.
"""

import contextlib
import errno
import json
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

Answers = list[Any]
BITS = {name: getattr(select, name) for name in ("POLLIN", "POLLOUT", "POLLERR", "POLLHUP", "POLLRDHUP", "POLLNVAL")}


def settle() -> None:
    """Let what is under way arrive."""
    time.sleep(0.02)


def told(action: Callable[..., Any], *args: Any) -> Any:
    """The value, or the name of the error."""
    try:
        value = action(*args)
    except OSError as problem:
        kind = type(problem).__name__
        return f"{kind} {errno.errorcode.get(problem.errno, problem.errno)}" if problem.errno else f"{kind}: {problem}"
    except ValueError as problem:
        return f"ValueError: {problem}"
    return value.decode() if isinstance(value, bytes) else value


def bits(*socks: socket.socket) -> list[str]:
    """What poll says of each, asked for everything."""
    found = []
    for sock in socks:
        poll = select.poll()
        poll.register(sock, select.POLLIN | select.POLLOUT | select.POLLRDHUP)
        mask = dict(poll.poll(0)).get(sock.fileno(), 0)
        found.append(" ".join(name for name, bit in BITS.items() if mask & bit))
    return found


def listening(backlog: int = 5) -> socket.socket:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(backlog)
    return server


def connected() -> tuple[socket.socket, socket.socket]:
    server = listening()
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    server.close()
    return client, accepted


def nothing_there() -> Any:
    """An address that refuses."""
    server = listening()
    address = server.getsockname()
    server.close()
    return address


def fresh() -> Answers:
    sock = socket.socket()
    answers = [bits(sock), told(sock.getpeername), told(sock.shutdown, 2), told(sock.getsockname)]
    answers += [told(sock.getsockopt, socket.SOL_SOCKET, option) for option in (socket.SO_TYPE, socket.SO_ACCEPTCONN)]
    answers += [told(sock.recv, 1), told(sock.accept), told(sock.settimeout, -1)]
    sock.close()
    answers += [told(sock.recv, 1), told(sock.send, b"x"), told(sock.getsockname), told(sock.fileno)]
    answers += [told(select.select, [sock], [], [], 0)]
    return answers


def sending_unconnected() -> Answers:
    return [told(socket.socket().send, b"x")]


def refused() -> Answers:
    sock = socket.socket()
    answers = [told(sock.connect, nothing_there()), told(sock.getpeername), told(sock.recv, 1)]
    sock = socket.socket()
    sock.setblocking(False)
    answers += [told(sock.connect_ex, nothing_there()) in {errno.EINPROGRESS}]
    settle()
    answers += [bits(sock), sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), bits(sock)]
    answers += [sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)]
    return answers


def connecting() -> Answers:
    server = listening()
    sock = socket.socket()
    sock.setblocking(False)
    answers = [told(sock.connect, server.getsockname())]
    settle()
    answers += [bits(sock, server), sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)]
    server.setblocking(False)
    accepted, address = server.accept()
    answers += [address == sock.getsockname(), accepted.getblocking(), told(server.accept), bits(server)]
    answers += [told(sock.recv, 1), told(server.recv, 1), server.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)]
    return answers


def addresses() -> Answers:
    server = listening()
    other = socket.socket()
    answers = [told(other.bind, server.getsockname()), told(server.bind, ("127.0.0.1", 0))]
    answers += [told(socket.socket().bind, ("192.0.2.1", 0))]
    return answers


def peer_closes() -> Answers:
    client, accepted = connected()
    answers = [bits(client, accepted)]
    accepted.close()
    settle()
    answers += [bits(client), told(client.recv, 1), told(client.recv, 1), told(client.send, b"1")]
    settle()
    answers += [bits(client), told(client.recv, 1), told(client.send, b"2"), told(client.send, b"3")]
    answers += [bits(client), told(client.getpeername), told(client.shutdown, 1)]
    return answers


def peer_closes_with_unread_input() -> Answers:
    client, accepted = connected()
    client.sendall(b"unread")
    settle()
    accepted.close()
    settle()
    answers = [bits(client), told(client.recv, 1), bits(client), told(client.recv, 1), told(client.send, b"1")]
    client, accepted = connected()
    accepted.sendall(b"first")
    client.sendall(b"unread")
    settle()
    accepted.close()
    settle()
    answers += [bits(client), told(client.recv, 10), told(client.recv, 10)]
    return answers


def lingering_for_nothing() -> Answers:
    client, accepted = connected()
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    accepted.close()
    settle()
    return [bits(client), told(client.send, b"1"), told(client.send, b"2"), told(client.recv, 1)]


def reset_seen_by_so_error() -> Answers:
    client, accepted = connected()
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    accepted.close()
    settle()
    answers = [errno.errorcode[client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)], bits(client)]
    return [*answers, told(client.recv, 1), told(client.send, b"1")]


def halves() -> Answers:
    client, accepted = connected()
    client.shutdown(socket.SHUT_WR)
    settle()
    answers = [bits(client, accepted), told(accepted.recv, 1), told(client.send, b"x"), told(client.shutdown, 1)]
    answers += [told(accepted.send, b"still"), told(client.recv, 10)]
    accepted.shutdown(socket.SHUT_WR)
    settle()
    answers += [bits(client, accepted), told(client.recv, 1), told(client.recv, 1)]
    client, accepted = connected()
    client.shutdown(socket.SHUT_RD)
    answers += [bits(client), told(client.recv, 1), told(client.send, b"x")]
    return answers


def flags() -> Answers:
    client, accepted = connected()
    accepted.sendall(b"abcdef")
    settle()
    answers = [told(client.recv, 2, socket.MSG_PEEK), told(client.recv, 2), told(client.recv, 4, socket.MSG_WAITALL)]
    answers += [told(client.recv, 1, socket.MSG_DONTWAIT), told(client.recv, 0), told(client.send, b"")]
    client.settimeout(0.01)
    answers += [told(client.recv, 1), told(client.recv_into, bytearray(3)), client.gettimeout(), client.getblocking()]
    accepted.sendall(b"xyz")
    settle()
    buffers = [bytearray(1), bytearray(5)]
    answers += [told(client.recvmsg_into, buffers), [bytes(buffer).decode() for buffer in buffers]]
    accepted.sendmsg([b"1", b"23"])
    settle()
    answers += [[str(part) for part in client.recvmsg(10)], told(client.recvfrom_into, bytearray(3))]
    accepted.sendall(b"z")
    settle()
    answers += [[str(part) for part in client.recvfrom(10)]]
    return answers


def several_names_of_one() -> Answers:
    client, accepted = connected()
    twin = client.dup()
    client.close()
    twin.sendall(b"x")
    answers = [told(accepted.recv, 1), twin.fileno() != -1]
    fd = twin.detach()
    adopted = socket.socket(fileno=fd)
    answers += [twin.fileno(), told(twin.recv, 1), adopted.family.name, adopted.type.name, adopted.gettimeout()]
    third = socket.fromfd(adopted.fileno(), socket.AF_INET, socket.SOCK_STREAM)
    adopted.close()
    accepted.sendall(b"y")
    settle()
    answers += [told(third.recv, 1)]
    third.close()
    settle()
    return [*answers, told(accepted.recv, 1)]


def pairs() -> Answers:
    one, other = socket.socketpair()
    answers = [one.family.name, one.getsockname(), one.getpeername(), bits(one)]
    other.sendall(b"left behind")
    other.close()
    answers += [bits(one), told(one.recv, 20), told(one.recv, 1), told(one.send, b"x"), bits(one)]
    one, other = socket.socketpair()
    one.sendall(b"unread")
    other.close()
    answers += [told(one.recv, 1), told(one.recv, 1), told(one.send, b"x")]
    return answers


def epolls() -> Answers:
    client, accepted = connected()
    poll = select.epoll()
    poll.register(client, select.EPOLLIN | select.EPOLLET)
    answers: Answers = [told(poll.register, client, select.EPOLLIN), poll.poll(0)]
    accepted.sendall(b"x")
    settle()
    answers += [len(poll.poll(0)), len(poll.poll(0)), told(client.recv, 1)]
    accepted.sendall(b"y")
    settle()
    answers += [len(poll.poll(0))]
    poll.modify(client, select.EPOLLIN | select.EPOLLONESHOT)
    answers += [len(poll.poll(0)), len(poll.poll(0)), told(poll.unregister, accepted), told(poll.modify, accepted, 1)]
    client.close()
    answers += [poll.poll(0), told(poll.register, client, 1)]
    poll.close()
    return [*answers, poll.closed, told(poll.poll, 0)]


def lines() -> Answers:
    client, accepted = connected()
    with client.makefile("rwb") as file, accepted.makefile("r", newline="\r\n") as other:
        file.write(b"one\r\ntwo\r\n")
        file.flush()
        answers = [other.readline(), other.readline()]
        client.close()
        answers += [client.fileno() == -1, " [closed] " in repr(client)]
    settle()
    return [*answers, client.fileno(), told(accepted.recv, 1)]


def datagram_socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(1)
    return made


def datagrams() -> Answers:
    one, other = datagram_socket(), datagram_socket()
    answers = [one.getsockname(), told(one.getpeername), told(other.send, b"x"), told(one.listen), bits(one)]
    one.bind(("127.0.0.1", 0))
    at = one.getsockname()
    answers += [
        told(one.bind, at),
        told(datagram_socket().bind, at),
        other.sendto(b"", at),
        other.sendto(b"abcdef", at),
    ]
    answers += [other.getsockname()[0], told(other.sendto, b"x" * 65_508, at), told(other.sendto, b"x", (at[0], 0))]
    settle()
    came = other.getsockname()[1]
    answers += [bits(one, other), one.recvfrom(9) == (b"", ("127.0.0.1", came)), one.recv(3, socket.MSG_PEEK).decode()]
    one.sendto(b"back", ("127.0.0.1", came))
    answers += [one.recvmsg(4)[0].decode(), told(other.recv, 9), one.setblocking(False), told(one.recv, 9)]
    return [*answers, one.type.name, one.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE), told(one.shutdown, 2)]


def connected_datagrams() -> Answers:
    server, client, stranger = datagram_socket(), datagram_socket(), datagram_socket()
    server.bind(("127.0.0.1", 0))
    at = server.getsockname()
    client.connect(at)
    stranger.sendto(b"not for you", client.getsockname())
    server.sendto(b"for you", client.getsockname())
    settle()
    answers = [client.getpeername() == at, client.getsockname()[0], told(client.recv, 99), told(client.send, b"a")]
    answers += [server.recvfrom(9)[1] == client.getsockname()]
    server.close()
    answers += [told(client.send, b"to nobody"), settle(), bits(client), told(client.recv, 9), bits(client)]
    answers += [told(stranger.sendto, b"to nobody", at), settle(), bits(stranger), told(stranger.sendto, b"again", at)]
    client.send(b"to nobody")
    settle()
    return [
        *answers,
        told(client.send, b"x"),
        told(client.sendto, b"x", ("255.255.255.255", 9)),
        told(client.shutdown, 2),
    ]


SCENARIOS: dict[str, Callable[[], Answers]] = {
    scenario.__name__: scenario
    for scenario in (
        fresh,
        sending_unconnected,
        refused,
        connecting,
        addresses,
        peer_closes,
        peer_closes_with_unread_input,
        lingering_for_nothing,
        reset_seen_by_so_error,
        halves,
        flags,
        several_names_of_one,
        pairs,
        epolls,
        lines,
        datagrams,
        connected_datagrams,
    )
}


def simulated(name: str) -> Answers:
    """A scenario on a network of its own."""
    from tests.harness.sim.world import a_network

    a_network()
    return SCENARIOS[name]()


if __name__ == "__main__":
    import signal

    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with contextlib.closing(sys.stdout):
        sys.stdout.write(json.dumps({name: SCENARIOS[name]() for name in sys.argv[1:] or SCENARIOS}))
