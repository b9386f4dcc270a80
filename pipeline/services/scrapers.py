"""Phase 1 service `nba-phase1-scrapers`: fetches feeds, stores them, says so; and looks for games that went final.

`POST /scrape {"scraper", "date"}` runs one scraper. `POST /evaluate` looks at the schedule and scrapes what is missing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask, Response, jsonify, request

from pipeline import logs
from pipeline.bucket import Bucket
from pipeline.clients import Clients
from pipeline.clock import Clock, resolve_date, utc_now
from pipeline.http_pool import UpstreamError
from pipeline.messages import InvalidMessageError, ScrapeRequest, parse_json
from pipeline.publisher import Publisher
from pipeline.redrive import Redrive
from pipeline.scrapers import balldontlie, nba_com, odds_api
from pipeline.scrapers.run import TOPIC, ScrapeRun
from pipeline.scrapers.scraper import Scraper
from pipeline.settings import Settings
from pipeline.shared_state import SharedState
from pipeline.warehouse import Warehouse

LOG = logging.getLogger(__name__)

__all__ = ["TOPIC", "ScraperParts", "create_app", "production_parts"]


@dataclass(frozen=True, slots=True)
class ScraperParts:
    """What the service is made of."""

    scrapers: Mapping[str, Scraper]
    run: ScrapeRun
    redrive: Redrive
    clock: Clock
    close: Callable[[], None]


def production_parts(settings: Settings, clients: Clients, clock: Clock = utc_now) -> ScraperParts:
    """The composition that runs in production."""
    settings.require("bdl_api_key", "odds_api_key")
    bdl = balldontlie.BallDontLie(clients.http, settings.bdl_url, settings.bdl_api_key)
    schedule = nba_com.NbaSchedule(clients.http, settings.nba_cdn_url)
    box_scores = balldontlie.BoxScores(bdl)
    props = odds_api.PlayerProps(clients.http, settings.odds_url, settings.odds_api_key)
    run = ScrapeRun(Bucket(clients.storage, settings.bucket), Publisher(clients.publisher, settings.project), clock)
    state = SharedState(clients.storage, settings.bucket)
    warehouse = Warehouse(clients.bigquery, settings.bigquery_timeout_s)
    return ScraperParts(
        scrapers={scraper.name: scraper for scraper in (box_scores, schedule, balldontlie.Injuries(bdl), props)},
        run=run,
        redrive=Redrive(
            schedule=schedule, box_scores=box_scores, run=run, warehouse=warehouse, state=state, clock=clock
        ),
        clock=clock,
        close=clients.close,
    )


def create_app(parts: ScraperParts | None = None) -> Flask:
    """The service of `parts`, or of the production composition for the process's environment."""
    logs.configure()
    if parts is None:
        settings = Settings.from_environment()
        parts = production_parts(settings, Clients(settings))
    return _app(parts)


def _app(parts: ScraperParts) -> Flask:
    app = Flask("nba-phase1-scrapers")
    app.extensions["close"] = parts.close

    def scrape() -> tuple[Response, int]:
        wanted = parse_json(ScrapeRequest, request.get_data())
        scraper = parts.scrapers.get(wanted.scraper)
        if scraper is None:
            raise InvalidMessageError(
                "scraper", f"{wanted.scraper!r} is unknown; there are {', '.join(parts.scrapers)}"
            )
        try:
            day = resolve_date(wanted.date, parts.clock())
        except ValueError as error:
            raise InvalidMessageError("date", str(error)) from None
        captures = parts.run(scraper, day)
        return jsonify(scraper=scraper.name, date=str(day), captures=[capture.path for capture in captures]), 200

    def evaluate() -> tuple[Response, int]:
        driven = parts.redrive.evaluate()
        return jsonify(driven=[day.isoformat() for day in driven]), 200

    def invalid(error: InvalidMessageError) -> tuple[Response, int]:
        return jsonify(field=error.field, problem=str(error)), 400

    def upstream(error: UpstreamError) -> tuple[Response, int]:
        LOG.error("upstream failed: %s", error, extra={"fields": {"status": error.status}})
        return jsonify(problem=str(error)), 502

    app.add_url_rule("/scrape", view_func=scrape, methods=["POST"])
    app.add_url_rule("/evaluate", view_func=evaluate, methods=["POST"])
    app.register_error_handler(InvalidMessageError, invalid)
    app.register_error_handler(UpstreamError, upstream)
    return app
