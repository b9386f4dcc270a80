"""Puts the simulated network where Python's standard library looks for the real one.

This module exists so that there is one list of what is replaced. It is called in a process of its own whose threads
gevent has patched already; the process that runs the tests is never touched. It must not know any protocol.
"""

from __future__ import annotations

import _socket
import select
import selectors
import socket
import ssl
from collections.abc import Callable
from typing import Any

import gevent._socket3
import gevent._socketcommon
import gevent.monkey
import gevent.select
import gevent.selectors
import gevent.socket
import gevent.ssl

from harness.sim import datagram_socket, descriptor_calls, descriptor_files, readiness, selector, sockets, tls, wakeup
from harness.sim.descriptors import FIRST_FD, TABLE
from harness.sim.guard import raise_guard
from harness.sim.network import Network
from harness.sim.rebind import rebind
from harness.sim.repoint import repoint
from harness.sim.resolver import Resolver

_RESOLVING = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo", "sethostname")


class _Installed:
    """What this OS process has had replaced."""

    resolver: Resolver | None = None
    done = False


def install(network: Network) -> None:
    """Let all sockets, names, TLS and waiting of this OS process be those of `network`; real I/O is refused.

    May be called again with another network for another run: descriptors then begin anew. Raises RuntimeError where
    gevent's own sockets have been put in place first.
    """
    if gevent.monkey.is_module_patched("socket"):
        raise RuntimeError("gevent has patched the socket module: install the simulated network before anybody does")
    TABLE.clear()
    wakeup.clear()
    sockets.SimSocket.network = network
    sockets.SimSocket.resolver = _Installed.resolver = Resolver(network)
    if not _Installed.done:
        _Installed.done = True
        _replace_sockets()
        descriptor_calls.install()
        descriptor_files.install()
        wakeup.install(_who)
        _replace_resolver()
        _replace_waiting()
        _replace_tls()
        _replace_gevents_own()
    raise_guard()


def _who() -> str:
    # Looked up at each call: another run has another network.
    return sockets.SimSocket.network.who()


def _replace_sockets() -> None:
    # Code that bound the class before now still gets a simulated socket: __init__ follows the object's own type.
    sockets.RealSocket.__new__ = staticmethod(_simulated_instead)
    socket.socket = sockets.SimSocket  # type: ignore[misc]  # replacing it is the purpose
    socket.has_ipv6 = False
    # The functions of socket.py are its own; what they call in C is ours.
    repoint(_socket.socketpair, sockets.socketpair)
    real_close = repoint(_socket.close, lambda fd, /: TABLE.close(fd) if fd >= FIRST_FD else real_close(fd))
    real_dup = repoint(_socket.dup, lambda fd, /: TABLE.duplicate(fd) if fd >= FIRST_FD else real_dup(fd))


def _simulated_instead(cls: type, *args: Any, **kwargs: Any) -> Any:
    plainly = cls in {sockets.RealSocket, sockets.SimSocket}
    return _socket.socket.__new__(datagram_socket.class_for(*args, **kwargs) if plainly else cls)


def _replace_resolver() -> None:
    def ask(name: str) -> Callable[..., Any]:
        def function(*args: Any, **kwargs: Any) -> Any:
            # Looked up at each call: another run has another resolver.
            return getattr(_Installed.resolver, name)(*args, **kwargs)

        return function

    for name in _RESOLVING:
        repoint(getattr(_socket, name), ask(name))


def _replace_waiting() -> None:
    repoint(select.select, readiness.select)
    repoint(select.poll, readiness.SimPoll)
    real_epoll = select.epoll
    select.epoll = readiness.SimEpoll  # type: ignore[misc,assignment]  # replacing it is the purpose
    rebind({id(real_epoll): readiness.SimEpoll}, {})
    selectors.DefaultSelector = selector.SimSelector  # type: ignore[misc,assignment]  # replacing it is the purpose
    selectors.EpollSelector._selector_cls = readiness.SimEpoll  # type: ignore[attr-defined]  # bound at import
    for module in (gevent.select, gevent.selectors):
        for name in ("select", "poll", "epoll", "DefaultSelector"):
            if hasattr(module, name):
                setattr(module, name, getattr(select, name, None) or getattr(selectors, name))


def _replace_tls() -> None:
    # The ssl module's own Python stays; below it, what it asks of C.
    replacements: dict[str, Any] = {
        "sslsocket_class": tls.SimTlsSocket,
        "_wrap_socket": tls.wrap_in_c,
        "_wrap_bio": tls.wrap_buffers_in_c,
        "load_verify_locations": tls.load_verify_locations,
        "load_default_certs": tls.load_no_certificates,
        "set_default_verify_paths": tls.load_no_certificates,
    }
    for name, new in replacements.items():
        setattr(ssl.SSLContext, name, new)
        setattr(gevent.ssl.SSLContext, name, new)
    gevent.ssl.SSLContext.wrap_socket = tls.wrap_socket


def _replace_gevents_own() -> None:
    """gevent.socket is used by name (Locust's FastHttpUser), and `import locust` calls `monkey.patch_all()`."""
    for module in (gevent.socket, gevent._socket3, gevent._socketcommon):
        for name in ("socket", "socketpair", "fromfd", "getfqdn", *_RESOLVING):
            if hasattr(module, name):
                setattr(module, name, getattr(socket, name))

    def already_patched(*args: Any, **kwargs: Any) -> bool:
        return True

    for name in dir(gevent.monkey):
        if name.startswith("patch_"):
            setattr(gevent.monkey, name, already_patched)
