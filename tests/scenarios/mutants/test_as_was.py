"""The safeguards as they were have the defects they are kept for, and no others that would hide them."""

import dataclasses
import datetime as dt

import pytest

from fakes.seam import Call, Refuse, Ruling
from pipeline.attempts import Attempts
from pipeline.run_history import StreamedRunHistory
from pipeline.safeguards.upstream_check import Source
from pipeline.warehouse import Warehouse
from pipeline.work import Outcome, Status, Trigger, Work
from scenarios.mutants.as_was_acknowledgement import fail_the_request
from scenarios.mutants.as_was_breaker import NoBreaker
from scenarios.mutants.as_was_dedupe import FINISHED, AsWasDedupe
from scenarios.mutants.as_was_run_history import ROWS, BufferedRunHistory
from scenarios.mutants.as_was_staleness import AsWasStaleness
from tests.pipeline.services.test_night import SEASON
from tests.pipeline.small_world import SmallWorld

DAY = dt.date(2026, 1, 16)
FAILED = Outcome("P", Status.FAILED, "no data extracted")
GOOD = Outcome("P", Status.SUCCESS, records=3)


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld("2026-01-16T09:00:00+00:00", **SEASON)


@pytest.fixture
def warehouse(world: SmallWorld) -> Warehouse:
    return Warehouse(lambda: world.query)


def work(world: SmallWorld, number: int = 1) -> Work:
    return Work("P", DAY, Trigger("http"), f"r{number}", world.now())


def written(world: SmallWorld) -> int:
    sql = "SELECT COUNT(*) AS n FROM nba_reference.processor_run_history WHERE started_at >= '2026-01-01'"
    return world.rows(sql)[0]["n"]


def test_rows_wait_in_memory_so_a_redelivery_at_once_is_not_seen(world, warehouse):
    history = BufferedRunHistory(warehouse, world.now, "p")
    dedupe = AsWasDedupe(warehouse, world.now)
    history.started(work(world))
    history.ended(work(world), GOOD)
    assert dedupe.check(work(world, 2)) is None
    history.flush()
    assert dedupe.check(work(world, 2)).status is Status.SKIPPED


def test_a_full_buffer_is_written_at_once(world, warehouse):
    history = BufferedRunHistory(warehouse, world.now, "p")
    for number in range(ROWS // 2):
        history.started(work(world, number))
        history.ended(work(world, number), FAILED)
    assert written(world) == ROWS


def test_an_insert_that_fails_loses_its_rows_where_the_fixed_history_keeps_them(world, warehouse):
    histories = (BufferedRunHistory(warehouse, world.now, "p"), StreamedRunHistory(warehouse, world.now, "p"))
    kept = []
    for number, history in enumerate(histories):
        down = [True]

        def rule(call: Call, down: list[bool] = down) -> Ruling:
            return Ruling(Refuse(503), "down") if down and call.method == "tabledata.insertAll" else Ruling()

        world.around.rule = rule
        before = written(world)
        history.ended(work(world, number), GOOD)
        history.flush()
        down.clear()
        world.around.advance(120)
        history.flush()
        kept.append(written(world) - before)
    assert kept == [0, 1]


def test_the_start_of_a_failed_run_blocks_its_retry_for_two_hours(world, warehouse):
    history = StreamedRunHistory(warehouse, world.now, "p")
    history.started(work(world))
    history.ended(work(world), FAILED)
    dedupe = AsWasDedupe(warehouse, world.now)
    world.around.advance(3_600)
    assert dedupe.check(work(world, 2)).reason == "already running"
    world.around.advance(3_700)
    assert dedupe.check(work(world, 2)) is None
    assert AsWasDedupe(warehouse, world.now, FINISHED).check(work(world, 2)) is None


def test_a_query_that_fails_counts_as_not_seen(world, warehouse):
    world.around.rule = lambda call: Ruling(Refuse(403, "accessDenied", "no"), "f")
    assert AsWasDedupe(warehouse, world.now).check(work(world)) is None


def test_any_failure_is_a_500():
    permanent = dataclasses.replace(FAILED, retryable=False)
    assert [fail_the_request([o]).status for o in (GOOD, FAILED, permanent)] == [204, 500, 500]


def test_valid_data_of_yesterday_is_stale_after_twelve_hours(world, warehouse):
    world.post("nba-phase1-scrapers/evaluate")
    world.settle()
    stale = AsWasStaleness(warehouse, world.now, "P", Source("nba_raw.bdl_player_boxscores"))
    yesterday = dataclasses.replace(work(world), game_date=dt.date(2026, 1, 15))
    assert stale.check(yesterday) is None
    world.around.advance(13 * 3_600)
    attempts = Attempts((stale,), NoBreaker(), StreamedRunHistory(warehouse, world.now, "p"), lambda w, o: None)

    class Never:
        name = "P"

        def process(self, work: Work) -> Outcome:
            raise AssertionError("a guard that stops an attempt must keep the work from running")

    assert attempts.make(Never(), yesterday).reason == "nba_raw.bdl_player_boxscores is stale"
