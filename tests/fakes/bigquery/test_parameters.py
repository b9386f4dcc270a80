"""Query parameters of every type arrive as they were sent."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from google.cloud import bigquery

from tests.fakes.bigquery.client import World

SCALARS = [
    ("INT64", -5), ("FLOAT64", 1.5), ("BOOL", True), ("STRING", "it's"), ("BYTES", b"\x00\xff"),
    ("DATE", date(2024, 2, 29)), ("DATETIME", datetime(2024, 1, 1, 2, 3, 4, 5)), ("TIME", time(1, 2, 3)),
    ("TIMESTAMP", datetime(2024, 1, 1, tzinfo=UTC)), ("NUMERIC", Decimal("1.25")),
]  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize(("kind", "value"), SCALARS, ids=[k for k, _ in SCALARS])
def test_scalars_and_nulls(world, kind, value):
    given = [bigquery.ScalarQueryParameter("v", kind, value), bigquery.ScalarQueryParameter("n", kind, None)]
    assert world.rows("SELECT @v AS v, @n AS n", query_parameters=given) == [{"v": value, "n": None}]


@pytest.mark.parametrize(("kind", "value"), SCALARS, ids=[k for k, _ in SCALARS])
def test_arrays(world, kind, value):
    given = [bigquery.ArrayQueryParameter("v", kind, [value, value])]
    assert world.rows("SELECT @v AS v, ARRAY_LENGTH(@v) AS n", query_parameters=given) == [{"v": [value] * 2, "n": 2}]


def test_arrays_of_structs_are_relations(world):
    rows = [
        bigquery.StructQueryParameter(
            None,
            bigquery.ScalarQueryParameter("id", "INT64", i),
            bigquery.ArrayQueryParameter("tags", "STRING", ["x"] * i),
        )
        for i in (1, 2)
    ]
    given = [bigquery.ArrayQueryParameter("rows", "STRUCT", rows)]
    found = world.rows(
        "SELECT r.id, ARRAY_LENGTH(r.tags) AS n FROM UNNEST(@rows) AS r ORDER BY id", query_parameters=given
    )
    assert found == [{"id": 1, "n": 1}, {"id": 2, "n": 2}]


def test_positional_parameters_are_taken_in_order(world):
    given = [bigquery.ScalarQueryParameter(None, "INT64", 1), bigquery.ScalarQueryParameter(None, "STRING", "b")]
    assert world.rows("SELECT ? AS a, ? AS b", query_parameters=given) == [{"a": 1, "b": "b"}]
