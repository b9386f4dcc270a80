"""Where the user of a run sits: kept before the output of the code under test is sent elsewhere, for debuggers.

It must not know debuggers, runs or greenlets.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ASK = "WINDTUNNEL_DEBUGGER"
"""Set to 1, debuggers talk over standard input and output even where these are no terminal: a script drives them."""

_kept: list[tuple[int, int]] = []


def keep() -> None:
    """Note standard input and output as the user's, if somebody can be asked there."""
    if os.environ.get(ASK) == "1" or (os.isatty(0) and os.isatty(1)):
        _kept[:] = [(os.dup(0), os.dup(1))]


def is_there() -> bool:
    """Whether anybody can be asked."""
    return bool(_kept)


@contextmanager
def attached() -> Iterator[None]:
    """Let standard input and output be the user's, for one at a time of the runs that share them."""
    source, sink = _kept[0]
    sys.stdout.flush()
    before = [os.dup(number) for number in (0, 1)]
    streams = sys.stdin, sys.stdout
    try:
        fcntl.flock(sink, fcntl.LOCK_EX)
        os.dup2(source, 0)
        os.dup2(sink, 1)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - a descriptor, not a path; it is not ours to close
        sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115 - likewise
        yield
    finally:
        sys.stdout.flush()
        fcntl.flock(sink, fcntl.LOCK_UN)
        sys.stdin, sys.stdout = streams
        for number, was in enumerate(before):
            os.dup2(was, number)
            os.close(was)
