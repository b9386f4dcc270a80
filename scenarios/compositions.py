"""The services of 16 January put together from parts: as they were, and with one safeguard each.

A composition chooses parts; neither the pipeline nor its services have a switch that says which it is. What is *as was*
is in `scenarios/mutants/`, what is fixed is what production runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from flask import Flask

from pipeline.analytics.triggers import PGS, UPGC
from pipeline.attempts import Attempts
from pipeline.clients import Clients
from pipeline.clock import utc_now
from pipeline.run_history import RunHistory
from pipeline.safeguards.early_exit import GamesAheadCheck, GamesOverCheck
from pipeline.safeguards.guard import Breaker, Guard
from pipeline.services import analytics, raw
from pipeline.services.analytics import AnalyticsParts
from pipeline.settings import Settings
from pipeline.slate import Schedule
from pipeline.warehouse import Warehouse
from pipeline.work import Outcome, Status, Work
from scenarios.mutants.as_was_acknowledgement import fail_the_request
from scenarios.mutants.as_was_announcement import AlwaysSuccessful
from scenarios.mutants.as_was_breaker import AsWasBreaker
from scenarios.mutants.as_was_dedupe import FINISHED, AsWasDedupe
from scenarios.mutants.as_was_processor import SwallowingProcessor
from scenarios.mutants.as_was_run_history import BufferedRunHistory


class FailWhileOpen:
    """A breaker whose refusal counts as a failure, as it did: the service answers 500 and the message comes again
    (fact 2).
    """

    def __init__(self, inner: Breaker) -> None:
        self._inner = inner

    def call(self, work: Work, run: Callable[[], Outcome]) -> Outcome:
        """Let `inner` decide; what it skips has failed."""
        outcome = self._inner.call(work, run)
        return replace(outcome, status=Status.FAILED) if outcome.status is Status.SKIPPED else outcome


def _analytics(guards: Callable[[Warehouse], Sequence[Guard]], breaker: Callable[[AnalyticsParts], Breaker]) -> Flask:
    """Phase 3 as it was, but for extra `guards` and the `breaker`."""
    settings = Settings.from_environment()
    clients = Clients(settings)
    parts = analytics.production_parts(settings, clients)
    warehouse = Warehouse(clients.bigquery, settings.bigquery_timeout_s)
    history: RunHistory = BufferedRunHistory(warehouse, utc_now, "phase_3_analytics")
    attempts = Attempts(
        guards=(*guards(warehouse), AsWasDedupe(warehouse, utc_now, FINISHED)),
        breaker=breaker(parts),
        history=history,
        announce=parts.attempts.announce,
    )
    processors = {name: SwallowingProcessor(processor) for name, processor in parts.processors.items()}
    return analytics.create_app(replace(parts, processors=processors, attempts=attempts, acknowledge=fail_the_request))


def analytics_as_was() -> Flask:
    """No early exit, no cap; a breaker that never opens; any failure is a 500."""
    return _analytics(lambda warehouse: (), lambda parts: AsWasBreaker(utc_now))


def analytics_breaker_only() -> Flask:
    """As it was, with a breaker that sees returned failures and is shared by the fleet."""
    return _analytics(lambda warehouse: (), lambda parts: FailWhileOpen(parts.attempts.breaker))


def analytics_early_exit_only() -> Flask:
    """As it was, but nothing runs for a date whose games are not over."""

    def guards(warehouse: Warehouse) -> Sequence[Guard]:
        schedule = Schedule(warehouse)
        return (GamesOverCheck(schedule, frozenset({PGS})), GamesAheadCheck(schedule, frozenset({UPGC})))

    return _analytics(guards, lambda parts: AsWasBreaker(utc_now))


def raw_as_was() -> Flask:
    """Phase 2 as it was: it announces success for a table into which it loaded nothing (incident 27)."""
    settings = Settings.from_environment()
    parts = raw.production_parts(settings, Clients(settings))
    attempts = replace(parts.attempts, announce=AlwaysSuccessful(parts.attempts.announce))
    return raw.create_app(replace(parts, attempts=attempts))
