"""summary.md fits a CI step's summary, shows the worst first, and no text of a run becomes markup in it."""

import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reports.markdown import MOST_BYTES, code, escape, fit, page, render, table
from reports.run import Run

GITHUB_LIMIT_BYTES = 1024 * 1024


def test_it_lies_in_the_run_folder(storm: Path) -> None:
    assert render(storm) == storm / "summary.md"
    assert (storm / "summary.md").read_text("utf-8").startswith("## ❌ The retry storm")


def test_it_says_verdict_figures_and_how_to_repeat(run: Run) -> None:
    text = page(run)
    assert "**fail**: 1 of 4 worlds failed: breaker\\_in\\_memory; 3 passed." in text
    assert "| *the record* | 7,139 | 5,061 | 2,064 | 14 | 5,075 | – | 878 |" in text
    assert f"```console\n{run.record.command}\n```" in text


def test_worlds_that_failed_are_told_of_first(run: Run) -> None:
    text = page(run)
    assert text.index("### ❌ breaker\\_in\\_memory") < text.index("### ✅ as\\_was")


def test_the_shape_of_a_storm_is_told_from_a_trickle(run: Run) -> None:
    lines = {line.split(" | ")[0]: line for line in page(run).splitlines() if line.startswith("| **")}
    assert "█" in lines["| **as\\_was**"]
    assert "█" not in lines["| **early\\_exit**"]
    assert "▁" in lines["| **early\\_exit**"]


def cells(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line)) - 1


@given(st.text())
def test_any_text_stays_in_its_cell(text: str) -> None:
    lines = table(("a", "b"), [(escape(text), code(text or "x"))])
    assert [cells(line) for line in lines] == [2, 2, 2]
    assert all("\n" not in line for line in lines)


@given(st.text(alphabet="`|x "))
def test_a_code_span_ends_where_it_should(text: str) -> None:
    span = code(text)
    fence = re.match(r"`+", span)
    assert fence is not None or not text.strip()
    if fence and text.strip():
        inner = span[len(fence.group()) : -len(fence.group())]
        assert fence.group() not in re.findall(r"`+", inner)


def test_a_flood_of_findings_still_fits(run: Run) -> None:
    first = run.worlds[0]
    assert first.outcome is not None
    long = first.outcome.findings[0].model_copy(update={"reason": "é" * 1000})
    flooded = first.outcome.model_copy(update={"findings": (long,) * 60})
    worlds = tuple(replace(first, name=f"world-{n}", outcome=flooded) for n in range(40))
    text = page(replace(run, worlds=worlds))
    assert len(text.encode()) <= MOST_BYTES < GITHUB_LIMIT_BYTES
    assert "left out to stay below the size" in text
    assert text.rstrip().endswith("Run at 23 Nov 2026 05:00 UTC.")
    assert run.record.command in text


@given(st.lists(st.lists(st.text(max_size=40), max_size=4), max_size=8), st.integers(400, 600))
def test_what_does_not_fit_is_left_out_and_told_of(sections: list[list[str]], most_bytes: int) -> None:
    closing = "é" * 60  # more bytes than letters
    text = fit(sections, [closing], most_bytes)
    assert len(text.encode()) <= most_bytes
    assert text.endswith(closing)
    whole = "".join("\n".join(section) + "\n" if section else "" for section in sections) + closing
    assert text == whole or "left out" in text


def test_a_cut_page_never_exceeds_its_bytes_however_its_sections_fall() -> None:
    closing = "é" * 60  # more bytes than letters
    for size in range(1, 40):
        text = fit([["x" * size]] * 400, [closing], 500)
        assert len(text.encode()) <= 500
        assert "left out" in text
