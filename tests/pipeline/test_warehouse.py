"""Upserts on the emulated BigQuery: what is replaced, what is left alone, and that a second time changes nothing."""

import datetime as dt
from typing import Any

import pytest

pytest.importorskip("fakes.bigquery", reason="the BigQuery emulator is not there")

from google.api_core import exceptions as api
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from fakes import bigquery as fake
from pipeline.warehouse import ReplaceWhen, RowsRefusedError, Table, Warehouse, parameter
from tests.fakes.inprocess import google_session
from tests.fakes.manual import ManualSurroundings

DAY = dt.date(2026, 1, 16)
EARLY = dt.datetime(2026, 1, 17, 6, 0, tzinfo=dt.UTC)
LATE = EARLY + dt.timedelta(hours=1)
COLUMNS = {
    "game_id": "STRING",
    "game_date": "DATE",
    "points": "INT64",
    "share": "FLOAT64",
    "home": "BOOL",
    "note": "STRING",
    "data_hash": "STRING",
    "scraped_at": "TIMESTAMP",
}
TABLE = Table("d", "t", COLUMNS, keys=("game_id",))


@pytest.fixture
def warehouse() -> Warehouse:
    backend = fake.create(ManualSurroundings(), project="p-roject")
    schema = [{"name": name, "type": kind} for name, kind in COLUMNS.items()]
    partition = {"field": "game_date", "type": "DAY", "require_filter": True}
    backend.provision(
        {"project": "p-roject", "datasets": {"d": {"tables": {"t": {"schema": schema, "partition": partition}}}}}
    )
    client = bigquery.Client("p-roject", AnonymousCredentials(), _http=google_session(backend))
    return Warehouse(lambda: client)


def row(game: str = "g1", points: int = 1, scraped_at: dt.datetime = EARLY, **changes: Any) -> dict[str, Any]:
    facts = {"game_id": game, "game_date": DAY, "points": points, "share": 0.5, "home": True, "note": None}
    return {**facts, **changes, "data_hash": f"{points}", "scraped_at": scraped_at}


def content(warehouse: Warehouse) -> list[dict[str, Any]]:
    return warehouse.rows("SELECT * FROM d.t WHERE game_date >= @day ORDER BY game_id", {"day": dt.date(2025, 1, 1)})


def test_rows_come_back_as_they_were_with_their_types_and_nulls(warehouse):
    hostile = "x'); DROP TABLE d.t; -- \\ \" `\n🏀"
    rows = [row("g1", note=hostile), row("g2", share=None, home=None)]
    assert warehouse.upsert(TABLE, rows) == 2
    assert content(warehouse) == rows


@pytest.mark.parametrize("when", list(ReplaceWhen))
def test_a_second_time_changes_nothing(warehouse, when):
    assert warehouse.upsert(TABLE, [row("g1"), row("g2")], when) == 2
    assert warehouse.upsert(TABLE, [row("g1"), row("g2")], when) == 0


@pytest.mark.parametrize(
    ("when", "points", "scraped_at", "replaced"),
    [
        (ReplaceWhen.CHANGED, 2, EARLY, True),
        (ReplaceWhen.CHANGED, 1, LATE, False),
        (ReplaceWhen.CHANGED_SINCE, 2, LATE, True),
        (ReplaceWhen.CHANGED_SINCE, 1, LATE, False),
        (ReplaceWhen.SCRAPED_SINCE, 1, LATE, True),
        (ReplaceWhen.SCRAPED_SINCE, 2, EARLY, False),
    ],
)
def test_what_is_there_is_replaced_by_the_tables_rule(warehouse, when, points, scraped_at, replaced):
    warehouse.upsert(TABLE, [row()], when)
    assert warehouse.upsert(TABLE, [row("g1", points, scraped_at)], when) == int(replaced)
    assert content(warehouse)[0]["scraped_at"] == (scraped_at if replaced else EARLY)


@pytest.mark.parametrize("when", [ReplaceWhen.CHANGED_SINCE, ReplaceWhen.SCRAPED_SINCE])
def test_a_late_redelivery_of_an_old_snapshot_does_not_undo_a_newer_one(warehouse, when):
    warehouse.upsert(TABLE, [row("g1", 2, LATE)], when)
    assert warehouse.upsert(TABLE, [row("g1", 1, EARLY)], when) == 0
    assert content(warehouse)[0]["points"] == 2


def test_a_postponed_game_moves_to_its_new_date_and_is_not_there_twice(warehouse):
    other = dt.date(2026, 3, 1)
    warehouse.upsert(TABLE, [row("g1"), row("g2", game_date=other)])
    warehouse.upsert(TABLE, [row("g1", 5, game_date=other), row("g2", game_date=DAY)])
    assert [(r["game_id"], r["game_date"]) for r in content(warehouse)] == [("g1", other), ("g2", other)]


def test_a_key_that_comes_twice_in_a_batch_is_one_row_the_last(warehouse):
    assert warehouse.upsert(TABLE, [row("g1", 1), row("g1", 2)]) == 1
    assert content(warehouse)[0]["points"] == 2


def test_more_rows_than_one_statement_takes_all_arrive(warehouse):
    assert warehouse.upsert(TABLE, [row(f"g{n:05d}", n) for n in range(2_001)]) == 2_001
    assert len(content(warehouse)) == 2_001


def test_a_query_without_the_partition_filter_is_refused_and_not_retried(warehouse):
    with pytest.raises(api.BadRequest, match="game_date"):
        warehouse.rows("SELECT COUNT(*) AS n FROM d.t", {})


def test_a_row_the_table_refuses_is_an_error_that_shows_it(warehouse):
    with pytest.raises(RowsRefusedError, match="nope"):
        warehouse.append("d.t", [{"game_id": "g1", "nope": 1}], ["r1"])


def test_an_insert_id_makes_a_repeated_row_one_row(warehouse):
    for _ in range(2):
        warehouse.append("d.t", [{"game_id": "g1", "game_date": "2026-01-16"}], ["r1"])
    assert len(content(warehouse)) == 1


@pytest.mark.parametrize(
    ("value", "kind"),
    [(True, "BOOL"), (1, "INT64"), (1.5, "FLOAT64"), ("x", "STRING"), (DAY, "DATE"), (EARLY, "TIMESTAMP")],
)
def test_a_parameter_has_the_type_of_its_value(value, kind):
    assert parameter("p", value).type_ == kind
    assert parameter("p", [value]).array_type == kind


@pytest.mark.parametrize("value", [None, [], object(), {}])
def test_a_value_without_a_type_is_named(value):
    with pytest.raises(TypeError, match="parameter p"):
        parameter("p", value)
