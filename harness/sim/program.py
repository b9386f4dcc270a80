"""Runs one declared program inside a process: loads it there, charges its computing, and lets its app answer.

Everything here runs in greenlets of the process it is about, so that a crash stops it anywhere. It must not know who
asks, nor platforms or networks.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import logging
import random
from collections.abc import Callable, Mapping
from typing import Any

import gevent

from fakes.seam import ConnectionLost, WebReply
from harness.compute import ServiceTime
from harness.sim.wsgi import ask

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


def application(found: Any) -> Any:
    """Give the app that `found` is or makes: what can be called without arguments is a factory (PEP 3333 and ASGI apps
    cannot).
    """
    try:
        inspect.signature(found).bind()
    except (TypeError, ValueError):  # it needs arguments, or tells nothing of them as code written in C may
        return found
    return found()


def answer(app: Callable[..., Any], environ: dict[str, Any]) -> WebReply:
    """Let a WSGI app answer one request; an exception out of it is logged and becomes a 500, as servers do.

    The body stays an iterator where the app makes it piece by piece. `ConnectionLost` comes out unchanged.
    """
    try:
        response = ask(app, environ)
    except ConnectionLost:
        raise
    except Exception:  # noqa: BLE001 - an app may raise anything; servers answer 500
        _log.exception("the app raised while answering %s %s", environ["REQUEST_METHOD"], environ.get("PATH_INFO"))
        return WebReply("500 Internal Server Error", (("Content-Length", "0"),), b"")
    return WebReply(f"{response.status} {response.reason}", tuple(response.headers), response.body)
