"""signal: alarms and interval timers in virtual time."""

from __future__ import annotations

from tests.harness.sim.contracts.contract import Library, Trace, contract

ABOUT = Library("signal", standard=True)


@contract(ABOUT)
def test_an_alarm_interrupts_a_call_in_the_main_thread(trace: Trace) -> None:
    import signal
    import threading
    import time

    def ring(number, frame) -> None:
        trace(signal.Signals(number).name, threading.current_thread() is threading.main_thread())
        raise TimeoutError("too long")

    signal.signal(signal.SIGALRM, ring)
    for wait in (time.sleep, threading.Event().wait):
        signal.alarm(5)
        try:
            wait(60)
        except TimeoutError as problem:
            trace(str(problem))
    signal.alarm(10)
    time.sleep(4)
    trace(signal.alarm(0))
    trace.expect(
        (5, "SIGALRM", True),
        (5, "too long"),
        (10, "SIGALRM", True),
        (10, "too long"),
        (14, 6),
    )


@contract(ABOUT)
def test_an_interval_timer_ticks_beside_the_program(trace: Trace) -> None:
    import signal
    import time

    signal.signal(signal.SIGALRM, lambda number, frame: trace("tick"))
    signal.setitimer(signal.ITIMER_REAL, 0.5, 2)
    time.sleep(5)
    trace(signal.setitimer(signal.ITIMER_REAL, 0)[1])
    time.sleep(5)
    trace("quiet")
    trace.expect(
        (0.5, "tick"),
        (2.5, "tick"),
        (4.5, "tick"),
        (5, 2.0),
        (10, "quiet"),
    )


@contract(ABOUT)
def test_a_process_can_signal_itself(trace: Trace) -> None:
    import os
    import signal

    signal.signal(signal.SIGTERM, lambda number, frame: trace("asked to end"))
    os.kill(os.getpid(), signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        trace("interrupted")
    trace.expect(
        (0, "asked to end"),
        (0, "interrupted"),
    )
