"""How a process ends by its own doing: threads, executors and exit hooks, as in a real interpreter."""

import atexit
import json
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.harness.sim.simulated import in_simulation, simulated

ENDING = """
import atexit, logging.handlers, threading, time
from concurrent.futures import ThreadPoolExecutor

def program(note):
    def later(name, seconds):
        time.sleep(seconds)
        note(name)
    def buffered():
        handler = logging.handlers.MemoryHandler(100)
        handler.setTarget(Told())
        logging.getLogger().addHandler(handler)
        logging.getLogger().warning("flushed")
    class Told(logging.Handler):
        def emit(self, record):
            note(record.getMessage())
    buffered()
    atexit.register(note, "first registered")
    atexit.register(note, "never")
    atexit.register(lambda: 1 / 0)
    atexit.register(note, "last registered")
    threading.Thread(target=later, args=("daemon", 9), daemon=True).start()
    threading.Thread(target=lambda: (later("thread", 0.2), threading.Thread(target=later, args=("its child", 0.2)).start())).start()
    pool = ThreadPoolExecutor(1)
    for number in range(2):
        pool.submit(later, f"job {number}", 0.05)
    def too_late():
        try:
            pool.submit(note, "too late")
        except RuntimeError as refused:
            note(str(refused))
    atexit.register(too_late)
    note("main returns")
"""  # noqa: E501 - a program

EXPECTED = [
    "main returns",
    "job 0",
    "job 1",
    "thread",
    "its child",
    "cannot schedule new futures after shutdown",
    "last registered",
    "never",
    "first registered",
    "flushed",
]


def ended(crash_after_s: float | None = None) -> list[str]:
    from harness.sim import guest
    from harness.sim.exit_hooks import leave

    noted: list[str] = []
    scope: dict[str, Any] = {}
    exec(compile(ENDING, "ending", "exec"), scope)
    process = guest.machine().kernel.process("worker", 0, {})

    def main() -> None:
        scope["program"](noted.append)
        leave(process)
        process.die()

    process.spawn(main)
    if crash_after_s is not None:
        time.sleep(crash_after_s)
        process.die()
    time.sleep(60)
    return noted


def test_a_process_ends_as_a_real_interpreter_does(tmp_path: Path) -> None:
    script = tmp_path / "ending.py"
    told = "import json\nprogram(lambda said: print(json.dumps(said), flush=True))\n"
    script.write_text(textwrap.dedent(ENDING) + told)
    real = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)
    assert [json.loads(line) for line in real.stdout.splitlines()] == EXPECTED
    assert in_simulation(f"{__name__}:ended") == EXPECTED


def test_a_crash_runs_nothing_of_it() -> None:
    assert in_simulation(f"{__name__}:ended", crash_after_s=0.01) == ["main returns"]


@simulated
def test_one_process_that_ends_leaves_the_executors_and_hooks_of_others_alone() -> None:
    from harness.sim import guest
    from harness.sim.exit_hooks import leave

    noted: list[str] = []
    kernel = guest.machine().kernel
    ending, living = kernel.process("ending", 0, {}), kernel.process("living", 0, {})

    def live() -> None:
        atexit.register(noted.append, "hook of the living")
        pool = ThreadPoolExecutor(1)
        pool.submit(noted.append, "before").result()
        time.sleep(2)
        pool.submit(noted.append, "after").result()

    def end() -> None:
        atexit.register(noted.append, "unregistered")
        atexit.unregister(noted.append)
        pool = ThreadPoolExecutor(1)
        pool.submit(time.sleep, 1)
        leave(ending)
        noted.append("gone")
        with pytest.raises(RuntimeError, match="after interpreter shutdown"):
            ThreadPoolExecutor(1).submit(print)
        ending.die()

    living.spawn(live)
    ending.spawn(end)
    time.sleep(10)
    assert noted == ["before", "gone", "after"]
    assert threading.active_count() >= 1
