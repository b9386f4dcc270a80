"""The guard: real I/O inside a simulation is an error that names the call and the remedy.

This module exists because one real socket or child process makes a run slow, flaky and different each time, and does
so silently. Files on disk are allowed. It must not know the network or the loop.
"""

from __future__ import annotations

import errno
import functools
import multiprocessing.process
import sys
from _thread import get_ident as real_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class RealIoError(RuntimeError):
    """Code inside a simulation reached for the world outside; `call` is what it did, `remedy` what to do instead."""

    def __init__(self, call: str, remedy: str) -> None:
        super().__init__(f"real I/O inside a simulation: {call}. Remedy: {remedy}.")
        self.call = call
        self.remedy = remedy


_NETWORK = (
    "make sockets with socket.socket after the simulation started, and declare the peer as a back end, service or "
    "upstream of the world"
)
_CHILD = "run the work in this process, or declare it as a service or worker of the world"
_THREAD_POOL = "use concurrent.futures.ThreadPoolExecutor or threads, which run in virtual time"

# Audit events (docs.python.org/3/library/audit_events.html) -> the call as its author knows it, and the remedy.
_AUDITED: dict[str, tuple[str, str]] = {
    "socket.__new__": ("socket.socket(), the interpreter's own", _NETWORK),
    "socket.connect": ("socket.connect", _NETWORK),
    "socket.bind": ("socket.bind", _NETWORK),
    "socket.sendto": ("socket.sendto", _NETWORK),
    "socket.getaddrinfo": ("socket.getaddrinfo, the interpreter's own", _NETWORK),
    "socket.gethostbyname": ("socket.gethostbyname, the interpreter's own", _NETWORK),
    "socket.gethostbyaddr": ("socket.gethostbyaddr, the interpreter's own", _NETWORK),
    "socket.getnameinfo": ("socket.getnameinfo, the interpreter's own", _NETWORK),
    "subprocess.Popen": ("subprocess.Popen", _CHILD),
    "os.system": ("os.system", _CHILD),
    "os.fork": ("os.fork", _CHILD),
    "os.forkpty": ("os.forkpty", _CHILD),
    "os.exec": ("os.exec*", _CHILD),
    "os.posix_spawn": ("os.posix_spawn", _CHILD),
    "pty.spawn": ("pty.spawn", _CHILD),
}


# Extension modules that do their network I/O in C, past the interpreter: nothing could stop them once they are loaded.
_REAL_NETWORK_IN_C = {
    "uvloop": "asyncio's own loop runs in virtual time",
    "pycares": "names resolve through the socket module",
    "pycurl": "use requests, httpx, aiohttp or urllib3",
    "psycopg2": "use a driver in Python (pg8000), or a back end of the world",
    "MySQLdb": "use a driver in Python (PyMySQL), or a back end of the world",
    "pymssql": "use a back end of the world",
    "confluent_kafka": "use a back end of the world",
}


class RealIoImportError(RealIoError, ImportError):
    """An ImportError, so that libraries for which such a module is optional do without it."""


class RealProcessError(RealIoError, FileNotFoundError):
    """A FileNotFoundError, as of a container without that program: libraries that only ask (Sentry, for git's
    revision) do without it.
    """

    def __init__(self, call: str, remedy: str) -> None:
        super().__init__(call, remedy)
        self.errno = errno.ENOENT


class _Guard:
    """Whether real I/O is refused now. Audit hooks cannot be taken out again, so they ask here."""

    def __init__(self) -> None:
        self.on = False
        self.hooked = False
        self.exempt = 0
        self.thread = 0

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Refuse the import of what could not be held (the interface of `sys.meta_path`)."""
        if self.on and not self.exempt and name in _REAL_NETWORK_IN_C:
            raise RealIoImportError(f"import of {name}, which opens sockets in C", _REAL_NETWORK_IN_C[name])

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Refuse what an audit event tells of."""
        found = _AUDITED.get(event)
        # A simulation is one OS thread; others are a debugger's own.
        if found is not None and self.on and not self.exempt and real_ident() == self.thread:
            call, remedy = found
            refusal = RealProcessError if event == "subprocess.Popen" else RealIoError
            raise refusal(f"{call}{_shown(event, args)}", remedy)


_GUARD = _Guard()


def raise_guard() -> None:
    """Refuse real sockets, name look-ups and child processes in this OS process from now on, however they are reached.

    An audit hook sees what was bound before anything could be patched, and what C code does through the interpreter;
    it cannot see C libraries that open sockets by themselves.
    """
    _GUARD.on = True
    _GUARD.thread = real_ident()
    if not _GUARD.hooked:
        _GUARD.hooked = True
        sys.addaudithook(_GUARD.hear)
        sys.meta_path.insert(0, _GUARD)
        # `spawn` and `forkserver` start their children past every audit event.
        multiprocessing.process.BaseProcess.start = _refuse_start  # type: ignore[method-assign]  # replacing it is the purpose


def lower_guard() -> None:
    """Allow everything again: the simulation is over."""
    _GUARD.on = False


@contextmanager
def real_io_allowed() -> Iterator[None]:
    """Let the kernel itself do real I/O; the block must not switch greenlets, or others would be allowed it too."""
    _GUARD.exempt += 1
    try:
        yield
    finally:
        _GUARD.exempt -= 1


def _shown(event: str, args: tuple[Any, ...]) -> str:
    match event, args:
        case ("subprocess.Popen", (_, argv, *_)):
            return f"({argv!r})"
        case ("os.system", (command, *_)):
            return f"({command!r})"
        case ("socket.connect" | "socket.bind" | "socket.sendto", (_, address, *_)):
            return f"({address!r})"
        case ("socket.getaddrinfo", (host, port, *_)):
            return f"({host!r}, {port!r})"
        case ("socket.gethostbyname" | "socket.gethostbyaddr" | "os.exec" | "os.posix_spawn" | "pty.spawn", (name, *_)):
            return f"({name!r})"
    return ""


_real_start: Callable[[multiprocessing.process.BaseProcess], None] = multiprocessing.process.BaseProcess.start


@functools.wraps(_real_start)
def _refuse_start(self: multiprocessing.process.BaseProcess) -> None:
    if _GUARD.on and not _GUARD.exempt:
        raise RealIoError(f"multiprocessing.Process.start ({self!r})", _THREAD_POOL)
    _real_start(self)
