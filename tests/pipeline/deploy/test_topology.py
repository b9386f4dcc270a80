"""The deployed topology and the code agree: tables, topics, dead letters, schedules."""

from pathlib import Path

from ruamel.yaml import YAML

from pipeline.analytics import player_game_summary, upcoming_player_game_context
from pipeline.raw.registry import FEEDS
from pipeline.services import analytics, raw, scrapers

DEPLOY = Path(__file__).parents[3] / "pipeline" / "deploy"
TOPOLOGY = YAML(typ="safe").load(DEPLOY / "topology.yaml")
SCHEDULES = YAML(typ="safe").load(DEPLOY / "schedules.yaml")["schedules"]
SERVICES = {
    "nba-phase1-scrapers": "/scrape /evaluate",
    "nba-phase2-raw-processors": "/process",
    "nba-phase3-analytics-processors": "/process /process-date-range",
    "nba-monitoring": "/retry-storm",
}


def test_every_table_the_code_writes_is_deployed_with_its_columns():
    tables = [feed.table for feed in FEEDS]
    tables += [player_game_summary.TABLE, upcoming_player_game_context.TABLE]
    for table in tables:
        deployed = TOPOLOGY["datasets"][table.dataset]["tables"][table.name]
        assert {column["name"]: column["type"] for column in deployed["schema"]} == dict(table.columns), table.id
        assert deployed["partition"]["field"] == table.partition
        required = {column["name"] for column in deployed["schema"] if column.get("mode") == "REQUIRED"}
        assert required == {*table.keys, table.partition}


def test_every_topic_has_a_subscriber_and_every_push_a_dead_letter_topic_with_one():
    topics = TOPOLOGY["topics"]
    assert {scrapers.TOPIC, raw.TOPIC, analytics.TOPIC, raw.DEAD_LETTERS, analytics.DEAD_LETTERS} <= set(topics)
    for name, topic in topics.items():
        assert topic["subscriptions"], name
        for subscription in topic["subscriptions"].values():
            if "push" in subscription:
                assert subscription["dead_letter"]["topic"] in topics
                assert subscription["dead_letter"]["attempts"] >= 5  # Pub/Sub's minimum


def test_pushes_and_schedules_go_to_routes_that_exist():
    targets = [job["post"] for job in SCHEDULES.values()]
    targets += [
        subscription["push"].removeprefix("https://")
        for topic in TOPOLOGY["topics"].values()
        for subscription in topic["subscriptions"].values()
        if "push" in subscription
    ]
    for target in targets:
        service, _, path = target.partition("/")
        assert f"/{path}" in SERVICES[service].split(), target


def test_what_a_schedule_asks_of_the_scrapers_is_a_scraper():
    from pipeline.clients import Clients
    from pipeline.settings import Settings

    settings = Settings(project="p-roject", bdl_api_key="k", odds_api_key="k")
    parts = scrapers.production_parts(settings, Clients(settings))
    asked = {job["body"]["scraper"] for job in SCHEDULES.values() if job["post"].endswith("/scrape")}
    assert asked <= set(parts.scrapers)
