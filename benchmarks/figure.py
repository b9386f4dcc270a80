"""A figure: what is measured, in what unit, against which reference, and what it ought to be.

It must not know any workload.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

Better = Literal["more", "less"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    `measure` and `reference` return a value in `unit`; `published` stands in where a reference can't be run here, and
    says who published it. `target` is in `unit` too, None for a figure without one; `bar` is how many times better
    than the reference it ought to be, where that is run.
    """

    name: str
    unit: str
    better: Better
    measure: Callable[[], float]
    target: float | None = None
    reference: Callable[[], float] | None = None
    reference_name: str = ""
    published: str = ""
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure with its samples: as many of ours as of the reference's, taken by turns."""

    figure: Figure
    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def value(self) -> float:
        """The median of ours."""
        return median(self.ours)

    @property
    def reference(self) -> float | None:
        """The median of the reference's, None where none was run."""
        return median(self.theirs) if self.theirs else None

    @property
    def ratio(self) -> float | None:
        """How many times better than the reference we are (below 1: worse), sample by sample, the median of that."""
        if not self.theirs:
            return None
        pairs = zip(self.ours, self.theirs, strict=True)
        return median(us / them if self.figure.better == "more" else them / us for us, them in pairs)

    @property
    def on_target(self) -> bool | None:
        """Whether the median meets the target, and the ratio the bar; None without either."""
        figure, ratio = self.figure, self.ratio
        met = []
        if figure.target is not None:
            met.append(self.value >= figure.target if figure.better == "more" else self.value <= figure.target)
        if figure.bar is not None and ratio is not None:
            met.append(ratio >= figure.bar)
        return all(met) if met else None


def take(figure: Figure, rounds: int) -> Measured:
    """Measure `figure` `rounds` times (>= 1), ours and the reference by turns, so that both see the same machine."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        ours.append(figure.measure())
        if figure.reference is not None:
            theirs.append(figure.reference())
    return Measured(figure, tuple(ours), tuple(theirs))
