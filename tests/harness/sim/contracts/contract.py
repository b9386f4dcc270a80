"""Contracts with real libraries: what a program saw of virtual time, the same in every replay.

This module exists so that a contract is nothing but a program that notes what it sees, and what it must have seen;
and so that docs/compatibility.md is read off the contracts (`page.py`) instead of being claimed beside them. It must
not know any library.

A contract module has an `ABOUT`, and its contracts look like this:

    ABOUT = Library("redis", loads=("redis.asyncio", "fakeredis"))

    @contract(ABOUT)
    def test_a_blocking_call_times_out(trace):
        ...
        trace("timed out")
        trace.expect((5.0, "timed out"))
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.harness.sim.simulated import in_late_simulation, in_simulation

NS = 1_000_000_000

BEGINNING_NS = 10 * NS
"""When a contract begins, whatever was imported before: imports read the clock."""

GRAIN_DIGITS = 4
"""A reading of the clock costs 1 ns; what fewer than 50,000 of them add is beneath notice. Replays agree on each ns."""

HASH_SEEDS = (0, 4099)

THIRD_HASH_SEED = 7


@dataclass(eq=False)
class Library:
    """Whom a contract is with: `name` as on PyPI, or as in the standard library with `standard=True`.

    `loads` are the modules a program would have loaded at its top; `beside` are the distributions at the other end,
    whose versions matter too. With `patches=True` the library patches the interpreter as it is imported, and so can
    only come after the kernel. `contracts` fills as the contract module is loaded.
    """

    name: str
    loads: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    standard: bool = False
    patches: bool = False
    contracts: list[Contract] = field(default_factory=list)

    @property
    def modules(self) -> tuple[str, ...]:
        """What to load before the program begins."""
        return self.loads or (self.name.replace("-", "_"),)


@dataclass(frozen=True, eq=False)
class Contract:
    """One claim: the name of the test is the claim, `know` what a user has to know besides.

    `remedy` is what a program must do for the claim to hold; with `refused` it is what the refusal tells it to do.
    """

    name: str
    know: str
    remedy: str
    refused: bool

    @property
    def claim(self) -> str:
        """The name as a sentence."""
        words = self.name.removeprefix("test_").replace("_", " ")
        return words[0].upper() + words[1:] + "."


class Trace:
    """What a program notes: `trace("sent", 200)` keeps the virtual nanosecond and what is said, all of it JSON."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._began_ns = now_ns()
        self.lines: list[list[Any]] = []

    def __call__(self, *said: Any) -> None:
        self.lines.append([self._now_ns() - self._began_ns, *said])

    @property
    def story(self) -> list[list[Any]]:
        """The lines with their times in seconds since the beginning, to a tenth of a millisecond."""
        return [_told(t_ns / NS, said) for t_ns, *said in self.lines]

    def expect(self, *story: tuple[Any, ...]) -> None:
        """The whole story so far must be this one: each line a time in seconds, and what was said."""
        wanted = [_told(t_s, said) for t_s, *said in story]
        if self.story != wanted:
            lines = ([repr(line) for line in whole] for whole in (wanted, self.story))
            difference = "\n".join(difflib.ndiff(*lines))
            raise AssertionError(f"the trace differs; - is what was expected, + what it tells:\n{difference}")


def _told(t_s: float, said: list[Any]) -> list[Any]:
    told: list[Any] = json.loads(json.dumps([round(t_s, GRAIN_DIGITS), *said]))
    return told


def contract(
    about: Library, *, know: str = "", remedy: str = "", refused: bool = False
) -> Callable[[Callable[[Trace], Any]], Callable[[], None]]:
    """Make a test of a program: run three times, it must leave one digest.

    Twice the kernel is there first, under different hash seeds; once the library is, if it can be. `refused` means that
    the program must end in the kernel's refusal, which names `remedy`.
    """

    def decorate(program: Callable[[Trace], Any]) -> Callable[[], None]:
        about.contracts.append(Contract(program.__name__, know, remedy, refused))
        arguments = {
            "module": program.__module__,
            "name": program.__name__,
            "modules": about.modules,
            "remedy": remedy if refused else "",
        }

        @functools.wraps(program)
        def test() -> None:
            target = f"{__name__}:perform"
            runs = {
                f"kernel first, PYTHONHASHSEED={seed}": in_simulation(target, hash_seed=seed, **arguments)
                for seed in (*HASH_SEEDS, *([THIRD_HASH_SEED] if about.patches else []))
            }
            if not about.patches:
                runs["library first"] = in_late_simulation(
                    target, loads=about.modules, hash_seed=THIRD_HASH_SEED, **arguments
                )
            agree(runs)

        del test.__wrapped__  # type: ignore[attr-defined]  # pytest would take `trace` for a fixture
        test.program = program  # type: ignore[attr-defined]  # for `perform`
        return test

    return decorate


def agree(runs: dict[str, dict[str, Any]]) -> None:
    """All runs must have one digest; AssertionError with the first line that differs."""
    if len({digest(run) for run in runs.values()}) == 1:
        return
    (first, reference), *others = runs.items()
    for name, run in others:
        for number, (ours, theirs) in enumerate(zip(reference["lines"], run["lines"], strict=False)):
            assert ours == theirs, f"line {number} of the trace differs: {first}: {ours}; {name}: {theirs}"
        assert run == reference, f"{first} and {name} differ"


def digest(run: dict[str, Any]) -> str:
    """SHA-256 of all that a run left: the lines of its trace, and when it ended."""
    return hashlib.sha256(json.dumps(run, sort_keys=True).encode()).hexdigest()


def perform(module: str, name: str, modules: list[str], remedy: str) -> dict[str, Any]:
    """The child's side: load what the program loads, wait for the beginning, and run it."""
    import time

    from harness.sim import kernel
    from harness.sim.guard import RealIoError

    for each in modules:
        importlib.import_module(each)
    program = getattr(importlib.import_module(module), name).program
    loop = kernel.install().loop
    time.sleep((BEGINNING_NS - loop.now_ns) / NS)
    trace = Trace(lambda: loop.now_ns)
    try:
        program(trace)
    except RealIoError as refusal:
        if not remedy:
            raise
        assert remedy in str(refusal), f"the refusal does not name the remedy {remedy!r}: {refusal}"
        trace("refused", str(refusal))
    else:
        assert not remedy, f"nothing was refused; the trace reads {trace.story}"
    assert trace.lines, "a contract that notes nothing shows nothing"
    return {"lines": trace.lines, "ended_ns": loop.now_ns}
