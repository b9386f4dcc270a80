"""A scenario: one experiment, as its file says it. docs/scenarios.md describes every key.

This module must not know YAML, nor how a scenario is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainValidator, PrivateAttr, field_validator, model_validator

from harness.checks.catalogue import parse_check
from harness.checks.check import Check
from harness.checks.fault_fired import FaultFired
from harness.checks.metric_bound import MetricBound
from harness.faults.spec import FaultSpec
from harness.metrics import STANDARD
from harness.named import is_function_name
from harness.run_record import Point, Reference
from harness.strict import Strict, nearest
from harness.timespec import Duration, Moment, epoch_ns, instant

SEED_MAX = 2**63 - 1


def _function_name(value: Any) -> Any:
    if not isinstance(value, str) or not is_function_name(value):
        raise ValueError(f"{value!r} names no function; write 'package.module:function'")
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


FunctionName = Annotated[str, BeforeValidator(_function_name)]
CheckItem = Annotated[Check, PlainValidator(parse_check)]
Checks = Annotated[tuple[CheckItem, ...], Field(strict=False)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(strict=False)]
Tags = Annotated[tuple[Annotated[str, Field(pattern=r"^[\w.-]+$")], ...], Field(strict=False)]
WorldName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class WorldSpec(Strict):
    """One way to build the world: the function that declares it, and what is expected of it alone."""

    build: FunctionName
    title: str = ""
    checks: Checks = ()


def _world(value: Any) -> Any:
    return {"build": value} if isinstance(value, str) else value


class Focus(Strict):
    """What the scenario is about: attempts and rows of these processors and keys (shell patterns) are its metrics."""

    processor: str = "*"
    key: str = "*"


class MarkSpec(Strict):
    """The first mark of this name whose `key` fits the shell pattern."""

    mark: Annotated[str, Field(min_length=1)]
    key: str = "*"


InstantName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]


class ReferenceSpec(Strict):
    """A record of the real incident to print beside the worlds; `series` maps moments of the run to values."""

    name: str
    source: str = ""
    series: dict[Moment, float] = Field(default_factory=dict)
    series_name: str = ""
    totals: dict[str, float] = Field(default_factory=dict)
    notes: Texts = ()


class Scenario(Strict):
    """One experiment. `name` is its path under the scenario folders without suffix, `path` its file."""

    title: Annotated[str, Field(min_length=1)]
    owner: str = ""
    tags: Tags = ()
    start: Annotated[datetime, PlainValidator(instant)]
    span: Duration
    seed: Annotated[int, Field(ge=0, le=SEED_MAX)] = 1
    worlds: Annotated[dict[WorldName, Annotated[WorldSpec, BeforeValidator(_world)]], Field(min_length=1)]
    instants: dict[InstantName, Moment] = Field(default_factory=dict)
    instant_marks: dict[InstantName, MarkSpec] = Field(default_factory=dict)
    focus: Focus = Field(default_factory=Focus)
    recovery_key: str | None = None
    faults: Annotated[tuple[FaultSpec, ...], Field(strict=False)] = ()
    checks: Checks = ()
    metrics: Annotated[tuple[FunctionName, ...], Field(strict=False)] = ()
    reference: ReferenceSpec | None = None
    notes: Texts = ()

    _name: str = PrivateAttr("")
    _path: Path = PrivateAttr(Path())

    def named(self, name: str, path: Path) -> Self:
        """The same scenario, told the name and path it was found by; for whoever reads files."""
        self._name, self._path = name, path
        return self

    @property
    def name(self) -> str:
        """Its path under the scenario folders without suffix, or the file's stem where it lies elsewhere."""
        return self._name

    @property
    def path(self) -> Path:
        """The file it was read from."""
        return self._path

    @property
    def start_epoch_ns(self) -> int:
        """The virtual time of day at t_ns 0, in nanoseconds since the Unix epoch."""
        return epoch_ns(self.start)

    def plan(self, world: str) -> tuple[FaultSpec, ...]:
        """The faults that are planned for `world`, in file order."""
        return tuple(fault for fault in self.faults if fault.worlds is None or world in fault.worlds)

    def checks_of(self, world: str) -> tuple[Check, ...]:
        """The checks that `world` must pass: those of all worlds, then its own."""
        own_name = {name.partition(":")[2]: name for name in self.metrics}
        return tuple(_with_own_metric(check, own_name) for check in (*self.checks, *self.worlds[world].checks))

    def instants_ns(self) -> dict[str, int]:
        """The named instants in nanoseconds since the start of the run."""
        return {name: moment.t_ns(self.start_epoch_ns, {}) for name, moment in self.instants.items()}

    def run_start(self, *, world: str, seed: int, release: str, engine: str) -> dict[str, Any]:
        """The fields of the `run.start` event of a run of `world`."""
        return {
            **self.run_end(world=world, seed=seed, release=release, engine=engine),
            "start": self.start.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "start_epoch_ns": self.start_epoch_ns,
            "instants": self.instants_ns(),
            "instant_marks": {name: spec.model_dump() for name, spec in self.instant_marks.items()},
            "focus": self.focus.model_dump(),
            "recovery_key": self.recovery_key,
        }

    def run_end(self, *, world: str, seed: int, release: str, engine: str) -> dict[str, Any]:
        """The fields of the `run.end` event."""
        return {
            "scenario": self.name,
            "world": world,
            "seed": seed,
            "release": release,
            "engine": engine,
            "span": str(self.span),
        }

    def recorded_reference(self) -> Reference | None:
        """The reference with its series on the scale of the run, in order, as `run.json` holds it."""
        reference = self.reference
        if reference is None:
            return None
        points = sorted(
            (moment.t_ns(self.start_epoch_ns, self.instants_ns()), value) for moment, value in reference.series.items()
        )
        return Reference(
            name=reference.name,
            source=reference.source,
            series=tuple(Point(t_s=t_ns / 1e9, value=value) for t_ns, value in points),
            series_name=reference.series_name,
            totals=reference.totals,
            notes=reference.notes,
        )

    @field_validator("span")
    @classmethod
    def _some_span(cls, span: Duration) -> Duration:
        if span.ns == 0:
            raise ValueError("a scenario of no length shows nothing; give it a span such as '36h'")
        return span

    @model_validator(mode="after")
    def _instants_are_plain(self) -> Scenario:
        for name, moment in self.instants.items():
            if moment.name is not None:
                raise ValueError(
                    f"instant {name!r} is {moment.text!r}; give a duration such as '9h' or a time with a zone"
                )
        return self

    @model_validator(mode="after")
    def _references_lead_somewhere(self) -> Scenario:
        ids = [fault.id for fault in self.faults]
        for number, fault in enumerate(self.faults):
            if fault.id in ids[:number]:
                raise ValueError(f"two faults are called {fault.id!r}; give each an id of its own")
            for world in fault.worlds or ():
                if world not in self.worlds:
                    raise ValueError(f"fault {fault.id!r}: no world {world!r}{nearest(world, list(self.worlds))}")
        for who, moment in self._moments():
            if moment.name in self.instant_marks and not who.startswith("fault"):
                continue
            if moment.name is not None and moment.name not in self.instants:
                raise ValueError(
                    f"{who}: {moment.text!r} is no time with a zone, no duration, and no instant of this scenario"
                    f"{nearest(moment.name, list(self.instants)) if self.instants else '; name it under instants'}"
                )
        for check in self._all_checks():
            if isinstance(check, MetricBound) and not is_function_name(check.metric):
                own = [name.partition(":")[2] for name in self.metrics]
                if check.metric not in (*STANDARD, *own):
                    raise ValueError(
                        f"check {check.title!r}: there is no metric {check.metric!r}"
                        f"{nearest(check.metric, [*STANDARD, *own])}"
                    )
            if isinstance(check, FaultFired) and check.id not in ids:
                raise ValueError(f"check {check.title!r}: there is no fault {check.id!r}{nearest(check.id, ids)}")
        return self

    @model_validator(mode="after")
    def _faults_come_within_the_span(self) -> Scenario:
        known = self.instants_ns()
        for fault in self.faults:
            moment = fault.at or fault.start
            if moment and moment.t_ns(self.start_epoch_ns, known) >= self.span.ns:
                raise ValueError(
                    f"fault {fault.id!r} begins at {moment} but the run is over after {self.span}; it would never fire"
                )
        return self

    def _all_checks(self) -> Iterator[Check]:
        yield from self.checks
        for world in self.worlds.values():
            yield from world.checks

    def _moments(self) -> Iterator[tuple[str, Moment]]:
        for fault in self.faults:
            for moment in (fault.at, fault.start, fault.until):
                if moment is not None:
                    yield f"fault {fault.id!r}", moment
        for check in self._all_checks():
            for field in type(check).model_fields:
                value = getattr(check, field)
                if isinstance(value, Moment):
                    yield f"check {check.title!r}", value
        for moment in self.reference.series if self.reference else ():
            yield "reference", moment


def _with_own_metric(check: Check, own_name: dict[str, str]) -> Check:
    """A bound on a metric of the scenario's own may call it by its function alone."""
    if isinstance(check, MetricBound) and check.metric in own_name:
        return check.model_copy(update={"metric": own_name[check.metric]})
    return check
