"""The plot of counts over virtual time: every world as a line, the record as bars, fault windows as shade.

Works out coordinates only; the template draws them. Both scales are worked out, so that a page needs no script to
change between them. It must not know HTML.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.accounting import recorded_by_bucket
from reports.run import Run
from reports.timeline import NS_PER_S
from reports.wording import duration, moment, number

WIDTH, HEIGHT = 960, 340
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 30, 36
COLOURS = 6
"""How many line styles the style sheet has; a seventh world looks like the first, and its name tells them apart."""

_X_STEPS_S = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 7 * 86400)
_MOST_X_TICKS = 9


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis; `at` is in the units of the drawing."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One interval of the record."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """One world: its index into the line styles, an SVG path, and the points it goes through."""

    name: str
    style: int
    path: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """Everything of the plot that depends on whether the y axis is `linear` or `log`."""

    name: str
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """When a fault was armed, in x."""

    fault: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend; `style` is None for the record."""

    name: str
    style: int | None
    total: float
    peak: float
    peak_at: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The plot, ready to draw. `labels` names each bucket and `values` holds the counts of each legend entry."""

    title: str
    unit: str
    scales: tuple[Scale, ...]
    x_ticks: tuple[Tick, ...]
    windows: tuple[Window, ...]
    legend: tuple[Entry, ...]
    labels: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


def nice_ticks(top: float, most: int = 5) -> list[float]:
    """Round values from 0 to at least `top`, at most `most` + 1 of them, 1, 2 or 5 times a power of ten apart."""
    if top <= 0:
        return [0, 1]
    rough = top / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    step = max(step, 1)
    return [step * n for n in range(math.ceil(top / step - 1e-9) + 1)]


def log_ticks(top: float) -> list[float]:
    """0 and the powers of ten from 1 to the first that is at least `top`."""
    return [0, *(10**n for n in range(math.ceil(math.log10(max(top, 1)) - 1e-9) + 1))]


def _heights(scale: str, top: float) -> tuple[list[float], float]:
    """Ticks of the axis and the value at its upper end."""
    ticks = nice_ticks(top) if scale == "linear" else log_ticks(top)
    return ticks, max(ticks[-1], 1)


def y_of(value: float, scale: str, upper: float) -> float:
    """Where `value` (>= 0) is drawn on an axis that ends at `upper`.

    The log scale is that of 1 + value: a count of nothing must have a place, since hours of nothing are good news.
    """
    share = value / upper if scale == "linear" else math.log1p(value) / math.log1p(upper)
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def x_of(seconds: float, span_s: float) -> float:
    """Where the virtual second `seconds` is drawn when the plot covers `span_s`."""
    return round(LEFT + seconds / span_s * (WIDTH - LEFT - RIGHT), 1)


def x_ticks(run: Run, span_s: float) -> tuple[Tick, ...]:
    """Times of day on round steps, with the date where a day begins and at the left end."""
    step_s = next((step for step in _X_STEPS_S if span_s / step <= _MOST_X_TICKS), _X_STEPS_S[-1])
    start = run.record.start
    of_day_s = start.hour * 3600 + start.minute * 60 + start.second
    first_s = -of_day_s % step_s
    ticks = []
    for n in range(int((span_s - first_s) // step_s) + 1):
        at_s = first_s + n * step_s
        when = run.clock(at_s * NS_PER_S)
        clock = f"{when:%H:%M:%S}" if step_s < 60 else f"{when:%H:%M}"
        dated = n == 0 or (when.hour, when.minute, when.second) == (0, 0, 0)
        ticks.append(Tick(x_of(at_s, span_s), f"{when.day} {when:%b} {clock}" if dated else clock))
    return tuple(ticks)


def bucket_label(run: Run, bucket: int) -> str:
    """The time of day at which `bucket` begins."""
    begins = run.clock(bucket * run.bucket_s * NS_PER_S)
    return moment(begins, seconds=run.bucket_s % 60 != 0 or begins.second != 0)


def _line(
    name: str, style: int, values: Sequence[float], span_s: float, bucket_s: int, scale: str, upper: float
) -> Line:
    points = tuple(
        (x_of((bucket + 0.5) * bucket_s, span_s), y_of(value, scale, upper)) for bucket, value in enumerate(values)
    )
    return Line(name, style, "M" + " L".join(f"{x:g},{y:g}" for x, y in points), points)


def _windows(run: Run, span_s: float) -> tuple[Window, ...]:
    """The windows of all worlds; the same window in several worlds once."""
    found: dict[tuple[str, float, float], Window] = {}
    for timeline in (world.timeline for world in run.worlds if world.timeline):
        for fault, fault_span in timeline.faults.items():
            for begins_ns, ends_ns in fault_span.windows:
                x = x_of(begins_ns / NS_PER_S, span_s)
                end = x_of(min(span_s, ends_ns / NS_PER_S if ends_ns is not None else timeline.span_s), span_s)
                found.setdefault((fault, x, end), Window(fault, x, max(1.0, round(end - x, 1))))
    return tuple(found.values())


def _counted(run: Run) -> tuple[str, dict[str, list[float]]]:
    """What to plot, and its series by world; a line ends where its world did."""
    series = {
        world.name: [float(world.timeline.counted(run.noun)[bucket]) for bucket in world.timeline.reached]
        for world in run.worlds
        if world.timeline
    }
    return run.noun, series


def chart(run: Run) -> Chart | None:
    """The plot of `run`, None where neither world nor record counted anything."""
    noun, series = _counted(run)
    recorded = recorded_by_bucket(run)
    spans = [len(world.timeline.buckets) for world in run.worlds if world.timeline]
    buckets = max([*spans, *(n + 1 for n in recorded), 0])
    top = max([*recorded.values(), *(max(values, default=0) for values in series.values())], default=0)
    if not buckets or top <= 0:
        return None
    span_s = float(buckets * run.bucket_s)
    scales = []
    for scale in ("linear", "log"):
        ticks, upper = _heights(scale, top)
        floor = y_of(0, scale, upper)
        slot = x_of(run.bucket_s, span_s) - LEFT
        bars = [
            Bar(round(x_of(n * run.bucket_s, span_s) + slot * 0.08, 1), y_of(v, scale, upper), round(slot * 0.84, 1),
                round(floor - y_of(v, scale, upper), 1))
            for n, v in sorted(recorded.items())
        ]  # fmt: skip
        lines = [
            _line(name, index % COLOURS, values, span_s, run.bucket_s, scale, upper)
            for index, (name, values) in enumerate(series.items())
        ]
        y_ticks = tuple(Tick(y_of(value, scale, upper), number(value)) for value in ticks)
        scales.append(Scale(scale, y_ticks, tuple(bars), tuple(lines)))
    labels = tuple(bucket_label(run, n) for n in range(buckets))
    per = "hour" if run.bucket_s == 3600 else duration(run.bucket_s)
    return Chart(
        title=f"{noun.capitalize()} per {per}",
        unit=noun,
        scales=tuple(scales),
        x_ticks=x_ticks(run, span_s),
        windows=_windows(run, span_s),
        legend=_legend(run, series, recorded, labels),
        labels=labels,
        values=(
            *([tuple(recorded.get(n) for n in range(buckets))] if recorded else []),
            *(tuple(values[n] if n < len(values) else None for n in range(buckets)) for values in series.values()),
        ),
    )


def _legend(
    run: Run, series: dict[str, list[float]], recorded: dict[int, float], labels: tuple[str, ...]
) -> tuple[Entry, ...]:
    entries = []
    reference = run.record.reference
    if reference is not None and recorded:
        worst = max(recorded, key=lambda n: recorded[n])
        entries.append(Entry(reference.name, None, sum(recorded.values()), recorded[worst], labels[worst]))
    for index, (name, values) in enumerate(series.items()):
        worst = max(range(len(values)), key=values.__getitem__, default=0)
        peak = values[worst] if values else 0
        entries.append(Entry(name, index % COLOURS, sum(values), peak, labels[worst] if peak else ""))
    return tuple(entries)
