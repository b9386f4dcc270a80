"""A figure is the median of samples taken by turns with its reference, and better means what the figure says."""

from collections.abc import Callable

import pytest

from benchmarks.figure import Figure, take


def counting(values: list[float], notes: list[str], name: str) -> Callable[[], float]:
    def sample() -> float:
        notes.append(name)
        return values[notes.count(name) - 1]

    return sample


def test_ours_and_the_reference_are_measured_by_turns() -> None:
    notes: list[str] = []
    ours, theirs = counting([1, 9, 2], notes, "ours"), counting([4, 4, 4], notes, "theirs")
    measured = take(Figure("f", "/s", "more", ours, reference=theirs), 3)
    assert notes == ["ours", "theirs"] * 3
    assert (measured.value, measured.reference) == (2, 4)


@pytest.mark.parametrize(("better", "ratio"), [("more", 2.0), ("less", 0.5)])
def test_better_is_more_or_less_as_the_figure_says(better: str, ratio: float) -> None:
    figure = Figure("f", "x", better, lambda: 8, reference=lambda: 4)  # type: ignore[arg-type]  # one of the two words
    assert take(figure, 1).ratio == ratio


@pytest.mark.parametrize(
    ("better", "value", "met"),
    [("more", 10, True), ("more", 9.9, False), ("less", 10, True), ("less", 10.1, False)],
)
def test_a_target_is_met_or_missed(better: str, value: float, met: bool) -> None:
    figure = Figure("f", "x", better, lambda: value, target=10)  # type: ignore[arg-type]  # one of the two words
    assert take(figure, 1).on_target is met


def test_without_target_or_reference_nothing_is_claimed() -> None:
    measured = take(Figure("f", "x", "more", lambda: 1), 1)
    assert (measured.on_target, measured.reference, measured.ratio) == (None, None, None)
