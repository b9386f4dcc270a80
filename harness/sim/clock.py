"""The standard library's clocks on virtual time, true at C level.

This module exists so that no reference to a clock, however early it was taken, tells real time. `monotonic` and its
kin start at zero (floats near the epoch cannot add 100 ns, and asyncio then spins); `time` starts at the epoch of the
scenario. Local time is UTC, as on Cloud Run. It must not know processes, networks or faults.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable
from typing import Any

from harness.sim.loop import NS, VirtualLoop
from harness.sim.repoint import replace_class_method, repoint

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_RESOLUTION_S = 1e-09
_NUMBERS = (float, int)

real_monotonic_ns: Callable[[], int] = time.monotonic_ns
"""The real monotonic clock, for progress bars and watchdogs; `install` replaces it by the preserved original."""


class Clock:
    """Virtual time as the standard library tells it: `loop` counts from zero, `epoch_ns` is when zero was."""

    def __init__(self, loop: VirtualLoop, epoch_ns: int) -> None:
        self.loop = loop
        self.epoch_ns = epoch_ns

    def wall_ns(self) -> int:
        """Return the time of day in nanoseconds since the Unix epoch, without advancing the clock."""
        return self.epoch_ns + self.loop.now_ns

    def install(self, sleep: Callable[[float], None]) -> None:
        """Put the clocks of `time` and `datetime` on virtual time for ever; `sleep(seconds)` is what waiting means."""
        read_ns = self.loop.read_ns

        def monotonic() -> float:
            return read_ns() / NS

        def wall() -> float:
            return (self.epoch_ns + read_ns()) / NS

        def wall_ns() -> int:
            return self.epoch_ns + read_ns()

        global real_monotonic_ns  # noqa: PLW0603 - the original is preserved where its users look for it
        repoint(time.time, wall)
        repoint(time.time_ns, wall_ns)
        real_monotonic_ns = repoint(time.monotonic_ns, read_ns)
        repoint(time.monotonic, monotonic)
        for name in ("perf_counter", "process_time", "thread_time"):
            repoint(getattr(time, name), monotonic)
            repoint(getattr(time, f"{name}_ns"), read_ns)
        repoint(os.times, lambda: os.times_result((time.process_time(), 0.0, 0.0, 0.0, time.monotonic())))
        self._install_clock_gettime(wall_ns, read_ns)
        self._install_broken_down_time(wall)
        self._install_sleep(sleep)
        self._install_datetime(wall_ns)

    def _install_clock_gettime(self, wall_ns: Callable[[], int], read_ns: Callable[[], int]) -> None:
        realtime = {time.CLOCK_REALTIME, getattr(time, "CLOCK_TAI", time.CLOCK_REALTIME)}

        def clock_gettime_ns(clock_id: int, /) -> int:
            return wall_ns() if clock_id in realtime else read_ns()

        def clock_gettime(clock_id: int, /) -> float:
            return clock_gettime_ns(clock_id) / NS

        repoint(time.clock_gettime_ns, clock_gettime_ns)
        repoint(time.clock_gettime, clock_gettime)

    @staticmethod
    def _install_broken_down_time(wall: Callable[[], float]) -> None:
        def with_default_now(name: str) -> None:
            def of(seconds: float | None = None, /) -> Any:
                return real(wall() if seconds is None else seconds)

            real = repoint(getattr(time, name), of)

        for name in ("gmtime", "localtime", "ctime"):
            with_default_now(name)

        def strftime(form: str, when: Any = None, /) -> str:
            return str(real_strftime(form, time.localtime() if when is None else when))

        def asctime(when: Any = None, /) -> str:
            return str(real_asctime(time.localtime() if when is None else when))

        real_strftime = repoint(time.strftime, strftime)
        real_asctime = repoint(time.asctime, asctime)

    @staticmethod
    def _install_sleep(sleep: Callable[[float], None]) -> None:
        def virtual_sleep(seconds: float, /) -> None:
            if type(seconds) not in _NUMBERS:
                if not hasattr(seconds, "__float__") and not hasattr(seconds, "__index__"):
                    raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer")
                seconds = float(seconds)
            if seconds < 0:
                raise ValueError("sleep length must be non-negative")
            sleep(seconds)

        repoint(time.sleep, virtual_sleep)

    @staticmethod
    def _install_datetime(wall_ns: Callable[[], int]) -> None:
        def utc() -> dt.datetime:
            return _EPOCH + dt.timedelta(microseconds=wall_ns() // 1000)

        def shaped(cls: type[dt.datetime], moment: dt.datetime) -> dt.datetime:
            if cls is dt.datetime:
                return moment
            return cls(
                moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second,
                moment.microsecond, moment.tzinfo, fold=moment.fold,
            )  # fmt: skip

        def now(cls: type[dt.datetime], tz: dt.tzinfo | None = None) -> dt.datetime:
            moment = utc()
            if tz is None and (time.timezone or time.daylight):  # a process with a time zone of its own
                return shaped(cls, moment.astimezone().replace(tzinfo=None))
            return shaped(cls, moment.replace(tzinfo=None) if tz is None else moment.astimezone(tz))

        def utcnow(cls: type[dt.datetime]) -> dt.datetime:
            return shaped(cls, utc().replace(tzinfo=None))

        replace_class_method(dt.datetime, "now", now)
        replace_class_method(dt.datetime, "utcnow", utcnow)
