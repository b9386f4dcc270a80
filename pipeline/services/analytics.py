"""Phase 3 service `nba-phase3-analytics-processors`: turns changed raw tables into analytics, and says so.

`POST /process` takes a `Phase2Completion`, pushed or direct; `POST /process-date-range` takes dates from a schedule
or a person. Which safeguards stand round an attempt is the composition's choice, see `AnalyticsParts`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Flask, Response, jsonify, request

from pipeline import logs
from pipeline.analytics.player_game_summary import PlayerGameSummary
from pipeline.analytics.triggers import TriggerMap
from pipeline.analytics.upcoming_player_game_context import UpcomingPlayerGameContext
from pipeline.attempts import Attempts, Processor
from pipeline.breaker_ledger import BreakerLedger
from pipeline.clients import Clients
from pipeline.clock import Clock, resolve_date, utc_now
from pipeline.messages import DateRangeRequest, InvalidMessageError, Phase2Completion, Phase3Completion, parse_json
from pipeline.publisher import Publisher
from pipeline.run_history import StreamedRunHistory
from pipeline.safeguards.attempt_cap import AttemptCap, CapLook
from pipeline.safeguards.breaker import SharedBreaker
from pipeline.safeguards.dedupe import SuccessMarkers
from pipeline.safeguards.early_exit import GamesAheadCheck, GamesOverCheck
from pipeline.safeguards.upstream_check import UpstreamCheck
from pipeline.services.acknowledgement import AcknowledgementPolicy, acknowledge_unless_curable
from pipeline.services.door import Door
from pipeline.services.frame import framed
from pipeline.settings import Settings
from pipeline.shared_state import SharedState
from pipeline.slate import Schedule
from pipeline.warehouse import Table, Warehouse
from pipeline.work import Outcome, Status, Trigger, Work

TOPIC = "nba-phase3-analytics-complete"
DEAD_LETTERS = "nba-phase2-raw-complete-dlq"
RANGE_DAYS_MAX = 31
"""A longer range is a backfill, which is checkpointed and has its own budget."""


class AnalyticsAnnouncement:
    """Tells phase 4 that an analytics table was written."""

    def __init__(self, publisher: Publisher, clock: Clock, tables: Mapping[str, Table]) -> None:
        self._publisher = publisher
        self._clock = clock
        self._tables = tables

    def __call__(self, work: Work, outcome: Outcome) -> None:
        """Publish; raises `PublishFailedError`."""
        table = self._tables[work.processor]
        now = self._clock()
        self._publisher.publish(
            TOPIC,
            Phase3Completion(
                processor_name=work.processor,
                execution_id=work.run_id,
                correlation_id=work.trigger.correlation_id,
                game_date=work.game_date,
                output_table=table.name,
                output_dataset=table.dataset,
                status="success",
                record_count=outcome.records,
                timestamp=now,
                duration_seconds=(now - work.started_at).total_seconds(),
                trigger_source=work.trigger.source,
                trigger_message_id=work.trigger.message_id,
                version=outcome.version,
            ),
        )


@dataclass(frozen=True, slots=True)
class AnalyticsParts:
    """What the service is made of. Another composition replaces parts; the service has no switches."""

    processors: Mapping[str, Processor]
    triggers: TriggerMap
    attempts: Attempts
    door: Door[Phase2Completion]
    acknowledge: AcknowledgementPolicy
    clock: Clock
    close: Callable[[], None]


PROCESSORS = (PlayerGameSummary, UpcomingPlayerGameContext)
"""Every processor of this phase; each says itself what it writes, reads and needs."""


def production_processors(warehouse: Warehouse, clock: Clock) -> dict[str, Processor]:
    """The processors of this phase by name."""
    return {kind.name: kind(warehouse, clock) for kind in PROCESSORS}


def production_parts(settings: Settings, clients: Clients, clock: Clock = utc_now) -> AnalyticsParts:
    """The composition that runs in production. Cheap guards that stop most come first, the cap counts what passed
    them.
    """
    warehouse = Warehouse(clients.bigquery, settings.bigquery_timeout_s)
    publisher = Publisher(clients.publisher, settings.project)
    state = SharedState(clients.storage, settings.bucket)
    schedule = Schedule(warehouse)
    after = frozenset(kind.name for kind in PROCESSORS if kind.needs == "over")
    before = frozenset(kind.name for kind in PROCESSORS if kind.needs == "ahead")
    cap = AttemptCap(state, clock)
    attempts = Attempts(
        guards=(
            CapLook(cap),
            GamesOverCheck(schedule, after),
            GamesAheadCheck(schedule, before),
            UpstreamCheck(warehouse, clock, {kind.name: kind.sources for kind in PROCESSORS}),
            SuccessMarkers(state),
            cap,
        ),
        breaker=SharedBreaker(state, clock, BreakerLedger(warehouse, clock)),
        history=StreamedRunHistory(warehouse, clock, "phase_3_analytics"),
        announce=AnalyticsAnnouncement(publisher, clock, {kind.name: kind.table for kind in PROCESSORS}),
    )
    return AnalyticsParts(
        processors=production_processors(warehouse, clock),
        triggers=TriggerMap(),
        attempts=attempts,
        door=Door(Phase2Completion, publisher, DEAD_LETTERS),
        acknowledge=acknowledge_unless_curable,
        clock=clock,
        close=clients.close,
    )


def create_app(parts: AnalyticsParts | None = None) -> Flask:
    """The service of `parts`, or of the production composition for the process's environment."""
    logs.configure()
    if parts is None:
        settings = Settings.from_environment()
        parts = production_parts(settings, Clients(settings))
    return _app(parts)


def _app(parts: AnalyticsParts) -> Flask:
    app = framed("nba-phase3-analytics-processors", parts.close)

    def process() -> tuple[Response, int]:
        delivery = parts.door.open(request.get_data())
        message = delivery.message
        trigger = Trigger(
            delivery.source, message.output_table, delivery.message_id, message.version, message.correlation_id
        )
        outcomes = [
            _attempt(parts, name, message.game_date, trigger) for name in parts.triggers.processors_for(message)
        ]
        answer = parts.acknowledge(outcomes)
        if answer.bury:
            reasons = "; ".join(outcome.reason for outcome in outcomes if outcome.status is Status.FAILED)
            parts.door.bury(delivery.message_id, delivery.raw, reasons)
        return _told(outcomes), answer.status

    def process_date_range() -> tuple[Response, int]:
        wanted = parse_json(DateRangeRequest, request.get_data())
        names = wanted.processors or tuple(parts.processors)
        unknown = sorted(set(names) - set(parts.processors))
        if unknown:
            raise InvalidMessageError("processors", f"{unknown} unknown; there are {', '.join(parts.processors)}")
        trigger = Trigger("schedule", correlation_id=uuid.uuid4().hex)
        outcomes = [_attempt(parts, name, day, trigger) for day in _days(parts, wanted) for name in names]
        return _told(outcomes), 200 if parts.acknowledge(outcomes).status < 300 else 500

    app.add_url_rule("/process", view_func=process, methods=["POST"])
    app.add_url_rule("/process-date-range", view_func=process_date_range, methods=["POST"])
    return app


def _attempt(parts: AnalyticsParts, name: str, day: date, trigger: Trigger) -> Outcome:
    work = Work(name, day, trigger, uuid.uuid4().hex, parts.clock())
    return parts.attempts.make(parts.processors[name], work)


def _told(outcomes: list[Outcome]) -> Response:
    return jsonify(
        outcomes=[
            {"processor": o.processor, "status": o.status, "reason": o.reason, "records": o.records} for o in outcomes
        ]
    )


def _days(parts: AnalyticsParts, wanted: DateRangeRequest) -> list[date]:
    now = parts.clock()
    ends = {}
    for field in ("start_date", "end_date"):
        try:
            ends[field] = resolve_date(getattr(wanted, field), now)
        except ValueError as error:
            raise InvalidMessageError(field, str(error)) from None
    count = (ends["end_date"] - ends["start_date"]).days + 1
    if not 1 <= count <= RANGE_DAYS_MAX:
        raise InvalidMessageError("end_date", f"a range of {count} days; give 1 to {RANGE_DAYS_MAX}")
    return [ends["start_date"] + timedelta(days=n) for n in range(count)]
