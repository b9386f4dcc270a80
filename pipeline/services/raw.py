"""Phase 2 service `nba-phase2-raw-processors`: loads stored captures into the raw tables and says so.

`POST /process` takes a `ScraperCompletion`, pushed or direct.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Flask, Response, jsonify, request

from pipeline import logs
from pipeline.attempts import Attempts, failure
from pipeline.breaker_ledger import BreakerLedger
from pipeline.bucket import Bucket
from pipeline.clients import Clients
from pipeline.clock import Clock, utc_now
from pipeline.messages import Phase2Completion, ScraperCompletion
from pipeline.publisher import Publisher
from pipeline.raw.feed import Feed
from pipeline.raw.loader import FeedLoader
from pipeline.raw.registry import FEEDS, UnknownPathError, feed_for
from pipeline.run_history import StreamedRunHistory
from pipeline.safeguards.breaker import SharedBreaker
from pipeline.services.acknowledgement import AcknowledgementPolicy, acknowledge_unless_curable
from pipeline.services.door import Delivery, Door
from pipeline.services.frame import framed
from pipeline.settings import Settings
from pipeline.shared_state import SharedState
from pipeline.warehouse import Table, Warehouse
from pipeline.work import Outcome, Trigger, Work

TOPIC = "nba-phase2-raw-complete"
DEAD_LETTERS = "nba-phase1-scrapers-complete-dlq"


class RawAnnouncement:
    """Tells phase 3 that a raw table was loaded: also when nothing changed, since an earlier telling may be lost."""

    def __init__(self, publisher: Publisher, clock: Clock, tables: dict[str, Table]) -> None:
        self._publisher = publisher
        self._clock = clock
        self._tables = tables

    def __call__(self, work: Work, outcome: Outcome) -> None:
        """Publish; raises `PublishFailedError`."""
        table = self._tables[work.processor]
        now = self._clock()
        self._publisher.publish(
            TOPIC,
            Phase2Completion(
                processor_name=work.processor,
                execution_id=work.run_id,
                correlation_id=work.trigger.correlation_id,
                game_date=work.game_date,
                output_table=table.name,
                output_dataset=table.dataset,
                status="success" if outcome.records else "no_data",
                record_count=outcome.records,
                timestamp=now,
                duration_seconds=(now - work.started_at).total_seconds(),
                trigger_source=work.trigger.source,
                trigger_message_id=work.trigger.message_id,
                version=outcome.version,
            ),
        )


@dataclass(frozen=True, slots=True)
class RawParts:
    """What the service is made of."""

    feeds: Sequence[Feed]
    attempts: Attempts
    bucket: Bucket
    warehouse: Warehouse
    door: Door[ScraperCompletion]
    acknowledge: AcknowledgementPolicy
    clock: Clock
    close: Callable[[], None]


def production_parts(settings: Settings, clients: Clients, clock: Clock = utc_now) -> RawParts:
    """The composition that runs in production."""
    warehouse = Warehouse(clients.bigquery, settings.bigquery_timeout_s)
    publisher = Publisher(clients.publisher, settings.project)
    attempts = Attempts(
        guards=(),  # Loading is idempotent and each capture is another: nothing to dedupe or to cap by date.
        breaker=SharedBreaker(SharedState(clients.storage, settings.bucket), clock, BreakerLedger(warehouse, clock)),
        history=StreamedRunHistory(warehouse, clock, "phase_2_raw"),
        announce=RawAnnouncement(publisher, clock, {feed.name: feed.table for feed in FEEDS}),
    )
    return RawParts(
        feeds=FEEDS,
        attempts=attempts,
        bucket=Bucket(clients.storage, settings.bucket),
        warehouse=warehouse,
        door=Door(ScraperCompletion, publisher, DEAD_LETTERS),
        acknowledge=acknowledge_unless_curable,
        clock=clock,
        close=clients.close,
    )


def create_app(parts: RawParts | None = None) -> Flask:
    """The service of `parts`, or of the production composition for the process's environment."""
    logs.configure()
    if parts is None:
        settings = Settings.from_environment()
        parts = production_parts(settings, Clients(settings))
    return _app(parts)


def _app(parts: RawParts) -> Flask:
    app = framed("nba-phase2-raw-processors", parts.close)

    def process() -> tuple[Response, int]:
        delivery = parts.door.open(request.get_data())
        if delivery.message.status == "failed":
            return jsonify(skipped="the scraper failed: nothing was stored"), 204
        outcome = _load(parts, delivery)
        answer = parts.acknowledge([outcome])
        if answer.bury:
            parts.door.bury(delivery.message_id, delivery.raw, outcome.reason)
        return jsonify(status=outcome.status, reason=outcome.reason, records=outcome.records), answer.status

    app.add_url_rule("/process", view_func=process, methods=["POST"])
    return app


def _load(parts: RawParts, delivery: Delivery[ScraperCompletion]) -> Outcome:
    message = delivery.message
    trigger = Trigger(
        delivery.source, message_id=delivery.message_id, correlation_id=message.correlation_id or message.execution_id
    )
    work = Work("", message.game_date, trigger, uuid.uuid4().hex, parts.clock())
    try:
        feed = feed_for(message.gcs_path, parts.feeds)
    except UnknownPathError as error:
        return failure(work, error)
    work = Work(feed.name, message.game_date, trigger, work.run_id, work.started_at)
    loader = FeedLoader(feed, message.gcs_path, parts.bucket, parts.warehouse, parts.clock)
    return parts.attempts.make(loader, work)
