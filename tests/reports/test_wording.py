"""A figure reads the same wherever it stands."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reports.wording import date, duration, joined, moment, number, plural, sparkline, value


@pytest.mark.parametrize(
    ("given", "reads"),
    [(None, "–"), (7139, "7,139"), (7139.0, "7,139"), (0.25, "0.25"), (-40, "−40"), (12345.67, "12,345.7"),
     (1e-7, "1e−07"), (float("inf"), "inf")],
)  # fmt: skip
def test_numbers(given: float | None, reads: str) -> None:
    assert number(given) == reads


@pytest.mark.parametrize(
    ("given", "reads"),
    [(129600, "36 h"), (5400, "1 h 30 min"), (660, "11 min"), (3.2, "3.2 s"), (0.0041, "4.1 ms"), (0, "0 s"),
     (59.96, "60 s"), (3599.9, "60 min"), (3e-9, "3 ns")],
)  # fmt: skip
def test_durations(given: float, reads: str) -> None:
    assert duration(given) == reads


@pytest.mark.parametrize(
    ("given", "reads"),
    [(None, "–"), (True, "yes"), (3, "3"), ("open", "open"), ([1, 2], "[1, 2]"), ({"a": None}, '{"a": null}')],
)
def test_values_of_an_outcome(given: object, reads: str) -> None:
    assert value(given) == reads  # type: ignore[arg-type]  # JSON values, as the format has them


def test_a_long_value_is_cut() -> None:
    assert len(value(["x" * 500])) == 120


def test_a_moment_names_its_zone() -> None:
    when = datetime(2026, 1, 16, 9, 0, 3, tzinfo=UTC)
    assert moment(when) == "16 Jan 09:00:03 UTC"
    assert moment(when, seconds=False) == "16 Jan 09:00 UTC"
    assert date(when) == "16 Jan 2026 09:00 UTC"
    assert moment(when.astimezone(timezone(timedelta(hours=-5)))) == "16 Jan 04:00:03 -0500"


def test_plurals_and_lists() -> None:
    assert [plural(1, "world"), plural(2, "crash"), plural(1200, "recovery")] == [
        "1 world",
        "2 crashes",
        "1,200 recoveries",
    ]
    assert [joined([]), joined(["a"]), joined(["a", "b"]), joined(["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_in_a_sparkline_little_is_not_nothing() -> None:
    assert sparkline([0, 1, 878], 878) == "·▁█"
    assert sparkline([0, 0], 878) == ""
