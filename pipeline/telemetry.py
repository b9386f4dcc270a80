"""What the pipeline says about itself so that it can be judged: structured log records with agreed names.

A record's `mark` and `fields` become an event of that name wherever logs are collected; `breaker` is a transition of a
circuit breaker. The names and their fields are listed in docs/architecture.md. This module must not know who listens.
"""

from __future__ import annotations

import logging
from typing import Any

LOG = logging.getLogger("pipeline.telemetry")


def mark(name: str, /, **fields: Any) -> None:
    """Say that `name` happened; `fields` hold JSON values only."""
    LOG.info("%s %s", name, fields, extra={"mark": name, "fields": fields})


def breaker_moved(name: str, before: str, after: str, reason: str) -> None:
    """Say that the breaker `name` went from one state to another."""
    moved = {"name": name, "from": before, "to": after, "reason": reason}
    LOG.warning("breaker %s: %s -> %s (%s)", name, before, after, reason, extra={"breaker": moved})
