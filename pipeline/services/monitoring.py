"""Service `nba-monitoring`: checks run by schedule that tell a human. `POST /retry-storm` every five minutes.

A check that cannot tell answers 500: an error is never "all is well".
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass

from flask import Flask, Response, jsonify

from pipeline import logs
from pipeline.alerts import Incidents, Slack
from pipeline.clients import Clients
from pipeline.clock import Clock, utc_now
from pipeline.retry_storm import RetryStormDetector
from pipeline.settings import Settings
from pipeline.shared_state import SharedState
from pipeline.warehouse import Warehouse

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MonitoringParts:
    """What the service is made of."""

    retry_storm: RetryStormDetector
    close: Callable[[], None]


def production_parts(settings: Settings, clients: Clients, clock: Clock = utc_now) -> MonitoringParts:
    """The composition that runs in production."""
    settings.require("slack_webhook_url")
    state = SharedState(clients.storage, settings.bucket)
    incidents = Incidents(state, Slack(clients.http, settings.slack_webhook_url), clock)
    warehouse = Warehouse(clients.bigquery, settings.bigquery_timeout_s)
    return MonitoringParts(RetryStormDetector(warehouse, incidents, state, clock), clients.close)


def create_app(parts: MonitoringParts | None = None) -> Flask:
    """The service of `parts`, or of the production composition for the process's environment."""
    logs.configure()
    if parts is None:
        settings = Settings.from_environment()
        parts = production_parts(settings, Clients(settings))
    return _app(parts)


def _app(parts: MonitoringParts) -> Flask:
    app = Flask("nba-monitoring")
    app.extensions["close"] = parts.close

    def retry_storm() -> tuple[Response, int]:
        storms = parts.retry_storm.check()
        return jsonify(storms=[asdict(load) for load in storms]), 200

    app.add_url_rule("/retry-storm", view_func=retry_storm, methods=["POST"])
    return app
