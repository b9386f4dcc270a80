"""The pipeline on real input: recorded answers of the upstreams, scraped, loaded and summarised."""

import datetime as dt
import json
from collections import Counter
from pathlib import Path

import pytest

from pipeline.analytics.player_game_summary import PlayerGameSummary
from pipeline.warehouse import Warehouse
from pipeline.work import Status, Trigger, Work
from tests.pipeline.small_world import SmallWorld

ROOT = Path(__file__).parents[3]
REAL = next((up / "shared" / "real" for up in ROOT.parents[:2] if (up / "shared" / "real").is_dir()), ROOT / "none")
DAY = dt.date(2024, 1, 15)

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the recorded answers are not on this machine")


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld("2026-01-16T09:00:00+00:00", captures=REAL)


def scrape(world: SmallWorld, scraper: str, day: str) -> None:
    status, body = world.post("nba-phase1-scrapers/scrape", {"scraper": scraper, "date": day})
    assert status == 200, body
    world.settle()


def test_eleven_recorded_games_are_loaded_and_summarised_to_the_point(world):
    scrape(world, "bdl_box_scores", "2024-01-15")
    loaded = world.rows("SELECT * FROM nba_raw.bdl_player_boxscores WHERE game_date = '2024-01-15'")
    assert len(loaded) == 384
    # The recorded schedule is of another season, so the early exit has nothing to go by: the processor alone.
    processor = PlayerGameSummary(Warehouse(lambda: world.query), world.now)
    outcome = processor.process(Work(processor.name, DAY, Trigger("http"), "r1", world.now()))
    played = [row for row in loaded if row["minutes"]]
    assert (outcome.status, outcome.records) == (Status.SUCCESS, len(played))
    summary = world.rows("SELECT * FROM nba_analytics.player_game_summary WHERE game_date = '2024-01-15'")
    points = Counter()
    for row in summary:
        points[row["team_abbr"]] += row["points"]
    recorded = json.loads((REAL / "balldontlie_box_scores_2024-01-15.json").read_text())["data"]
    for game in recorded:
        assert (
            points["UTA" if (home := game["home_team"]["abbreviation"]) == "UTAH" else home] == game["home_team_score"]
        )
        assert points[game["visitor_team"]["abbreviation"]] == game["visitor_team_score"]
    assert all(0 <= row["usage_rate"] <= 60 for row in summary if row["minutes_played"] >= 10)
    assert sum(row["win_flag"] for row in summary) > 100


def test_without_a_schedule_of_the_date_phase_3_waits_and_says_why(world):
    scrape(world, "bdl_box_scores", "2024-01-15")
    runs = world.rows(
        "SELECT status, skip_reason FROM nba_reference.processor_run_history WHERE started_at >= '2026-01-01' "
        "AND processor_name = 'PlayerGameSummaryProcessor'"
    )
    assert [(row["status"], row["skip_reason"]) for row in runs] == [
        ("not_ready", "the schedule knows no game around this date")
    ]


def test_recorded_schedule_and_injuries_are_loaded_whole(world):
    scrape(world, "nbac_schedule", "TODAY")
    games = world.rows("SELECT game_key, game_status FROM nba_raw.nbac_schedule WHERE game_date >= '2025-01-01'")
    scheduled = json.loads((REAL / "nba_schedule_cdn.json").read_text())["leagueSchedule"]["gameDates"]
    assert len(games) == sum(len(entry["games"]) for entry in scheduled)
    scrape(world, "bdl_injuries", "TODAY")
    [counted] = world.rows("SELECT COUNT(*) AS n FROM nba_raw.bdl_injuries WHERE scrape_date = '2026-01-16'")
    assert counted["n"] == 100
