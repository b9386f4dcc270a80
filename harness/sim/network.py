"""The in-memory network: hosts, who listens on them, and how a connection comes about.

This module exists so that a whole world of services shares one network with names, delays and failures, all in virtual
time. It must not know Python's socket API, HTTP, nor what a process is beyond the name `who()` gives it.
"""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import os
import random
from collections.abc import Callable, Iterable

from gevent import get_hub

from harness.sim.connection import Connection
from harness.sim.descriptors import TABLE
from harness.sim.end import End, State
from harness.sim.flow import Line
from harness.sim.host import Acceptor, Host, Listening, Receiving
from harness.sim.partition import Partition
from harness.sim.toxics.toxic import ConnectRule, Toxic

LATENCY_S = 0.0005
"""One way between two hosts of a region: Google's published inter-zone round trip is under 1 ms."""

LOOPBACK_LATENCY_S = 0.00001
"""One way within a host; an assumption of the order of a loopback round trip on Linux (tens of microseconds)."""

SYN_RETRIES = 6
"""Linux repeats a SYN after 1, 2, 4, 8, 16 and 32 s and gives up after another 64 (`tcp_syn_retries`, ip-sysctl)."""

EPHEMERAL = range(32768, 61000)
"""Local ports of outgoing connections (Linux's `ip_local_port_range`)."""

LOCALHOST = "127.0.0.1"


class Network:
    """All hosts of a world and the connections between them.

    `who` names the process that is running now (`name#instance`, "" for none); `rng(stream)` gives a seeded stream by
    name; `now_ns` is the virtual time (the loop's own when absent); `home` gives the host name of a process.
    `on_unknown_host(caller, name)` hears of names that nobody registered: usually a hole in the world.
    """

    def __init__(
        self,
        *,
        rng: Callable[[str], random.Random],
        who: Callable[[], str] = lambda: "",
        now_ns: Callable[[], int] | None = None,
        home: Callable[[str], str] | None = None,
        latency_s: float = LATENCY_S,
        on_unknown_host: Callable[[str, str], None] = lambda caller, name: None,
    ) -> None:
        self.rng = rng
        self.who = who
        self.now_ns = now_ns or loop_now_ns
        self.home = home or _home
        self.latency_s = latency_s
        self.on_unknown_host = on_unknown_host
        self._hosts: dict[str, Host] = {}
        self._by_address: dict[str, Host] = {}
        self._loopbacks: dict[str, Host] = {}
        self._partitions: list[Partition] = []
        self._ends: dict[End, None] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._ports: dict[str, int] = {}

    # ---- hosts

    def host(self, name: str) -> Host:
        """The host of that name or literal IPv4 address, registered now if it was not."""
        name = name.lower().rstrip(".")
        host = self._hosts.get(name)
        if host is None:
            host = Host(name, self._choose_address(name), self.latency_s, self.rng)
            self._hosts[name] = self._by_address[host.address] = host
        return host

    def alias(self, name: str, of: str) -> None:
        """Let another name resolve to the host `of`."""
        self._hosts[name.lower()] = self.host(of)

    def find(self, name: str) -> Host | None:
        """The host of that name, or None."""
        return self._hosts.get(name.lower().rstrip("."))

    def home_of(self, owner: str) -> Host:
        """The host the process runs on."""
        return self.host(self.home(owner))

    def route(self, address: str, caller: str) -> Host | None:
        """The host that owns an IPv4 address, as seen from the process `caller`: each has a loopback of its own."""
        if address.startswith("127.") or address in {"0.0.0.0", ""}:  # noqa: S104 - Linux connects it to loopback
            return self.loopback(caller)
        return self._by_address.get(address)

    def by_address(self, address: str) -> Host | None:
        """The host with that address, or None."""
        return self._by_address.get(address)

    def loopback(self, owner: str) -> Host:
        """The loopback interface of the process `owner`."""
        host = self._loopbacks.get(owner)
        if host is None:
            host = self._loopbacks[owner] = Host("localhost", LOCALHOST, LOOPBACK_LATENCY_S, self.rng)
        return host

    def _choose_address(self, name: str) -> str:
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            pass
        # By digest, not by order of registration: a host more must not move the others.
        number = int.from_bytes(hashlib.blake2s(name.encode(), digest_size=3).digest(), "big")
        while True:
            address = str(ipaddress.IPv4Address((10 << 24) | number))
            if address not in self._by_address and not address.endswith((".0", ".255")):
                return address
            number = (number + 1) % (1 << 24)

    # ---- listening

    def listen(
        self,
        host: str | Host,
        port: int,
        acceptor: Acceptor,
        *,
        owner: str = "",
        has_room: Callable[[], bool] = lambda: True,
    ) -> Listening:
        """Let `acceptor` have the connections to `host:port`; OSError EADDRINUSE when somebody listens there."""
        where = self.host(host) if isinstance(host, str) else host
        if port in where.listening:
            raise OSError(errno.EADDRINUSE, f"Address already in use: {where.name}:{port}")
        listening = where.listening[port] = Listening(acceptor, owner, has_room)
        return listening

    def bound_hosts(self, owner: str, address: str) -> list[Host]:
        """What `owner` binds to with `address`, its loopback or its host or both; OSError EADDRNOTAVAIL for others'."""
        home = self.home_of(owner)
        if address in {"0.0.0.0", ""}:  # noqa: S104 - it is what user code binds
            return [self.loopback(owner), home]
        if address.startswith("127."):
            return [self.loopback(owner)]
        if address == home.address:
            return [home]
        raise OSError(errno.EADDRNOTAVAIL, f"{os.strerror(errno.EADDRNOTAVAIL)}: {address} is not {home.name}'s")

    def check_bindable(self, owner: str, address: str, port: int) -> None:
        """OSError EADDRNOTAVAIL or EADDRINUSE where `owner` cannot have `address:port`."""
        for host in self.bound_hosts(owner, address):
            if port in host.listening:
                raise OSError(errno.EADDRINUSE, f"{os.strerror(errno.EADDRINUSE)}: {host.name}:{port}")

    def unlisten(self, listening: Listening) -> None:
        """Stop listening, wherever it was."""
        for host in [*self._hosts.values(), *self._loopbacks.values()]:
            for port in [port for port, other in host.listening.items() if other is listening]:
                del host.listening[port]

    def free_port(self, owner: str) -> int:
        """The next local port of the process."""
        used = self._ports.get(owner, 0)
        self._ports[owner] = used + 1
        return EPHEMERAL[used % len(EPHEMERAL)]

    # ---- connecting

    def new_end(self, owner: str) -> End:
        """An end that is not connected yet."""
        end = End(owner)
        self._ends[end] = None
        end.on_released = self._forget_end
        return end

    def connect(self, end: End, address: str, port: int) -> None:
        """Begin the handshake of `end` with `address:port`; the end becomes ready when it is over, either way."""
        end.state = State.CONNECTING
        end.remote = (address, port)
        host = self.route(address, end.owner)
        if end.local is None:
            local = LOCALHOST if host is not None and host.address == LOCALHOST else self.home_of(end.owner).address
            end.local = (local, self.free_port(end.owner))
        if host is None:
            end.fail_to_connect(errno.EHOSTUNREACH)
            return
        self._send_syn(end, host, port, 0)

    def pair(self, owner: str) -> tuple[End, End]:
        """Two connected ends without delay (socketpair)."""
        one, other = self.new_end(owner), self.new_end(owner)
        connection = Connection(one, other, (Line(0), Line(0)), self.now_ns, host="socketpair")
        one.establish(connection.downstream, connection.upstream)
        other.establish(connection.upstream, connection.downstream)
        return one, other

    def _send_syn(self, end: End, host: Host, port: int, attempt: int) -> None:
        if end.state is not State.CONNECTING:  # closed or dead meanwhile
            return
        loop = get_hub().loop
        to_host, from_host = host.lines
        rule = host.connect_rule()
        listening = host.listening.get(port)
        lost = rule is ConnectRule.DROP or self._parted(end.owner, host, listening)
        if rule is ConnectRule.REFUSE or (listening is None and not lost):
            round_trip_s = (to_host.latency_ns + from_host.latency_ns) / 1e9
            loop.timer(round_trip_s).start(end.fail_to_connect, errno.ECONNREFUSED)
        elif lost:
            self._retry_syn(end, host, port, attempt)
        else:
            loop.timer(to_host.latency_ns / 1e9).start(self._syn_arrives, end, host, port, attempt)

    def _retry_syn(self, end: End, host: Host, port: int, attempt: int) -> None:
        timer = get_hub().loop.timer(float(2**attempt))
        if attempt < SYN_RETRIES:
            timer.start(self._send_syn, end, host, port, attempt + 1)
        else:
            timer.start(end.fail_to_connect, errno.ETIMEDOUT)

    def _syn_arrives(self, end: End, host: Host, port: int, attempt: int) -> None:
        if end.state is not State.CONNECTING:
            return
        loop = get_hub().loop
        back_s = host.lines[1].latency_ns / 1e9
        listening = host.listening.get(port)
        if listening is None:
            loop.timer(back_s).start(end.fail_to_connect, errno.ECONNREFUSED)
            return
        if not listening.has_room():  # Linux drops the SYN when the backlog is full
            self._retry_syn(end, host, port, attempt)
            return
        connection = self._join(end, host, port, listening)
        loop.timer(back_s).start(self._established, connection)
        listening.acceptor(connection)

    def _join(self, end: End, host: Host, port: int, listening: Listening) -> Connection:
        counted = (host.name, end.owner)
        number = self._numbers[counted] = self._numbers.get(counted, 0) + 1
        server = self.new_end(listening.owner)
        server.local, server.remote = end.remote, end.local
        connection = Connection(end, server, host.lines, self.now_ns, host=host.name, port=port, number=number)
        server.establish(connection.upstream, connection.downstream)
        host.take_in(connection)
        return connection

    @staticmethod
    def _established(connection: Connection) -> None:
        client = connection.client
        if client.state is State.CONNECTING:
            client.establish(connection.downstream, connection.upstream)
        else:
            connection.server.receive_reset(errno.ECONNRESET)

    # ---- datagrams

    def post(
        self,
        data: bytes,
        source: tuple[str, int],
        to: tuple[str, int],
        owner: str,
        on_refused: Callable[[tuple[str, int]], None],
    ) -> None:
        """Send a datagram of `owner`; `on_refused(to)` hears when it came to a port where nobody takes any.

        It takes the longer of the sender's way out and the receiver's way in. In a partition, to an unknown address,
        or where a toxic lets nobody connect it is lost, and nobody hears of it.
        """
        host, home = self.route(to[0], owner), self.route(source[0], owner)
        if host is None or home is None:
            return
        receiving = host.receiving.get(to[1])
        if host.connect_rule() is not ConnectRule.ALLOW or self._parted(owner, host, receiving):
            return
        way_s = max(host.lines[0].latency_ns, home.lines[1].latency_ns) / 1e9
        get_hub().loop.timer(way_s).start(self._datagram_arrives, data, source, (host, to), way_s, on_refused)

    @staticmethod
    def _datagram_arrives(
        data: bytes,
        source: tuple[str, int],
        to: tuple[Host, tuple[str, int]],
        way_s: float,
        on_refused: Callable[[tuple[str, int]], None],
    ) -> None:
        host, address = to
        receiving = host.receiving.get(address[1])
        if receiving is None:
            get_hub().loop.timer(way_s).start(on_refused, address)
        else:
            receiving.deliver(data, source)

    def stop_receiving(self, receiving: Receiving) -> None:
        """Take no more datagrams in, wherever it was."""
        for host in [*self._hosts.values(), *self._loopbacks.values()]:
            for port in [port for port, other in host.receiving.items() if other is receiving]:
                del host.receiving[port]

    # ---- weather

    def add_toxic(
        self, host: str, toxic: Toxic, *, stream: str = "downstream", toxicity: float = 1.0, name: str = ""
    ) -> str:
        """Put a toxic in front of `host`, as `Host.add_toxic` has it."""
        return self.host(host).add_toxic(toxic, stream=stream, toxicity=toxicity, name=name)

    def remove_toxic(self, host: str, name: str) -> None:
        """Take a toxic away, as `Host.remove_toxic` has it."""
        self.host(host).remove_toxic(name)

    def part(self, one_side: Iterable[str], other_side: Iterable[str]) -> Partition:
        """Lose every packet between two sides until `heal`."""
        partition = Partition(frozenset(one_side), frozenset(other_side))
        self._partitions.append(partition)
        self._redraw()
        return partition

    def heal(self, partition: Partition) -> None:
        """End a partition; what was under way is retransmitted at once (Linux would wait for its next retry)."""
        self._partitions.remove(partition)
        self._redraw()

    def reset_owner(self, owner: str) -> None:
        """A process died: stop its listening, reset its connections, wake none of its greenlets."""
        for host in [*self._hosts.values(), *self._loopbacks.values()]:
            for port in [port for port, other in host.listening.items() if other.owner == owner]:
                del host.listening[port]
            for port in [port for port, taker in host.receiving.items() if taker.owner == owner]:
                del host.receiving[port]
        TABLE.drop_owner(owner)
        for end in [end for end in self._ends if end.owner == owner]:
            end.forget_waiters()
            end.abort()

    def _redraw(self) -> None:
        for host in self._hosts.values():
            for connection in list(host.connections):
                listening = host.listening.get(connection.port)
                cut = self._parted(connection.caller, host, listening, connection.server.owner)
                if cut != connection.severed_path:
                    connection.cut_path(cut)

    def _parted(self, caller: str, host: Host, listening: Listening | Receiving | None, owner: str = "") -> bool:
        if not self._partitions or host.address == LOCALHOST:
            return False
        owner = owner or (listening.owner if listening is not None else "")
        server = {host.name, owner, owner.partition("#")[0]} - {""}
        client = {caller, caller.partition("#")[0], self.home(caller)}
        return any(partition.parts(client, server) for partition in self._partitions)

    def _forget_end(self, end: End) -> None:
        self._ends.pop(end, None)


def loop_now_ns() -> int:
    """The time of gevent's loop, in nanoseconds."""
    seconds: float = get_hub().loop.now()
    return round(seconds * 1e9)


def _home(owner: str) -> str:
    return owner.replace("#", "-") or "localhost.localdomain"
