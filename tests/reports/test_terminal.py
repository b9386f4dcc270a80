"""The terminal says the verdict first, explains what did not pass, and needs no colour to be read."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from reports.run import Run, World
from reports.terminal import render


def shown(run: Run | Path, width: int = 120) -> list[str]:
    out = io.StringIO()
    render(run, Console(file=out, width=width))
    return out.getvalue().splitlines()


def test_the_verdict_comes_first_and_then_the_run_in_a_sentence(storm: Path) -> None:
    lines = shown(storm)
    assert lines[0].startswith("✗ fail The retry storm")
    assert lines[1] == "1 of 4 worlds failed: breaker_in_memory; 3 passed."


def test_piped_it_has_no_colours_and_on_a_terminal_it_has(run: Run) -> None:
    assert "\x1b" not in "".join(shown(run))
    out = io.StringIO()
    render(run, Console(file=out, width=120, force_terminal=True, color_system="standard"))
    assert "\x1b[" in out.getvalue()


def test_each_world_has_a_line(run: Run) -> None:
    (line,) = [line for line in shown(run) if line.startswith("as_was ")]
    assert line.split()[1:5] == ["✓", "pass", "9,409", "861"]


def test_names_and_verdicts_stay_whole_where_the_terminal_is_narrow(run: Run) -> None:
    lines = shown(run, width=72)
    for world in run.worlds:
        (line,) = [line for line in lines if line.startswith(f"{world.name} ")]
        assert f" {world.verdict.value} " in line


def test_only_what_did_not_pass_is_explained(run: Run) -> None:
    text = "\n".join(shown(run))
    assert "✗ fail breaker_in_memory attempts-bounded 10 within 1h" in text
    assert "measured 50, bound 10, margin −40" in text
    assert "nobody was told" not in text


def test_a_finding_stays_on_one_line_however_narrow(run: Run) -> None:
    """A terminal wraps it by itself, and what is piped can be searched."""
    assert shown(run, width=40)[-1].endswith("(measured 50, bound 10, margin −40)")


def test_square_brackets_are_text(run: Run) -> None:
    lost = World("a[red]b", None, None, "broken [bold]here")
    lines = shown(replace(run, worlds=(lost,)))
    assert "a[red]b: broken [bold]here" in "\n".join(lines)
