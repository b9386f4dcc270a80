"""The report as one HTML file: opens offline, asks nobody for anything, readable in a minute.

The same run folder gives the same bytes. It must not know how a run is made; what it shows is worked out by the modules
beside it, and how it looks is in `templates/`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import accounting, wording
from reports.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, bucket_label, chart
from reports.run import Run, opened
from reports.strip import LANE_HEIGHT, strip
from reports.summary import all_findings, headline, metric_rows, overview

TEMPLATES = Path(__file__).parent / "templates"
MOST_EVIDENCE = 8
"""Pieces of evidence shown per finding; the rest is counted, and is in outcome.json."""


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "number": wording.number,
        "value": wording.value,
        "duration": wording.duration,
        "moment": wording.moment,
        "date": wording.date,
        "all_findings": all_findings,
        "percent": lambda share: wording.NOTHING if share is None else f"{share:.1%}",
    }
    environment.filters.update(filters)
    return environment


def _script_data(plot: Chart | None) -> Markup:
    """The plot's figures for the script that shows them under the pointer; safe inside a script element."""
    names = [entry.name for entry in plot.legend] if plot else []
    data = {
        "names": names,
        "labels": plot.labels if plot else [],
        "values": plot.values if plot else [],
        "left": LEFT,
        "right": WIDTH - RIGHT,
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704 - what could close the element is escaped just here


def page(run: Run) -> str:
    """The report of `run` as text."""
    plot = chart(run)
    accounts = accounting.accounts(run)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            record=run.record,
            headline=headline(run),
            overview=overview(run),
            plot=plot,
            frame={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
            accounts=accounts,
            intervals=accounting.intervals(run) if accounts else [],
            bucket_label=partial(bucket_label, run),
            metric_rows=metric_rows(run),
            strips={world.name: strip(run, world) for world in run.worlds},
            lane_height=LANE_HEIGHT,
            signs=wording.SIGNS,
            most_evidence=MOST_EVIDENCE,
            script_data=_script_data(plot),
            style=Markup((TEMPLATES / "report.css").read_text("utf-8")),  # noqa: S704 - our own file
            script=Markup((TEMPLATES / "report.js").read_text("utf-8")),  # noqa: S704 - our own file
        )
    )


def render(run: Run | Path) -> Path:
    """Write `report.html` into the run's folder and return its path.

    Raises OSError and `RecordError` as `reports.run.read` does.
    """
    it = opened(run)
    path = it.folder / "report.html"
    path.write_text(page(it), "utf-8", newline="\n")
    return path
