"""psutil: what a pipeline notes of its own memory and of the machine it runs on."""

from __future__ import annotations

from tests.harness.sim.contracts.contract import Library, Trace, contract

ABOUT = Library("psutil")


@contract(ABOUT, know="memory is the same always (64 of 512 MiB); other processes are not seen")
def test_a_process_sees_itself_on_a_machine_of_one_processor(trace: Trace) -> None:
    import os
    import time

    import psutil

    me = psutil.Process()
    with me.oneshot():
        trace(me.pid == os.getpid(), me.memory_info().rss // 1024**2, me.name(), me.is_running())
    machine = psutil.virtual_memory()
    trace(machine.total // 1024**2, machine.available // 1024**2, machine.percent, psutil.cpu_count())
    trace(psutil.pid_exists(os.getpid()), psutil.pid_exists(4_000_000))
    began = me.create_time()
    time.sleep(30)
    trace(psutil.Process(os.getpid()) == me, me.create_time() == began, time.time() - began >= 0)
    for ask in (psutil.Process, lambda pid: psutil.Process().io_counters()):
        try:
            ask(4_000_000)
        except psutil.Error as problem:
            trace(type(problem).__name__)
    trace.expect(
        (0, True, 64, "test", True),
        (0, 512, 448, 12.5, 1),
        (0, True, False),
        (30, True, True, True),
        (30, "NoSuchProcess"),
        (30, "AccessDenied"),
    )
