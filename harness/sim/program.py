"""Runs one declared program inside a process: loads it there, charges its computing, and lets its app answer.

Everything here runs in greenlets of the process it is about, so that a crash stops it anywhere. It must not know who
asks, nor platforms or networks.
"""

from __future__ import annotations

import functools
import importlib
import logging
import random
from collections.abc import Callable, Mapping
from typing import Any

import gevent

from fakes.seam import WebReply
from harness.compute import ServiceTime

_log = logging.getLogger("windtunnel.program")


def resolve(entry: str) -> Any:
    """Load `module:name` (dots allowed in the name) as seen by the running process."""
    module, _, path = entry.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


def charge_call_sites(compute: Mapping[str, ServiceTime], stream: Callable[[str], random.Random]) -> None:
    """Make each call site of `compute` (`module:function`, `module:Class.method`) take its time when it is called.

    The function is wrapped in this process's copy of its module, so other processes are untouched; `stream(site)` gives
    the dice. The time passes before the function's body runs.
    """
    for site, time in compute.items():
        if site.startswith("/"):
            continue
        module, _, path = site.partition(":")
        *owners, name = path.split(".")
        owner: Any = importlib.import_module(module)
        for part in owners:
            owner = getattr(owner, part)
        setattr(owner, name, _charged(getattr(owner, name), time, stream(site)))


def _charged(function: Callable[..., Any], time: ServiceTime, rng: random.Random) -> Callable[..., Any]:
    @functools.wraps(function)
    def charged(*args: Any, **kwargs: Any) -> Any:
        gevent.sleep(time.draw(rng))
        return function(*args, **kwargs)

    return charged


def answer(app: Callable[..., Any], environ: dict[str, Any]) -> WebReply:
    """Let a WSGI app answer one request; an exception out of it is logged and becomes a 500, as servers do."""
    begun: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        begun[:] = [status, tuple(headers)]
        return written.append

    written: list[bytes] = []
    try:
        chunks = app(environ, start_response)
        try:
            written.extend(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
    except Exception:  # noqa: BLE001 - an app may raise anything; servers answer 500
        _log.exception("the app raised while answering %s %s", environ["REQUEST_METHOD"], environ.get("PATH_INFO"))
        return WebReply("500 Internal Server Error", (("Content-Length", "0"),), b"")
    return WebReply(begun[0], begun[1], b"".join(written))
