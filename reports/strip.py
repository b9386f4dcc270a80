"""What happened when, in one world: a lane for each fault and for alerts, breakers, crashes and recoveries.

Works out coordinates only; the template draws them. It must not know HTML.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.chart import LEFT, RIGHT, WIDTH, Tick, x_ticks
from reports.run import Run, World
from reports.timeline import NS_PER_S, TICKS, FaultSpan, Moments
from reports.wording import moment, number, plural

LANE_HEIGHT = 34
MOST_FAULT_LANES = 12


@dataclass(frozen=True, slots=True)
class Sign:
    """A single event: where, and what it says."""

    x: float
    says: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One row. `bars` are (x, width); `ticks` are places where something struck; `signs` are single events."""

    kind: str
    label: str
    y: float
    bars: tuple[tuple[float, float], ...] = ()
    ticks: tuple[float, ...] = ()
    signs: tuple[Sign, ...] = ()


@dataclass(frozen=True, slots=True)
class Strip:
    """The lanes of a world, ready to draw."""

    height: float
    lanes: tuple[Lane, ...]
    x_ticks: tuple[Tick, ...]
    left_out: int


def _x(seconds: float, span_s: float) -> float:
    return round(LEFT + min(1.0, seconds / span_s) * (WIDTH - LEFT - RIGHT), 1)


def _fault_lane(name: str, span: FaultSpan, y: float, span_s: float) -> Lane:
    bars = []
    for begins_ns, ends_ns in span.windows:
        x = _x(begins_ns / NS_PER_S, span_s)
        bars.append((x, max(1.0, round(_x(ends_ns / NS_PER_S if ends_ns is not None else span_s, span_s) - x, 1))))
    fired = f"fired {number(span.fired)} times" if span.fired != 1 else "fired once"
    ticks = tuple(_x((tick + 0.5) / TICKS * span_s, span_s) for tick in sorted(span.ticks))
    return Lane("fault", f"fault {name}: {fired if span.fired else 'never fired'}", y, tuple(bars), ticks)


def _moments_lane(run: Run, kind: str, noun: str, moments: Moments, y: float, span_s: float) -> Lane:
    signs = tuple(
        Sign(_x(it.t_ns / NS_PER_S, span_s), f"{moment(run.clock(it.t_ns))}: {it.what}") for it in moments.kept
    )
    first = f", the first at {moment(run.clock(moments.kept[0].t_ns))}" if moments.kept else ""
    return Lane(kind, plural(moments.count, noun) + first, y, signs=signs)


def strip(run: Run, world: World) -> Strip | None:
    """The lanes of `world`, None where it has nothing to show on them."""
    timeline = world.timeline
    if timeline is None or timeline.span_s <= 0:
        return None
    span_s = max(timeline.span_s, 1e-9)
    lanes: list[Lane] = []
    for name, span in list(timeline.faults.items())[:MOST_FAULT_LANES]:
        lanes.append(_fault_lane(name, span, len(lanes) * LANE_HEIGHT, span_s))
    for kind, noun, moments in (
        ("crash", "crash", timeline.crashes),
        ("breaker", "breaker transition", timeline.breakers),
        ("alert", "alert", timeline.alerts),
        ("recovery", "recovery", timeline.recoveries),
    ):
        if moments.count:
            lanes.append(_moments_lane(run, kind, noun, moments, len(lanes) * LANE_HEIGHT, span_s))
    if not lanes:
        return None
    height = len(lanes) * LANE_HEIGHT
    return Strip(height + 24, tuple(lanes), x_ticks(run, span_s), max(0, len(timeline.faults) - MOST_FAULT_LANES))
