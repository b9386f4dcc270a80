"""Two runs of one world, compared event by event while they grow: which event differs first, and what may be why.

Exists for `--paranoid`. It reads two growing histories side by side in constant memory. It must not know how they run.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

BEFORE = 5
"""Events shown before the first that differs."""
POLL_S = 0.05
_HEX = re.compile(r"0x[0-9a-f]{6,16}")
_DIGITS = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Difference:
    """The first event that differs: the events `before` it, as JSON, and both versions ("" where a run was over)."""

    number: int
    before: tuple[str, ...]
    first: str
    second: str

    def __str__(self) -> str:
        lines = [f"two runs of one seed differ at event {self.number}"]
        lines += [f"  both   {text[:400]}" for text in self.before]
        lines += [f"  first  {self.first or '(no more events)'}", f"  second {self.second or '(no more events)'}"]
        lines.append(f"  likely cause: {self.cause()}")
        return "\n".join(lines)

    def cause(self) -> str:
        """What may have made the difference, as far as the two versions tell."""
        if not (self.first and self.second):
            return "one run did more than the other: code took another way by something that is not simulated"
        first, second = json.loads(self.first), json.loads(self.second)
        if (first["kind"], first["process"]) != (second["kind"], second["process"]):
            return "another process or kind of event came first: an order that comes from addresses or from outside"
        paths = sorted(_differing(first, second, ""))
        where = ", ".join(paths)
        if paths == ["t_ns"]:
            gap_ns = abs(first["t_ns"] - second["t_ns"])
            return (
                f"only the time differs, by {gap_ns} ns: the clock was read, or waited for, differently before it; "
                "look for work that depends on something not simulated (a file, /proc, how long real work takes)"
            )
        texts = [(_at(first, path), _at(second, path)) for path in paths if path != "t_ns"]
        if all(sorted(str(a)) == sorted(str(b)) for a, b in texts):
            return f"{where}: the same in another order: a set, or a dict keyed by addresses (id(), default hashes)"
        if all(_HEX.sub("", str(a)) == _HEX.sub("", str(b)) for a, b in texts):
            return f"{where}: a memory address, as id() or a repr gives it"
        if all(_DIGITS.sub("", str(a)) == _DIGITS.sub("", str(b)) for a, b in texts):
            return (
                f"{where}: a number from outside the simulation: a file's time or content, a counter kept on disk, "
                "/proc, a real process id, or a measurement of real work"
            )
        return f"{where}: something that is not simulated, such as what another run left in a file"


def _differing(first: Any, second: Any, path: str) -> list[str]:
    if isinstance(first, dict) and isinstance(second, dict):
        return [
            found
            for key in sorted(first.keys() | second.keys())
            for found in _differing(first.get(key), second.get(key), f"{path}.{key}".lstrip("."))
        ]
    return [] if first == second else [path]


def _at(event: Any, path: str) -> Any:
    for key in path.split("."):
        event = event.get(key) if isinstance(event, dict) else event
    return event


class _Growing:
    """The lines of a history that is being written; it takes its name, without `.partial`, when it is whole."""

    def __init__(self, path: Path) -> None:
        self._paths = (path.with_name(path.name + ".partial"), path)
        self._file: BinaryIO | None = None
        self._rest = b""

    def line(self) -> bytes | None:
        """The next whole line, None if there is none yet."""
        if self._file is None:
            found = next((path for path in self._paths if path.exists()), None)
            if found is None:
                return None
            try:
                self._file = found.open("rb")
            except FileNotFoundError:  # it took its name between the two calls
                return None
        read = self._rest + self._file.readline()
        if not read.endswith(b"\n"):
            self._rest = read
            return None
        self._rest = b""
        return read

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def compare(first: Path, second: Path, over: threading.Event) -> Difference | None:
    """Compare two growing histories until they differ, or until `over` is set and both are read; None if equal."""
    left, right = _Growing(first), _Growing(second)
    before: deque[str] = deque(maxlen=BEFORE)
    number = 0
    a = b = None
    try:
        while True:
            finished = over.is_set()
            a = a if a is not None else left.line()
            b = b if b is not None else right.line()
            if a is not None and b is not None:
                if a != b:
                    return Difference(number, tuple(before), a.decode().rstrip(), b.decode().rstrip())
                before.append(a.decode().rstrip())
                number += 1
                a = b = None
            elif finished:
                if a is None and b is None:
                    return None
                return Difference(number, tuple(before), (a or b"").decode().rstrip(), (b or b"").decode().rstrip())
            else:
                over.wait(POLL_S)
    finally:
        left.close()
        right.close()
