"""The night of 16 January through all services: nothing to do by day, everything done after the games, with no
human.
"""

import json
import logging

import pytest

pytest.importorskip("fakes.bigquery", reason="the BigQuery emulator is not there")

from fakes.seam import Call, Refuse, Ruling
from tests.pipeline.small_world import SmallWorld

SEASON = {"first_day": "2026-01-15", "slates": [9, 6, 8], "first_number": 578}
PGS = "PlayerGameSummaryProcessor"
SUMMARY = (
    "SELECT * FROM nba_analytics.player_game_summary WHERE game_date = '2026-01-16' ORDER BY game_id, player_lookup"
)
RAW = "SELECT * FROM nba_raw.bdl_player_boxscores WHERE game_date = '2026-01-16' ORDER BY game_id, bdl_player_id"
RUNS = (
    "SELECT * FROM nba_reference.processor_run_history WHERE started_at >= '2026-01-01' "
    f"AND processor_name = '{PGS}' ORDER BY started_at, status"
)


def marks(caplog: pytest.LogCaptureFixture, name: str) -> list[dict]:
    return [record.fields for record in caplog.records if getattr(record, "mark", "") == name]


@pytest.fixture
def world(caplog: pytest.LogCaptureFixture) -> SmallWorld:
    """09:00 UTC on the 16th: the games of the 15th are over, those of the 16th are ten hours away."""
    caplog.set_level(logging.INFO, "pipeline")
    return SmallWorld("2026-01-16T09:00:00+00:00", **SEASON)


def evaluate(world: SmallWorld) -> list[str]:
    status, body = world.post("nba-phase1-scrapers/evaluate")
    assert status == 200, body
    world.settle()
    return body["driven"]


def message(**changes: object) -> dict:
    return {
        "processor_name": "BdlBoxscoresProcessor",
        "phase": "phase_2_raw",
        "execution_id": "e1",
        "game_date": "2026-01-16",
        "output_table": "bdl_player_boxscores",
        "output_dataset": "nba_raw",
        "status": "success",
        "record_count": 1,
        "timestamp": "2026-01-16T09:00:00Z",
        **changes,
    }


def test_before_the_games_a_trigger_is_not_ready_acknowledged_and_tried_once(world, caplog):
    evaluate(world)
    caplog.clear()
    world.answers.clear()
    world.publish("nba-phase2-raw-complete", message())
    world.settle(3_600)
    pgs = [mark for mark in marks(caplog, "attempt") if mark["processor"] == PGS]
    assert [(mark["status"], mark["reason"]) for mark in pgs] == [("not_ready", "none of 6 games is final")]
    assert world.answers == [("nba-phase3-analytics-processors", 204)]
    assert world.rows(SUMMARY) == []


def test_after_the_last_game_one_evaluation_brings_every_line(world, caplog):
    evaluate(world)
    world.at("2026-01-17T05:50:00+00:00")
    caplog.clear()
    assert evaluate(world) == ["2026-01-16"]
    summarised = world.rows(SUMMARY)
    played = [row for row in world.rows(RAW) if row["minutes"]]
    assert len({row["game_id"] for row in summarised}) == 6
    assert {(row["game_id"], row["player_lookup"], row["points"]) for row in summarised} == {
        (row["game_id"], row["player_lookup"], row["points"]) for row in played
    }
    assert sum(row["win_flag"] for row in summarised) * 2 == pytest.approx(len(summarised), rel=0.25)
    assert marks(caplog, "recovered") == [{"name": "player_game_summary", "key": "2026-01-16"}]
    assert evaluate(world) == []


def test_games_that_end_one_by_one_are_summarised_one_by_one_and_complete_once(world, caplog):
    evaluate(world)
    world.at("2026-01-17T02:00:00+00:00")
    counts = []
    while world.now().isoformat() < "2026-01-17T06:05":
        evaluate(world)
        counts.append(len({row["game_id"] for row in world.rows(SUMMARY)}))
        world.settle(570)
    assert counts == sorted(counts)
    assert counts[-1] == 6
    assert len(set(counts)) > 3
    recovered = [mark for mark in marks(caplog, "recovered") if mark["key"] == "2026-01-16"]
    assert len(recovered) == 1


def test_every_delivery_twice_changes_nothing(world):
    evaluate(world)
    world.at("2026-01-17T05:50:00+00:00")
    evaluate(world)
    before = (world.rows(RAW), world.rows(SUMMARY))
    for body in [json.dumps(envelope) for envelope in pushed(world)]:
        for service in ("nba-phase2-raw-processors", "nba-phase3-analytics-processors"):
            world.services[service].post("/process", data=body)
    world.settle()
    assert (world.rows(RAW), world.rows(SUMMARY)) == before


def pushed(world: SmallWorld) -> list[dict]:
    """Every envelope that was pushed so far."""
    return [json.loads(body) for url, body, _ in world.around.posts if url.endswith("/process")]


def test_each_attempt_that_runs_leaves_two_rows_under_one_run_id(world):
    evaluate(world)
    world.at("2026-01-17T05:50:00+00:00")
    evaluate(world)
    rows = [row for row in world.rows(RUNS) if row["data_date"].isoformat() == "2026-01-16"]
    assert sorted(row["status"] for row in rows) == ["running", "success"]
    assert len({row["run_id"] for row in rows}) == 1


def test_an_invalid_push_goes_to_the_dead_letter_topic_with_its_reason_and_is_not_delivered_again(world):
    world.publish("nba-phase2-raw-complete", message(game_date="TODAY"))
    world.publish("nba-phase1-scrapers-complete", b"no json")
    world.settle(3_600)
    assert sorted(world.answers) == [("nba-phase2-raw-processors", 204), ("nba-phase3-analytics-processors", 204)]
    [attributes] = world.dead_letters("nba-phase2-raw-complete-dlq")
    assert "game_date" in attributes["reason"]
    [attributes] = world.dead_letters("nba-phase1-scrapers-complete-dlq")
    assert "not JSON" in attributes["reason"]


def test_a_direct_request_that_is_wrong_gets_a_400_with_the_field(world):
    for target, body, field in (
        ("nba-phase3-analytics-processors/process", {"processor_name": "x"}, "execution_id"),
        ("nba-phase2-raw-processors/process", {}, "scraper"),
        ("nba-phase1-scrapers/scrape", {"scraper": "nope"}, "scraper"),
        ("nba-phase1-scrapers/scrape", {"scraper": "bdl_injuries", "date": "soon"}, "date"),
        ("nba-phase3-analytics-processors/process-date-range", {"start_date": "TODAY"}, "end_date"),
        ("nba-phase3-analytics-processors/process-date-range", {"start_date": "TODAY", "end_date": "x"}, "end_date"),
    ):
        status, answer = world.post(target, body)
        assert (status, answer["field"]) == (400, field), target


def test_a_capture_no_feed_reads_is_buried_at_once(world):
    body = {
        "scraper": "espn",
        "gcs_path": "gs://nba-scraped-data/espn/rosters/x.json",
        "execution_id": "e",
        "status": "success",
        "record_count": 1,
        "game_date": "2026-01-16",
        "timestamp": "2026-01-16T09:00:00Z",
    }
    world.publish("nba-phase1-scrapers-complete", body)
    world.settle(3_600)
    assert world.answers == [("nba-phase2-raw-processors", 204)]
    [attributes] = world.dead_letters("nba-phase1-scrapers-complete-dlq")
    assert "espn/rosters" in attributes["reason"]


def test_lines_and_injuries_become_the_context_of_every_player_offered(world):
    world.at("2026-01-16T15:00:00+00:00")
    evaluate(world)
    for scraper in ("bdl_injuries", "oddsa_player_props"):
        assert world.post("nba-phase1-scrapers/scrape", {"scraper": scraper, "date": "TODAY"})[0] == 200
    world.settle()
    contexts = world.rows("SELECT * FROM nba_analytics.upcoming_player_game_context WHERE game_date = '2026-01-16'")
    assert len(contexts) == 6 * 16
    assert {row["bookmakers"] for row in contexts} == {3}


def test_the_detector_alerts_once_per_storm_and_again_for_the_next(world, caplog):
    def attempts(first: int, last: int) -> None:
        rows = [
            {
                "processor_name": PGS,
                "run_id": f"r{number}",
                "status": status,
                "data_date": "2026-01-16",
                "started_at": world.now().isoformat(),
            }
            for number in range(first, last)
            for status in ("running", "failed")
        ]
        world.query.insert_rows_json("nba-props-platform.nba_reference.processor_run_history", rows)

    attempts(0, 50)  # a hundred rows, but no more than fifty attempts
    assert world.post("nba-monitoring/retry-storm") == (200, {"storms": []})
    attempts(50, 60)
    status, body = world.post("nba-monitoring/retry-storm")
    assert status == 200
    attempts(60, 250)  # worse, but the same incident
    for _ in range(3):
        assert world.post("nba-monitoring/retry-storm")[1]["storms"][0]["attempts"] == 250
        world.settle(300)
    assert body["storms"] == [{"processor": PGS, "day": "2026-01-16", "attempts": 60, "failed": 60}]
    assert [(mark["name"], mark["severity"]) for mark in marks(caplog, "alert")] == [("retry_storm", "warning")]
    [(_, text)] = world.upstreams.slack.messages
    assert "60 times in the last hour, 100% failed" in text
    world.settle(3_600)
    assert world.post("nba-monitoring/retry-storm") == (200, {"storms": []})


def test_an_alert_that_could_not_be_sent_is_no_alert_and_comes_with_the_next_check(world, caplog):
    rows = [
        {
            "processor_name": PGS,
            "run_id": f"r{n}",
            "status": "failed",
            "data_date": "2026-01-16",
            "started_at": world.now().isoformat(),
        }
        for n in range(60)
    ]
    world.query.insert_rows_json("nba-props-platform.nba_reference.processor_run_history", rows)
    broken = [True]

    def rule(call: Call) -> Ruling:
        return Ruling(Refuse(500), "slack") if broken and "slack.com" in call.resource else Ruling()

    world.around.rule = rule
    assert world.post("nba-monitoring/retry-storm")[0] == 500
    assert marks(caplog, "alert") == []
    broken.clear()
    assert world.post("nba-monitoring/retry-storm")[0] == 200
    assert len(marks(caplog, "alert")) == len(world.upstreams.slack.messages) == 1
