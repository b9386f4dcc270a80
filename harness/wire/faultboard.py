"""Faults that come and go while emulators are up: each with an engine of its own, asked in the order they came.

The grammar is the scenario files' (`harness.faults.spec`); windows count from the moment a fault is put up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from fakes.seam import Call, Ruling, Timer
from harness.faults.engine import NO_RULING, FaultEngine, FaultError, edges_of
from harness.faults.spec import FaultSpec
from harness.wire.record import Record


class _Clock:
    """What an engine needs of the real world."""

    def __init__(
        self, now_ns: Callable[[], int], call_later: Callable[[float, Callable[[], None]], Timer], record: Record
    ) -> None:
        self.now_ns = now_ns
        self.call_later = call_later
        self._record = record

    def record(self, kind: str, /, **fields: Any) -> None:
        """Append an event to the history."""
        self._record.append(self.now_ns(), "windtunnel", kind, fields)


class FaultBoard:
    """The faults that are up. Safe for several threads.

    `back_ends` are those that ask, by name; it may still grow.
    """

    def __init__(
        self,
        seed: int,
        now_ns: Callable[[], int],
        call_later: Callable[[float, Callable[[], None]], Timer],
        record: Record,
        back_ends: Mapping[str, object],
    ) -> None:
        self._seed = seed
        self._back_ends = back_ends
        self._clock = _Clock(now_ns, call_later, record)
        self._lock = threading.RLock()
        self._engines: dict[str, tuple[dict[str, Any], FaultEngine]] = {}

    def put(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Put up a fault. Raises `FaultError` for one that makes no sense or whose id is taken."""
        try:
            spec = FaultSpec.model_validate(asked)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, one['loc'])) or 'fault'}: {one['msg']}" for one in error.errors(include_url=False)
            )
            raise FaultError(problems) from error
        with self._lock:
            if spec.id in self._engines:
                raise FaultError(f"there is a fault {spec.id!r} already; take it down first")
            engine = FaultEngine(
                [spec],
                seed=self._seed,
                clock=self._clock,
                start_epoch_ns=self._clock.now_ns(),
                edges=edges_of(self._back_ends),
            )
            engine.start()
            self._engines[spec.id] = (asked, engine)
            return self._shown(spec.id)

    def take_down(self, fault_id: str | None = None) -> bool:
        """Take one fault down, or all; whether there was one."""
        with self._lock:
            ids = list(self._engines) if fault_id is None else [fault_id]
            found = False
            for one in ids:
                if one in self._engines:
                    self._engines.pop(one)[1].finish()
                    found = True
            return found

    def shown(self) -> list[dict[str, Any]]:
        """Every fault that is up, with its counts."""
        with self._lock:
            return [self._shown(fault_id) for fault_id in self._engines]

    def _shown(self, fault_id: str) -> dict[str, Any]:
        asked, engine = self._engines[fault_id]
        account = engine.accounts()[0]
        return {"fault": asked, "fired": account.fired, "masked": account.masked}

    def rule(self, call: Call) -> Ruling:
        """What becomes of `call`: the first fault that wants it has it."""
        if not self._engines:
            return NO_RULING
        with self._lock:
            for _, engine in self._engines.values():
                ruling = engine.rule(call)
                if ruling.fault:
                    return ruling
        return NO_RULING
