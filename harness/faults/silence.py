"""Why a fault found no call to strike: what was asked for, and what there was instead.

This module exists because a pattern with a slip in it is the commonest reason of a fault that never fires, and only
the history can tell the author what the calls are called. It must not know how faults strike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from harness.faults.match import CallMatch
from harness.glob import Glob

SHOWN = 8
"""How many names of others are told."""


def explain(match: CallMatch, calls: Iterable[Any]) -> str:
    """One clause about the first field of `match` that no call of the history has, in the order a reader would ask.

    `calls` are events of kind `call`. Where calls have all fields, the clause says how many.
    """
    left = list(calls)
    so_far = "call"
    for field in ("service", "method", "resource", "caller"):
        pattern = getattr(match, field)
        told = -1 if "#" in pattern else 0
        there = sorted({_names(event, field)[told] for event in left})
        glob = Glob(pattern)
        left = [event for event in left if any(map(glob.matches, _names(event, field)))]
        if not left:
            return f"no {so_far} has {field} {pattern!r}; there were {_listed(there)}"
        if pattern != "*":
            so_far = f"{so_far} with" if so_far == "call" else f"{so_far},"
            so_far += f" {field} {pattern!r}"
    return f"calls that it is about: {len(left)}, outside its window or spared by its numbers, chance, headers or edge"


def _names(event: Any, field: str) -> tuple[str, ...]:
    name: str = event[field]
    return (name.partition("#")[0], name) if field == "caller" else (name,)


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "none at all"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
