"""What still works when something does not: monitoring down, schedule unreadable, state unreadable, poison."""

import logging

import pytest

pytest.importorskip("fakes.bigquery", reason="the BigQuery emulator is not there")

from fakes.seam import Answer, Call, Refuse, Ruling
from tests.pipeline.services.test_night import PGS, RUNS, SEASON, SUMMARY, evaluate, marks, message
from tests.pipeline.small_world import SmallWorld


@pytest.fixture
def world(caplog: pytest.LogCaptureFixture) -> SmallWorld:
    """The morning after: every game of the 16th is over and nothing has been looked at yet."""
    caplog.set_level(logging.INFO, "pipeline")
    return SmallWorld("2026-01-17T06:00:00+00:00", **SEASON)


class Down:
    """Refuses the calls of some methods while it is on."""

    def __init__(self, world: SmallWorld, refusal: Refuse, *methods: str, resource: str = "") -> None:
        self.on = True
        self.refused = 0
        self._refusal, self._methods, self._resource = refusal, methods, resource
        world.around.rule = self.rule

    def rule(self, call: Call) -> Ruling:
        if self.on and call.method in self._methods and self._resource in call.resource:
            self.refused += 1
            return Ruling(self._refusal, "down")
        return Ruling()


def test_monitoring_down_means_processing_up_and_the_rows_come_later(world, caplog):
    down = Down(world, Refuse(503), "tabledata.insertAll")
    assert evaluate(world) == ["2026-01-15", "2026-01-16"]
    assert down.refused
    assert marks(caplog, "run_row") == []
    assert len({row["game_id"] for row in world.rows(SUMMARY)}) == 6
    down.on = False
    world.settle(120)
    world.post(
        "nba-phase3-analytics-processors/process-date-range", {"start_date": "2026-01-16", "end_date": "2026-01-16"}
    )
    rows = [row for row in world.rows(RUNS) if row["data_date"].isoformat() == "2026-01-16"]
    assert sorted(row["status"] for row in rows) == ["running", "running", "success", "success"]


def test_a_table_that_is_down_is_asked_once_a_minute_and_not_for_every_row(world):
    down = Down(world, Refuse(503), "tabledata.insertAll")
    evaluate(world)
    assert down.refused <= 2 * (2 + 2)  # twice each: phases 2 and 3, and once more after a minute at most


def test_one_write_that_fails_costs_no_row(world, caplog):
    failing = [True]

    def rule(call: Call) -> Ruling:
        refused = call.method == "tabledata.insertAll" and failing and failing.pop()
        return Ruling(Refuse(503), "blip") if refused else Ruling()

    world.around.rule = rule
    evaluate(world)
    rows = world.rows("SELECT run_id, status FROM nba_reference.processor_run_history WHERE started_at >= '2026-01-01'")
    assert not failing
    assert len({row["run_id"] for row in rows}) == len(marks(caplog, "attempt"))
    statuses = [row["status"] for row in rows]
    assert statuses.count("running") == statuses.count("success") > 0


def test_a_schedule_that_cannot_be_read_is_a_failure_and_never_a_day_without_games(world, caplog):
    evaluate(world)
    Down(world, Refuse(403, "accessDenied", "Access Denied"), "jobs.query", resource="nbac_schedule")
    caplog.clear()
    world.publish("nba-phase2-raw-complete", message(version="other"))
    world.settle()
    outcomes = {mark["processor"]: mark["status"] for mark in marks(caplog, "attempt")}
    assert outcomes[PGS] == "failed"


def test_attempts_that_fail_before_the_work_are_bounded_too(world, caplog):
    evaluate(world)
    Down(world, Refuse(403, "accessDenied", "Access Denied"), "jobs.query", resource="nbac_schedule")
    caplog.clear()
    for number in range(15):
        world.publish("nba-phase2-raw-complete", message(version=f"v{number}"))
        world.settle(10)
    statuses = [mark["status"] for mark in marks(caplog, "attempt") if mark["processor"] == PGS]
    assert (statuses.count("failed"), statuses.count("skipped")) == (9, 6)  # one had succeeded in the same hour


def test_a_failure_no_delivery_can_cure_is_buried_with_its_reason(world):
    evaluate(world)
    Down(world, Refuse(403, "accessDenied", "Access Denied"), "jobs.query")
    world.answers.clear()
    world.publish("nba-phase2-raw-complete", message(version="other"))
    world.settle(3_600)
    assert world.answers == [("nba-phase3-analytics-processors", 204)]
    [attributes] = world.dead_letters("nba-phase2-raw-complete-dlq")
    assert "Access Denied" in attributes["reason"]


def test_a_state_that_cannot_be_read_is_no_permission_and_the_message_comes_again(world, caplog):
    evaluate(world)
    down = Down(world, Refuse(403, "forbidden", "no"), "storage.objects.get", resource="_state/done")
    caplog.clear()
    world.answers.clear()
    world.publish("nba-phase2-raw-complete", message(version="other"))
    world.settle(5)
    assert world.answers == [("nba-phase3-analytics-processors", 503)]
    down.on = False
    world.settle(60)
    assert world.answers[-1] == ("nba-phase3-analytics-processors", 204)
    assert [mark["status"] for mark in marks(caplog, "attempt") if mark["processor"] == PGS] == ["failed", "success"]


def test_what_was_left_behind_is_found_by_the_next_evaluation(world):
    """Phase 3 is down for the night: its messages die, and the morning's evaluation brings the data all the same."""
    push = world.around.answer
    world.around.answer = lambda url, body, headers: (
        Answer(0, problem="refused") if "phase3" in url else push(url, body, headers)
    )
    evaluate(world)
    world.settle(3_600)
    assert world.rows(SUMMARY) == []
    world.around.answer = push
    assert evaluate(world) == ["2026-01-15", "2026-01-16"]
    assert len({row["game_id"] for row in world.rows(SUMMARY)}) == 6


def test_an_unchanged_schedule_is_passed_on_once_an_hour(world):
    def passed_on() -> int:
        return sum("nba-com/schedule" in name for name in world.gcs.list_objects("nba-scraped-data", "nba-com/"))

    counts = []
    for _ in range(13):
        evaluate(world)
        counts.append(passed_on())
        world.settle(570)
    assert counts == [1] * 6 + [2] * 6 + [3]


def test_the_redrive_has_a_budget(world):
    """Phase 3 never succeeds: the date is scraped ten times an hour at most, however often the schedule is looked
    at.
    """
    Down(world, Refuse(403, "accessDenied", "Access Denied"), "jobs.query", resource="bdl_player_boxscores")
    driven = [day for _ in range(15) for day in evaluate(world)]
    assert driven.count("2026-01-16") == 10
