"""Exit codes: what a script that calls `windtunnel` may rely on."""

from __future__ import annotations

from harness.outcome import Verdict

PASS = 0
FAIL = 1
UNKNOWN = 2
USAGE = 64
"""A usage error or bad input (EX_USAGE of sysexits.h). Never click's own 2, which here means unknown."""
BUG = 70
"""A bug of Windtunnel's (EX_SOFTWARE)."""
INTERRUPTED = 130
"""Stopped from the keyboard or by whoever started it (128 + SIGINT), as shells have it."""

OF_VERDICT = {Verdict.PASS: PASS, Verdict.FAIL: FAIL, Verdict.UNKNOWN: UNKNOWN}


class InputError(Exception):
    """Something the caller gave that can't be used; the message has the value and the remedy."""
