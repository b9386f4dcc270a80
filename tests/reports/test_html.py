"""report.html opens offline, says the verdict first, cannot be broken by what a run holds, and all can read it."""

import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.outcome import Outcome, Verdict
from reports.html import TEMPLATES, page, render
from reports.run import Run, World, read

VOID = {"meta", "input", "br", "link"}


class Reader(HTMLParser):
    """Keeps the text, the attributes that fetch something, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.texts: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        given = dict(attrs)
        self.ids += [name for name in [given.get("id")] if name]
        self.fetched += [str(it) for name, it in attrs if name in ("src", "srcset", "data", "action", "poster")]
        if tag in ("link", "iframe", "object", "embed", "img", "base"):
            self.fetched.append(tag)
        if tag == "a":
            self.fetched += [str(given["href"])] if "://" in str(given["href"]) else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_it_lies_in_the_run_folder(storm: Path) -> None:
    assert render(storm) == storm / "report.html"
    assert (storm / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_every_element_is_closed_and_every_id_is_its_own(run: Run) -> None:
    reader = Reader(page(run).removeprefix("<!DOCTYPE html>"))
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))


def test_it_asks_nobody_for_anything(run: Run) -> None:
    text = page(run)
    assert Reader(text).fetched == []
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|https?://", text)


def test_the_same_run_gives_the_same_bytes(storm: Path, run: Run) -> None:
    assert page(read(storm)) == page(run)


def test_it_begins_with_verdict_sentence_and_how_to_repeat_it(run: Run) -> None:
    text = Reader(page(run)).text
    head = text[: text.index("The worlds at a glance")]
    for wanted in ("✗ fail", "1 of 4 worlds failed: breaker_in_memory; 3 passed.", "4f1c2ab", run.record.command):
        assert wanted in head


def test_both_accountings_and_the_record_are_there(run: Run) -> None:
    text = Reader(page(run)).text
    assert "the record 7,139 5,061 2,064 14 70.9% 5,075 – – 878" in text
    assert "the worlds replay one storm only" in text[text.index("Where mechanism and record differ") :]


def test_every_plotted_figure_is_in_a_table_too(run: Run) -> None:
    text = Reader(page(run)).text
    assert "16 Jan 17:00 UTC 878 861 (1,722) 34 (68) 6 (12) 0" in text


def test_findings_come_worst_first_with_measure_bound_margin_and_evidence(run: Run) -> None:
    text = Reader(page(run)).text
    of_world = text[text.index("✗ fail breaker_in_memory Findings") :]
    assert of_world.index("attempts-bounded 10 within 1h ✗ fail 50 10 −40") < of_world.index("alert-within 15m ✓ pass")
    assert "12 pieces of evidence" in of_world
    assert "4 more in breaker_in_memory/outcome.json" in of_world


def test_a_fault_that_never_fired_is_among_the_findings(run: Run) -> None:
    outcome = run.worlds[0].outcome
    assert outcome is not None
    silent = outcome.faults[0].model_copy(update={"fired": 0})
    doubted = outcome.model_copy(update={"faults": (silent,), "verdict": Verdict.UNKNOWN})
    text = Reader(page(replace(run, worlds=(replace(run.worlds[0], outcome=doubted),)))).text
    assert "fault bigquery-503 fired ? unknown 0 1 −1" in text


def hostile(outcome: Outcome, text: str) -> Outcome:
    finding = outcome.findings[0].model_copy(update={"check": text, "reason": text, "measured": text})
    return outcome.model_copy(update={"findings": (finding,), "metrics": {text: 1}})


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<!--", "{{ 7*7 }}", "&lt;"]
)
def test_no_text_of_a_run_becomes_markup(run: Run, text: str) -> None:
    first = run.worlds[0]
    assert first.outcome is not None
    record = run.record.model_copy(update={"title": text, "command": text, "notes": (text,)})
    world = replace(first, name=text, outcome=hostile(first.outcome, text))
    plain = Reader(page(replace(run, worlds=(first,))))
    reader = Reader(page(replace(run, record=record, worlds=(world,))))
    assert text in reader.text
    assert reader.fetched == []
    assert len(reader.ids) == len(plain.ids)


def test_a_world_that_left_nothing_is_shown_as_unknown(storm: Path, tmp_path: Path) -> None:
    shutil.copytree(storm, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "early_exit")
    text = Reader(render(tmp_path / "run").read_text("utf-8")).text
    assert "1 is unknown: early_exit" in text
    assert "the run did not get that far" in text


def test_a_run_without_any_world_still_has_a_report(run: Run) -> None:
    lost = World("as_was", None, None, "it left no outcome.json")
    assert "it left no outcome.json" in Reader(page(replace(run, worlds=(lost,)))).text


def colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b(?![0-9a-f])", css))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


CSS = (TEMPLATES / "report.css").read_text("utf-8")
LIGHT, DARK = (colours(part) for part in CSS.split("@media (prefers-color-scheme: dark)"))


@pytest.mark.parametrize("theme", [LIGHT, LIGHT | DARK], ids=["light", "dark"])
def test_text_has_the_contrast_that_wcag_asks_for(theme: dict[str, str]) -> None:
    for ink in ("ink", "soft", "link", "fail"):
        for ground in ("page", "panel"):
            assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
    for badge in ("pass", "fail", "unknown"):
        assert contrast(theme["badge-ink"], theme[badge]) >= 4.5, badge


@pytest.mark.parametrize("theme", [LIGHT, LIGHT | DARK], ids=["light", "dark"])
def test_lines_have_the_contrast_that_wcag_asks_of_graphics(theme: dict[str, str]) -> None:
    for line in (f"s{n}" for n in range(6)):
        assert contrast(theme[line], theme["page"]) >= 3, line
