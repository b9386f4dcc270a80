"""Parameters of types hold wherever a value arrives: texts too long are errors, numbers are rounded to their scale."""

import io
from collections.abc import Iterator
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from tests.fakes.bigquery.client import PROJECT, World

TOO_LONG = r"STRING\(3\) has maximum length 3 but got a value with length 4"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Two tables with parameters on their columns, inside structs and arrays too."""
    limits = {"streaming_buffer_s": 0, "insert_job_per_s": None, "durations_s": {"SELECT": 0, "DML": 0, "DDL": 0}}
    world = World(limits)
    world.rows("CREATE SCHEMA d")
    columns = "a STRING(3), b BYTES(2), n NUMERIC(4, 1), s STRUCT<x STRING(3)>, l ARRAY<STRING(3)>"
    for name in ("refusing", "rounding"):
        world.rows(f"CREATE TABLE d.{name}({columns})")
    yield world
    world.backend.close()


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT d.refusing(a) VALUES ('long')",
        "INSERT d.refusing(a) SELECT 'long'",
        "INSERT d.refusing(s) VALUES (STRUCT('long'))",
        "INSERT d.refusing(l) VALUES (['no', 'long'])",
        "MERGE d.refusing USING (SELECT 'long' x) ON FALSE WHEN NOT MATCHED THEN INSERT (a) VALUES (x)",
        "CREATE TABLE d.never(a STRING(3)) AS SELECT 'long' AS a",
        "SELECT CAST('long' AS STRING(3))",
        "DECLARE x STRING(3); SET x = 'long'",
        "DECLARE x STRING(3) DEFAULT 'long'; SELECT x",
    ],
)
def test_a_text_too_long_is_an_error_of_every_statement(world: World, sql: str) -> None:
    with pytest.raises(BadRequest, match=TOO_LONG):
        world.rows(sql)
    assert world.rows("SELECT * FROM d.refusing") == []


def test_a_text_too_long_is_the_fault_of_its_row_in_insert_all(world: World) -> None:
    rows = [{"a": "long"}, {"n": "3.14159"}]
    problems = world.client.insert_rows_json(f"{PROJECT}.d.rounding", rows, skip_invalid_rows=True)
    assert [(p["index"], p["errors"][0]["location"]) for p in problems] == [(0, "a")]
    assert world.rows("SELECT n FROM d.rounding WHERE a IS NULL AND n > 3") == [{"n": Decimal("3.1")}]


def test_a_text_too_long_makes_a_record_of_a_load_bad(world: World) -> None:
    config = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", max_bad_records=1)
    lines = io.BytesIO(b'{"a": "long"}\n{"a": "abc", "n": 999.94}\n')
    job = world.client.load_table_from_file(lines, f"{PROJECT}.d.rounding", job_config=config)
    assert (job.result().output_rows, "maximum length 3" in str(job.errors)) == (1, True)
    assert world.rows("SELECT n FROM d.rounding WHERE a = 'abc'") == [{"n": Decimal("999.9")}]


def test_a_query_appended_to_a_table_is_held_to_its_columns(world: World) -> None:
    into = {"destination": f"{PROJECT}.d.refusing", "write_disposition": "WRITE_APPEND"}
    with pytest.raises(BadRequest, match=TOO_LONG):
        world.rows("SELECT 'long' AS a", **into)


def test_numbers_are_rounded_and_then_refused(world: World) -> None:
    assert world.rows("SELECT CAST(1.25 AS NUMERIC(3, 1)) x, SAFE_CAST('99.96' AS NUMERIC(3, 1)) y") == [
        {"x": Decimal("1.3"), "y": None}
    ]
    with pytest.raises(BadRequest, match=r"not in range of \[-999.9, 999.9\]"):
        world.rows("INSERT d.refusing(n) VALUES (12345)")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("STRING(0)", "length must be greater than 0"),
        ("NUMERIC(30)", "P must be between 1 and 29"),
        ("NUMERIC(10, 10)", "S must be between 0 and 9"),
        ("INT64(4)", "does not support type parameters"),
    ],
)
def test_parameters_that_no_type_has_are_refused(world: World, kind: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        world.rows(f"CREATE TABLE d.never(a {kind})")


def test_the_information_schema_spells_them(world: World) -> None:
    found = world.rows("SELECT data_type t FROM d.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'refusing'")
    assert {row["t"] for row in found} == {
        "STRING(3)", "BYTES(2)", "NUMERIC(4, 1)", "STRUCT<x STRING(3)>", "ARRAY<STRING(3)>",
    }  # fmt: skip
