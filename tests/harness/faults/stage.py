"""A stage for the fault engine: a clock moved by hand, a record of its events, processes that can be killed."""

from typing import Any

from fakes.seam import Call
from harness.faults.engine import FaultEngine
from harness.faults.spec import FaultSpec
from tests.fakes.manual import START_NS, ManualSurroundings


class Processes:
    def __init__(self, clock: ManualSurroundings, **live: list[int]) -> None:
        self.clock = clock
        self.live = live
        self.log: list[tuple[float, str, str, int]] = []
        self._watches: list[tuple[str, int, Any]] = []

    def instances(self, process):
        return sorted(self.live.get(process, []))

    def _note(self, what, process, instance):
        self.log.append(((self.clock.now_ns() - START_NS) / 1e9, what, process, instance))

    def crash(self, process, instance, reason):
        self._note("crash", process, instance)
        self.live[process].remove(instance)

    def pause(self, process, instance, reason):
        self._note("pause", process, instance)

    def resume(self, process, instance, reason):
        self._note("resume", process, instance)

    def restart(self, process, instance, reason):
        self._note("restart", process, instance)
        self.live[process].append(instance)

    def at_yield(self, process, number, action):
        self._watches.append((process, number, action))

    def give_way(self, process, instance, number):
        """Let an instance reach its `number`-th yield."""
        for watched, wanted, action in self._watches:
            if (watched, wanted) == (process, number):
                action(instance)


class Stage:
    def __init__(self, *faults: dict[str, Any], seed: int = 1, live=None, instants=None, edges=None) -> None:
        self.clock = ManualSurroundings()
        self.processes = Processes(self.clock, **(live or {}))
        self.engine = FaultEngine(
            [FaultSpec.model_validate(fault) for fault in faults],
            seed=seed,
            clock=self.clock,
            start_epoch_ns=START_NS,
            control=self.processes,
            instants=instants,
            edges=edges,
        )
        self.engine.start()

    def call(self, service="bigquery", method="jobs.insert", resource="t", caller="phase3#0", **more):
        """The ruling's fault id, "" for none."""
        return self.ruling(service, method, resource, caller, **more).fault

    def ruling(self, service="bigquery", method="jobs.insert", resource="t", caller="phase3#0", **more):
        return self.engine.rule(Call(service, method, resource, caller, **more))

    def ended(self, fault, service="bigquery", method="jobs.insert", resource="t", caller="phase3#0"):
        self.engine.observe(
            "call", {"fault": fault, "service": service, "method": method, "resource": resource, "caller": caller}
        )

    def events(self, *kinds):
        return [
            (event["t_ns"] / 1e9, event["id"], event["event"])
            for event in self.clock.events
            if not kinds or event["event"] in kinds
        ]

    def account(self, number=0):
        account = self.engine.accounts()[number]
        return account.planned, account.fired, account.masked
