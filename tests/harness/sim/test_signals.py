"""Signals and abrupt ends concern one simulated process, and never a real one."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.sim.simulated import simulated


class Run:
    """A process that runs `main`, and how it ended."""

    def __init__(self, main: Callable[["Run"], object]) -> None:
        from harness.sim import guest

        self.notes: list[Any] = []
        self.process = guest.machine().kernel.process("victim", 0, {})
        self.process.ending = self._end
        self.process.spawn(main, self)
        time.sleep(60)

    def _end(self, reason: str) -> None:
        self.notes.append(reason)
        self.process.die()


@simulated
def test_os_exit_ends_the_process_at_once_and_nothing_else() -> None:
    def main(run: Run) -> None:
        threading.Thread(target=lambda: (time.sleep(1), run.notes.append("worked on"))).start()
        try:
            os._exit(3)
        finally:
            run.notes.append("finally")

    assert Run(main).notes == ["exit status 3"]


@simulated
def test_a_signal_nobody_handles_ends_the_process() -> None:
    assert Run(lambda run: os.kill(os.getpid(), signal.SIGTERM)).notes == ["killed by SIGTERM"]
    assert Run(lambda run: signal.raise_signal(signal.SIGKILL)).notes == ["killed by SIGKILL"]
    assert Run(lambda run: os.abort()).notes == ["killed by SIGABRT"]


@simulated
def test_a_handler_runs_and_the_process_lives() -> None:
    def main(run: Run) -> None:
        signal.signal(signal.SIGTERM, lambda number, frame: run.notes.append(signal.Signals(number).name))
        os.kill(os.getpid(), signal.SIGTERM)
        run.notes.append("after")

    assert Run(main).notes == ["SIGTERM", "after"]


@simulated
def test_what_a_handler_raises_is_raised_in_the_main_thread() -> None:
    class Stop(Exception):
        pass

    def stop(number: int, frame: Any) -> None:
        raise Stop

    def main(run: Run) -> None:
        signal.signal(signal.SIGINT, stop)
        threading.Timer(5, os.kill, [os.getpid(), signal.SIGINT]).start()
        started = time.monotonic()
        try:
            time.sleep(30)
        except Stop:
            run.notes.append(round(time.monotonic() - started, 6))

    assert Run(main).notes == [5]


@simulated
def test_ignored_signals_and_signal_zero_do_nothing() -> None:
    def main(run: Run) -> None:
        os.kill(os.getpid(), 0)
        os.kill(os.getpid(), signal.SIGCHLD)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.kill(0, signal.SIGTERM)
        run.notes.append("alive")

    assert Run(main).notes == ["alive"]


def shoot(victim: int) -> None:
    """Run in a simulation, by a test that watches the real process `victim`."""

    def main(run: Run) -> None:
        for kill in (os.kill, os.killpg):
            with pytest.raises(ProcessLookupError):
                kill(victim, signal.SIGKILL)
        run.notes.append("missed")

    assert Run(main).notes == ["missed"]


def test_a_real_process_is_out_of_range() -> None:
    from tests.harness.sim.simulated import in_simulation

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as victim:
        in_simulation(f"{__name__}:shoot", victim=victim.pid)
        assert victim.poll() is None
        victim.communicate(b"\n")


@simulated
def test_asyncio_handles_signals_of_its_process() -> None:
    async def serve(run: Run) -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.call_later(7, os.kill, os.getpid(), signal.SIGTERM)
        started = time.monotonic()
        await stop.wait()
        run.notes.append(round(time.monotonic() - started, 6))
        assert loop.remove_signal_handler(signal.SIGTERM)
        assert not loop.remove_signal_handler(signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    assert Run(lambda run: asyncio.run(serve(run))).notes == [7, "killed by SIGTERM"]


@simulated
def test_pausing_lasts_until_a_handler_has_run() -> None:
    def main(run: Run) -> None:
        signal.signal(signal.SIGUSR1, lambda number, frame: run.notes.append("handled"))
        threading.Timer(5, os.kill, [os.getpid(), signal.SIGUSR1]).start()
        started = time.monotonic()
        signal.pause()
        run.notes.append(round(time.monotonic() - started, 6))

    assert Run(main).notes == ["handled", 5]


@simulated
def test_waiting_for_a_signal_consumes_it() -> None:
    def main(run: Run) -> None:
        threading.Timer(5, os.kill, [os.getpid(), signal.SIGTERM]).start()
        run.notes.append(signal.sigwait({signal.SIGTERM, signal.SIGINT}))
        started = time.monotonic()
        assert signal.sigtimedwait([signal.SIGTERM], 3) is None
        run.notes.append(round(time.monotonic() - started, 6))

    assert Run(main).notes == [signal.SIGTERM, 3]
