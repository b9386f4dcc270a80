"""Replays programs that are easily different each time, and counts the digests of their histories: one each is right.

    python -m benchmarks.determinism [--replays 100] [--only WORD]

Half of the replays run with memory laid out anew by the system, and with another hash seed: of the interpreter itself,
or, for the programs that tell hashes of texts, in the environment of who starts them. It runs on the interpreter it is
started with; the campaign is one run on each.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from harness.zygote import Zygote

PROJECT = Path(__file__).resolve().parent.parent / "tests" / "projects" / "dice"
ENGINE = "harness.sim.engine:main"
START_NS = 1_768_521_600_000_000_000


def _declared() -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec((PROJECT / "dice" / "worlds.py").read_text("utf-8"), space)
    return space


def names() -> tuple[str, ...]:
    """The programs there are."""
    declared = _declared()
    return (*declared["NAMES"], *declared["CLIENTS"])


def plan(program: str, folder: Path, number: int) -> dict[str, object]:
    """What a child needs to run `program` (`harness.sim.engine.RunPlan`)."""
    declared = _declared()
    about = {"scenario": program, "world": "w", "seed": 1, "release": "", "engine": "sim", "span": "10m"}
    start = {
        **about, "start": "2026-01-16T00:00:00Z", "start_epoch_ns": START_NS, "instants": {}, "instant_marks": {},
        "focus": {"processor": "*", "key": "*"}, "recovery_key": None,
    }  # fmt: skip
    return {
        "world": "w", "build": f"dice.worlds:{program}", "seed": 1, "span_ns": 600 * 10**9,
        "start": start, "end": about,
        "roots": [str(PROJECT)], "folder": str(PROJECT), "history": str(folder / f"{program}-{number}.jsonl"),
        "summary": str(folder / f"{program}-{number}.json"),
        "faults": declared["FAULTS"] if program in declared["CLIENTS"] else (),
    }  # fmt: skip


TELLING_HASHES = frozenset({"hashes_of_texts", "texts_of_libraries"})
"""Programs that tell `hash(text)`: the same in every run, since runs have a hash seed of their own."""


class Zygotes:
    """Two zygotes for a program, that differ in what must not matter."""

    def __init__(self, stack: ExitStack) -> None:
        self._usual = stack.enter_context(Zygote([PROJECT]))
        self._other = stack.enter_context(Zygote([PROJECT], hash_seed=12345, fix_addresses=False))
        outside, os.environ["PYTHONHASHSEED"] = os.environ.get("PYTHONHASHSEED", "random"), "4099"
        self._of_others = stack.enter_context(Zygote([PROJECT], fix_addresses=False))
        os.environ["PYTHONHASHSEED"] = outside

    def of(self, program: str) -> tuple[Zygote, Zygote]:
        """Those for `program`."""
        return self._usual, self._of_others if program in TELLING_HASHES else self._other


@contextmanager
def zygotes() -> Iterator[Zygotes]:
    """Zygotes, ended with the block."""
    with ExitStack() as stack:
        yield Zygotes(stack)


def digests(program: str, replays: int, on: Zygotes, folder: Path) -> Counter[str]:
    """How often each digest came; RuntimeError where a run did not come to its end, or recorded nothing of its own."""
    found: Counter[str] = Counter()
    for number in range(replays):
        zygote = on.of(program)[number % 2]
        asked = plan(program, folder, number)
        for _ in zygote.messages(zygote.start(ENGINE, asked, output=folder / "output.txt")):
            pass
        summary = json.loads(Path(str(asked["summary"])).read_bytes())
        history = Path(str(asked["history"]))
        if summary["problem"] or b"program" not in history.read_bytes() or summary["events"] < 6:
            raise RuntimeError(f"{program}: {summary['problem'] or 'nothing happened'} {summary['detail']}")
        found[summary["history_sha256"]] += 1
        if found[summary["history_sha256"]] > 1:
            history.unlink()
    return found


def main() -> int:
    """Print a line a program; return 1 where one has more than one digest."""
    parser = argparse.ArgumentParser(description="replay programs and count the digests of their histories")
    parser.add_argument("--replays", type=int, default=100)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    worst = 1
    with zygotes() as on, tempfile.TemporaryDirectory() as folder:
        for program in (name for name in names() if options.only in name):
            found = digests(program, options.replays, on, Path(folder))
            worst = max(worst, len(found))
            print(f"{program:20} {options.replays} replays, {len(found)} digest(s)", flush=True)
    print(f"Python {platform.python_version()}: {'one digest each' if worst == 1 else 'NOT one digest each'}")
    return int(worst > 1)


if __name__ == "__main__":
    sys.exit(main())
