"""Names and addresses: `getaddrinfo` and its relatives, answered from the hosts of the simulated network.

This module exists so that a name means a host of the world and nothing else: what is not registered does not resolve.
It must not open anything.
"""

from __future__ import annotations

import errno
import ipaddress
import socket as real_socket
from typing import Any

from harness.sim.host import Host
from harness.sim.network import LOCALHOST, Network

Info = tuple[int, int, int, str, tuple[str, int]]


class Resolver:
    """The resolver of one network; each method stands for the function of that name in the socket module."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def getaddrinfo(
        self,
        host: str | bytes | None,
        port: str | bytes | int | None,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """[(family, type, proto, canonical name, (address, port))]: IPv4, TCP before UDP; gaierror otherwise."""
        number = self._port(port)
        if family not in {real_socket.AF_UNSPEC, real_socket.AF_INET}:
            if family == real_socket.AF_INET6:
                raise real_socket.gaierror(real_socket.EAI_ADDRFAMILY, "Address family for hostname not supported")
            raise real_socket.gaierror(real_socket.EAI_FAMILY, "ai_family not supported")
        canonical = ""
        if host is None:
            address = "0.0.0.0" if flags & real_socket.AI_PASSIVE else LOCALHOST  # noqa: S104 - what AI_PASSIVE means
        else:
            name = _text(host)
            address = self._address(name, numeric=bool(flags & real_socket.AI_NUMERICHOST))
            if flags & real_socket.AI_CANONNAME:
                canonical = name
        kinds = [
            (real_socket.SOCK_STREAM, real_socket.IPPROTO_TCP),
            (real_socket.SOCK_DGRAM, real_socket.IPPROTO_UDP),
            (real_socket.SOCK_RAW, 0),
        ]
        return [
            (real_socket.AF_INET, kind, protocol, canonical, (address, number))
            for kind, protocol in kinds
            if type in {0, kind} and proto in {0, protocol}
        ]

    def gethostbyname(self, hostname: str | bytes) -> str:
        """The address of a name; gaierror if nobody registered it."""
        return self._address(_text(hostname))

    def gethostbyname_ex(self, hostname: str | bytes) -> tuple[str, list[str], list[str]]:
        """(name, no aliases, its one address)."""
        return _text(hostname), [], [self._address(_text(hostname))]

    def gethostbyaddr(self, ip_address: str | bytes) -> tuple[str, list[str], list[str]]:
        """(name, no aliases, its one address) of a name or address; herror if nobody registered it."""
        host = self._host_at(self._address(_text(ip_address)))
        if host is None:
            raise real_socket.herror(1, "Unknown host")
        return host.name, [], [host.address]

    def getnameinfo(self, sockaddr: tuple[Any, ...], flags: int) -> tuple[str, str]:
        """(host name, port) of an (address, port); the port's service name is never looked up."""
        address, port = str(sockaddr[0]), int(sockaddr[1])
        host = None if flags & real_socket.NI_NUMERICHOST else self._host_at(address)
        if host is None and flags & real_socket.NI_NAMEREQD:
            raise real_socket.gaierror(real_socket.EAI_NONAME, "Name or service not known")
        return (address if host is None else host.name), str(port)

    def sethostname(self, name: str) -> None:
        """Refused: EPERM, as for any process that is not root."""
        raise PermissionError(errno.EPERM, "Operation not permitted: the world names the hosts")

    def address_of(self, host: str | bytes) -> str:
        """The address of a name or of a literal address; gaierror if nobody registered it."""
        return self._address(_text(host))

    def _host_at(self, address: str) -> Host | None:
        return self._network.route(address, self._network.who())

    def _address(self, name: str, *, numeric: bool = False) -> str:
        if name in {"localhost", "localhost.localdomain", "ip6-localhost"}:
            return LOCALHOST
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            pass
        host = None if numeric else self._network.find(name)
        caller = self._network.who()
        if host is None and not numeric and name.lower() == self._network.home(caller).lower():
            host = self._network.home_of(caller)
        if host is None:
            self._network.on_unknown_host(caller, name)
            raise real_socket.gaierror(
                real_socket.EAI_NONAME,
                f"Name or service not known: no host {name!r} in this simulation; the world must declare it as a back "
                "end, a service or an upstream",
            )
        if not host.resolves:
            raise real_socket.gaierror(real_socket.EAI_AGAIN, "Temporary failure in name resolution")
        return host.address

    @staticmethod
    def _port(port: str | bytes | int | None) -> int:
        if port is None:
            return 0
        if isinstance(port, int):
            return port
        text = _text(port)
        if text.isdigit():
            return int(text)
        try:
            return real_socket.getservbyname(text)  # a file on disk, /etc/services
        except OSError:
            raise real_socket.gaierror(real_socket.EAI_SERVICE, "Servname not supported for ai_socktype") from None


def _text(name: str | bytes) -> str:
    if isinstance(name, bytes):
        return name.decode("ascii")
    # As CPython hands it to the C library.
    return name if name.isascii() else name.encode("idna").decode("ascii")
