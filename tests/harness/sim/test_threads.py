"""Every simulated process has a main thread, and every thread keeps its identity."""

import logging
import multiprocessing
import multiprocessing.pool
import os
import signal
import threading
import time
from typing import Any

import pytest

from tests.harness.sim.simulated import in_late_simulation, in_simulation, simulated


def identities() -> dict[str, Any]:
    seen: dict[str, Any] = {"main": threading.current_thread() is threading.main_thread()}
    seen["name"] = threading.current_thread().name
    seen["stable"] = threading.current_thread() is threading.current_thread()
    thread = threading.Thread(target=lambda: seen.update(other=threading.current_thread() is threading.main_thread()))
    thread.start()
    thread.join()
    seen["ident"] = threading.get_ident() == threading.main_thread().ident
    seen["listed"] = [thread.name for thread in threading.enumerate() if thread is threading.main_thread()]
    seen["record"] = logging.LogRecord("x", 20, "x", 1, "x", None, None).threadName
    return seen


def test_the_first_greenlet_of_a_process_is_its_main_thread() -> None:
    expected = {
        "main": True,
        "name": "MainThread",
        "stable": True,
        "other": False,
        "ident": True,
        "listed": ["MainThread"],
        "record": "MainThread",
    }
    assert in_simulation(f"{__name__}:identities") == expected
    assert in_late_simulation(f"{__name__}:identities") == expected


@simulated
def test_two_processes_have_a_main_thread_each() -> None:
    from harness.sim import guest

    mains: list[Any] = []
    for instance in range(2):
        process = guest.machine().kernel.process("worker", instance, {})
        process.spawn(lambda: mains.append((threading.main_thread(), threading.current_thread())))
    time.sleep(1)
    (one, running), (other, _) = mains
    assert one is running
    assert one is not other
    assert threading.main_thread() not in (one, other)


@simulated
def test_interrupting_a_program_raises_in_its_main_thread() -> None:
    threading.Timer(3, signal.raise_signal, [signal.SIGINT]).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        time.sleep(10)
    assert time.monotonic() - started == pytest.approx(3, abs=1e-6)


@simulated
def test_a_pool_of_threads_works_in_virtual_time() -> None:
    started = time.monotonic()
    with multiprocessing.pool.ThreadPool(2) as pool:
        assert pool.map(lambda seconds: (time.sleep(seconds), seconds)[1], [1, 2, 1]) == [1, 2, 1]
        assert time.monotonic() - started == pytest.approx(2, abs=1e-6)
        with pytest.raises(multiprocessing.TimeoutError):
            pool.apply_async(time.sleep, (3600,)).get(timeout=3)
        assert time.monotonic() - started == pytest.approx(5, abs=1e-6)


@simulated
def test_a_pipe_joins_two_threads_without_stopping_the_others() -> None:
    reader, writer = os.pipe()
    threading.Timer(3, os.write, [writer, b"late"]).start()
    started = time.monotonic()
    assert os.read(reader, 10) == b"late"
    assert time.monotonic() - started == pytest.approx(3, abs=1e-2)
    os.close(writer)
    assert os.read(reader, 10) == b""
    os.close(reader)


@simulated
def test_a_process_lists_its_own_threads_alone_and_may_join_them_all() -> None:
    from harness.sim import guest

    kernel = guest.machine().kernel
    names: list[list[str]] = []

    def neighbour() -> None:
        threading.Thread(target=time.sleep, args=[60], name="theirs").start()
        names.append([thread.name for thread in threading.enumerate()])

    kernel.process("neighbour", 0, dict(os.environ)).spawn(neighbour)
    for seconds in (1, 2):
        threading.Thread(target=time.sleep, args=[seconds], name=f"ours {seconds}").start()
    started = time.monotonic()
    assert [thread.name for thread in threading.enumerate()] == ["MainThread", "ours 1", "ours 2"]
    assert threading.active_count() == 3
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join()
    assert time.monotonic() - started == pytest.approx(2, abs=1e-3)
    assert names == [["MainThread", "theirs"]]


@simulated
def test_files_over_the_ends_of_a_pipe_wait_in_virtual_time() -> None:
    reader, writer = os.pipe()
    out = os.fdopen(writer, "w", encoding="utf-8")
    threading.Timer(3, lambda: (out.write("late\nagain\n"), out.close())).start()
    started = time.monotonic()
    with os.fdopen(reader, encoding="utf-8") as lines:
        assert list(lines) == ["late\n", "again\n"]
        assert not lines.isatty()
    assert time.monotonic() - started == pytest.approx(3, abs=1e-2)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fdopen(reader)


@simulated
def test_a_file_over_a_pipe_keeps_to_its_mode_and_leaves_the_descriptor_open_where_told() -> None:
    reader, writer = os.pipe()
    with open(writer, "wb", buffering=0, closefd=False) as raw:
        assert raw.write(b"12345") == 5
        with pytest.raises(OSError, match="not open for reading"):
            raw.read(1)
    os.write(writer, b"6")
    os.close(writer)
    for mode, says in (("rz", "invalid mode"), ("r+", "not seekable"), ("", "invalid mode")):
        with pytest.raises((ValueError, OSError), match=says):
            open(reader, mode, closefd=False)  # noqa: SIM115 - nothing is opened
    with os.fdopen(reader, "rb") as file:
        assert file.read() == b"123456"


@simulated
def test_a_thread_may_end_in_the_instant_in_which_its_process_does() -> None:
    from harness.sim import guest

    kernel = guest.machine().kernel
    errors: list[BaseException] = []
    kernel.on_error = lambda process, error: errors.append(error)
    process = kernel.process("short", 0, dict(os.environ))

    def main() -> None:
        threading.Thread(target=lambda: None).start()
        process.die()

    process.spawn(main)
    time.sleep(1)
    assert errors == []
