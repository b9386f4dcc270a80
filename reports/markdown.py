"""The report as Markdown, for the summary of a CI step and for a review's comment.

GitHub shows at most 1 MiB of summary per step and drops what is longer as a whole, so this one is cut to `MOST_BYTES`
and says so. It must not know how a run is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from harness.outcome import Verdict
from reports import accounting
from reports.accounting import Account
from reports.run import Run, World, opened
from reports.summary import all_findings, headline, metric_rows, overview
from reports.wording import NOTHING, SIGNS, date, duration, number, plural, value

MOST_BYTES = 1024 * 1024 - 4096
"""GitHub's limit of 1 MiB for the summary of a step, less some room for what other tools append to the same step
(docs.github.com: "Step isolation and limits").
"""
MOST_FINDINGS = 50
"""Findings listed per world: the page is for reading, outcome.json for counting."""

_ICONS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.UNKNOWN: "❔"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def escape(text: str) -> str:
    """`text` as Markdown that shows it as it is, on one line: nothing in a history may become markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """`text` in a code span, backticks and bars in it included."""
    flat = " ".join(text.split()).replace("|", "\\|")
    runs = [len(run) for run in re.findall(r"`+", flat)]
    fence = "`" * next(n for n in count(1) if n not in runs)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """The lines of a table; `right` numbers the columns that hold figures. Cells are Markdown already."""
    figures = set(right)
    rule = ["---:" if column in figures else "---" for column in range(len(head))]
    return ["| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)]


def _title(run: Run) -> list[str]:
    record = run.record
    facts = [
        f"release {code(record.release)}",
        f"seed {record.seed}",
        record.engine,
        f"{record.span} of virtual time in {duration(record.wall_s)}",
    ]
    return [
        f"## {_ICONS[record.verdict]} {escape(record.title)}",
        "",
        f"**{record.verdict.value}**: {escape(headline(run))}",
        "",
        f"{code(record.scenario)} · {' · '.join(facts)}",
        "",
    ]


def _worlds(run: Run) -> list[str]:
    it = overview(run)
    rows = [
        (
            f"**{escape(line.world.name)}**", f"{_ICONS[line.world.verdict]} {line.world.verdict.value}",
            *line.figures, code(line.shape) if line.shape else NOTHING, escape(line.why),
        )
        for line in it.lines
    ]  # fmt: skip
    head = ("World", "Verdict", *it.columns, f"{it.noun.capitalize()} over time", "Why")
    told = [f"Attempts and rows are those of {escape(run.focus)}.", ""] if run.focus else []
    return [*table(head, rows, tuple(range(2, 2 + len(it.columns)))), "", *told]


def _account(account: Account) -> tuple[str, ...]:
    name = f"*{escape(account.name)}*" if account.is_record else escape(account.name)
    figures = (
        account.rows, account.rows_failed, account.rows_running, account.rows_success, account.attempts,
        account.attempts_failed, account.worst,
    )  # fmt: skip
    return (name, *(number(figure) for figure in figures))


def _accounts(run: Run) -> list[str]:
    accounts = accounting.accounts(run)
    if not accounts:
        return []
    per = "an hour" if run.bucket_s == 3600 else duration(run.bucket_s)
    head = ("", "Rows", "failed", "running", "success", "Attempts", "failed", f"most in {per}")
    return [
        "### Both accountings",
        "",
        *table(head, map(_account, accounts), range(1, 8)),
        "",
        *(f"- {escape(note)}" for note in (run.record.reference.notes if run.record.reference else ())),
        "",
    ]


def _notes(run: Run) -> list[str]:
    if not run.record.notes:
        return []
    return ["### Where mechanism and record differ", "", *(f"- {escape(note)}" for note in run.record.notes), ""]


def _findings(world: World) -> list[str]:
    lines = [f"### {_ICONS[world.verdict]} {escape(world.name)}", ""]
    if world.problem:
        lines += [escape(world.problem), ""]
    if world.outcome is None:
        return lines
    findings = all_findings(world.outcome)
    rows = [
        (
            escape(it.check), f"{SIGNS[it.verdict]} {it.verdict.value}", escape(value(it.measured)),
            escape(value(it.bound)), number(it.margin), escape(it.reason),
        )
        for it in findings[:MOST_FINDINGS]
    ]  # fmt: skip
    lines += table(("Check", "Verdict", "Measured", "Bound", "Margin", "Why"), rows, (2, 3, 4))
    if len(findings) > MOST_FINDINGS:
        lines += ["", f"… and {len(findings) - MOST_FINDINGS} more in {code(world.name + '/outcome.json')}."]
    return [*lines, ""]


def _metrics(run: Run) -> list[str]:
    rows = metric_rows(run)
    if not rows:
        return []
    reference = run.record.reference
    head = ["Metric", *([escape(reference.name)] if reference else []), *(escape(world.name) for world in run.worlds)]
    body = [(code(row.name), *([row.recorded] if reference else []), *row.figures) for row in rows]
    opening = ["<details><summary>Metrics side by side</summary>", ""]
    return [*opening, *table(head, map(list, body), range(1, len(head))), "", "</details>", ""]


def _closing(run: Run) -> list[str]:
    return [
        "To repeat it exactly:",
        "",
        "```console",
        run.record.command,
        "```",
        "",
        f"Run at {date(run.record.started_at)}.",
        "",
    ]


def fit(sections: Sequence[Sequence[str]], closing: Sequence[str], most_bytes: int = MOST_BYTES) -> str:
    """All `sections` that fit into `most_bytes` of UTF-8 together with `closing`, in order, whole.

    The first that does not fit ends the list and is told of by number, so that a cut page does not look complete.
    """
    tail = "\n".join(closing)
    note = "… {} more, left out to stay below the size that is shown; see report.html.\n\n"
    room = most_bytes - len(tail.encode()) - len(note.encode()) - 20
    kept = []
    for index, section in enumerate(sections):
        text = "\n".join(section) + "\n" if section else ""
        room -= len(text.encode())
        if room < 0:
            kept.append(note.format(plural(len(sections) - index, "section")))
            break
        kept.append(text)
    return "".join(kept) + tail


def page(run: Run) -> str:
    """The report of `run` as text, at most `MOST_BYTES` of UTF-8."""
    worst_first = [world for worlds in run.by_verdict.values() for world in worlds]
    sections = [
        _title(run), _worlds(run), _accounts(run), _notes(run), *map(_findings, worst_first), _metrics(run),
    ]  # fmt: skip
    return fit(sections, _closing(run))


def render(run: Run | Path) -> Path:
    """Write `summary.md` into the run's folder and return its path.

    Raises OSError and `RecordError` as `reports.run.read` does.
    """
    it = opened(run)
    path = it.folder / "summary.md"
    path.write_text(page(it), "utf-8", newline="\n")
    return path
