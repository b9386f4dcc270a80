"""The sports pipeline's NBA services in a world: back ends, the slice's services, topology and schedules.

Worlds of single incidents vary it by naming other apps, another topology or other schedules; see `retry_storm`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from harness.tunnel import Tunnel

DEPLOY = Path("pipeline/deploy")

ENVIRONMENT = {
    "PIPELINE_BDL_API_KEY": "bdl-key",
    "PIPELINE_ODDS_API_KEY": "odds-key",
    "PIPELINE_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T000/B000/windtunnel",
}

PGS_COMPUTE = {"pipeline.analytics.player_game_summary:PlayerGameSummary.process": "8.5s ± 1.5s"}
"""A run of the player game summary took 7-10 s on the day of the storm (INC-2026-01-16-001)."""


def read(tunnel: Tunnel, name: str) -> dict[str, Any]:
    """Read a file of `pipeline/deploy/`."""
    document: dict[str, Any] = YAML(typ="safe").load((tunnel.folder / DEPLOY / name).read_text("utf-8"))
    return document


def back_ends(tunnel: Tunnel, *, first_day: str, slates: Sequence[int], first_number: int) -> None:
    """Declare the emulated services and a season of `slates` games a day from `first_day`."""
    tunnel.backend("bigquery", project="nba-props-platform")
    tunnel.backend("gcs")
    tunnel.backend("pubsub", project="nba-props-platform")
    tunnel.backend("upstreams", first_day=first_day, slates=list(slates), first_number=first_number)


def services(
    tunnel: Tunnel,
    *,
    raw: str = "pipeline.services.raw:create_app",
    analytics: str = "pipeline.services.analytics:create_app",
    monitoring: bool = True,
) -> None:
    """Declare the slice's services as they are deployed; instances and concurrency as in phase 3's deployment."""
    tunnel.service(
        "nba-phase1-scrapers", app="pipeline.services.scrapers:create_app", env=ENVIRONMENT,
        max_instances=5, concurrency=10, request_timeout_s=300,
    )  # fmt: skip
    tunnel.service(
        "nba-phase2-raw-processors", app=raw, env=ENVIRONMENT, max_instances=10, concurrency=5, request_timeout_s=600,
    )  # fmt: skip
    tunnel.service(
        "nba-phase3-analytics-processors", app=analytics, env=ENVIRONMENT, max_instances=10, concurrency=5,
        request_timeout_s=600, compute=PGS_COMPUTE,
    )  # fmt: skip
    if monitoring:
        tunnel.service("nba-monitoring", app="pipeline.services.monitoring:create_app", env=ENVIRONMENT,
                       max_instances=1)  # fmt: skip


def schedules(tunnel: Tunnel, *, without: frozenset[str] = frozenset(), more: Mapping[str, Any] | None = None) -> None:
    """Declare the schedules of `pipeline/deploy/schedules.yaml`, `without` some, with `more`."""
    entries: dict[str, Any] = {**read(tunnel, "schedules.yaml")["schedules"], **(more or {})}
    if unknown := without - entries.keys():
        raise ValueError(f"schedules.yaml has no {', '.join(sorted(unknown))}")
    for name, entry in entries.items():
        if name in without:
            continue
        tunnel.schedule(
            name,
            cron=entry["cron"],
            zone=entry["zone"],
            post=entry["post"],
            body=entry.get("body"),
            attempt_deadline_s=float(str(entry.get("attempt_deadline", "180s")).removesuffix("s")),
        )
