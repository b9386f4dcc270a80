"""Answers of the language reference where DuckDB's are others, and refusals where the right answer is not known here.

https://cloud.google.com/bigquery/docs/reference/standard-sql. A wrong answer is the worst: neither right nor refused.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, GoogleAPICallError

from tests.fakes.bigquery.client import PROJECT, World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """An empty warehouse whose jobs take no time."""
    world = World({"insert_job_per_s": None, "durations_s": {"SELECT": 0, "DML": 0, "DDL": 0}})
    yield world
    world.backend.close()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("CONCAT('Summer', ' ', 1923)", "Summer 1923"),
        ("CONTAINS_SUBSTR('\\u2168', 'IX')", True),
        ("CONTAINS_SUBSTR(('abc', ['def', 'ghi']), 'EF')", True),
        ("CONTAINS_SUBSTR(('abc', CAST(NULL AS STRING)), 'EF')", None),
        ("DATE '2020-01-01' < '2020-02-01'", True),
        ("STRUCT(1, NULL) IN UNNEST([STRUCT(1, 2)])", None),
        ("STRUCT(3, NULL) IN UNNEST([STRUCT(1, 2)])", False),
        ("(1, NULL) IN ((1, 2))", None),
        ("LEAST(1.0, CAST('nan' AS FLOAT64)) = 1.0", False),
        ("RANGE_BUCKET(NULL, [1])", None),
        ("RANGE_BUCKET(20, [0, 10, 20, 20, 40, 40])", 4),
        ("BIT_COUNT(b'\\xff\\x01')", 9),
        ("CBRT(27)", 3.0),
        ("FORMAT_DATE('%J', DATE '2008-12-25')", "361"),
        ('JSON_VALUE(JSON \'{"a": {"b": [5]}}\'.a.b[0])', "5"),
        ("(SELECT VAR_POP(x) FROM UNNEST([NUMERIC '1.1', NUMERIC '2.2', NUMERIC '3.4']) x)", 0.8822222222222222),
        ("(SELECT STDDEV(x) FROM UNNEST([10, 14, 18]) x)", 4.0),
        ("IF(FALSE, ERROR('never'), 1)", 1),
        (
            "[b'\\x01' | b'\\x02', b'\\x0f' & b'\\x03', b'\\x0f' ^ b'\\x03', ~b'\\x00']",
            [b"\3", b"\3", b"\x0c", b"\xff"],
        ),
        ("[b'\\x01\\x80' << 1, b'\\x01\\x80' >> 1]", [b"\x03\x00", b"\x00\xc0"]),
        ("[1 << 63, 1 << 64, -1 >> 1, -1 >> 63, 5 >> 1]", [-(2**63), 0, 2**63 - 1, 1, 2]),
        ("REGEXP_EXTRACT_ALL(b'a1\\xff2', b'[0-9]')", [b"1", b"2"]),
        ("REGEXP_REPLACE(b'\\xffb', b'\\\\xff(.)', b'\\\\1\\\\1')", b"bb"),
        ("REGEXP_INSTR(b'\\xff\\x00a', b'a')", 3),
        ("SQRT(BIGNUMERIC '4') + POW(BIGNUMERIC '2', BIGNUMERIC '3')", Decimal(10)),
        ("DIV(BIGNUMERIC '-7', BIGNUMERIC '2')", Decimal(-3)),
        ("SAFE_MULTIPLY(BIGNUMERIC '2', BIGNUMERIC '0.5')", Decimal(1)),
        ("(SELECT STRING_AGG(b, b'-' ORDER BY b DESC) FROM UNNEST([b'a', NULL, b'b']) b)", b"b-a"),
        (
            "(SELECT ARRAY_AGG(DISTINCT DATE(x) IGNORE NULLS) FROM UNNEST([DATETIME '2024-01-01', NULL]) x)",
            [date(2024, 1, 1)],
        ),
        ("(SELECT MAX_BY(x, y) FROM UNNEST([STRUCT(1 AS x, TRUE AS y), (2, FALSE)]))", 1),
        ("@@project_id", PROJECT),
        (
            "(SELECT ARRAY_AGG(DATE_BUCKET(d, INTERVAL 2 DAY)) FROM UNNEST([DATE '1949-12-29', '1950-01-03']) d)",
            [date(1949, 12, 28), date(1950, 1, 3)],
        ),
        ("DATE_BUCKET(DATE '1950-01-03', INTERVAL 7 DAY, DATE '2000-12-24')", date(1950, 1, 1)),
        ("DATETIME_BUCKET(DATETIME '1949-12-30 13:00:00', INTERVAL 12 HOUR)", datetime(1949, 12, 30, 12)),
        ("TIMESTAMP_BUCKET(TIMESTAMP '2024-01-05 10:11:12', INTERVAL 15 MINUTE)", datetime(2024, 1, 5, 10, tzinfo=UTC)),
        (
            "GENERATE_RANGE_ARRAY(RANGE(DATE '2020-01-01', DATE '2020-01-04'), INTERVAL 2 DAY)",
            [
                {"start": date(2020, 1, 1), "end": date(2020, 1, 3)},
                {"start": date(2020, 1, 3), "end": date(2020, 1, 4)},
            ],
        ),
        ("ARRAY_LENGTH(GENERATE_RANGE_ARRAY(RANGE(DATE '2020-01-01', DATE '2020-01-04'), INTERVAL 2 DAY, FALSE))", 1),
        ("COALESCE(1, ERROR('never'))", 1),
    ],
)
def test_the_reference_says(world: World, expression: str, value: object) -> None:
    assert world.rows(f"SELECT {expression} AS v") == [{"v": value}]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT ERROR(CONCAT('a', 'b'))", "ab"),
        ("SELECT 'a' UNION ALL SELECT ERROR('no')", "no"),
        ("SELECT CASE WHEN x = 2 THEN ERROR('two') ELSE x END FROM UNNEST([1, 2]) x", "two"),
        ("SELECT GENERATE_RANGE_ARRAY(RANGE(DATE '2020-01-01', NULL), INTERVAL 1 DAY)", "needs a range with a start"),
        ("SELECT DATE_BUCKET(DATE '2020-01-01', INTERVAL 1 HOUR)", "does not support the HOUR"),
        ("SELECT * FROM RANGE_SESSIONIZE((SELECT 1 a), 'b', ['a'])", "Column b not found"),
        ("SELECT 1 << -1", "Bitwise shift by negative offset"),
        ("SELECT b'a' & b'ab'", "requires equal length"),
        ("SELECT REGEXP_EXTRACT('ab', r'a(?=b)')", "invalid perl operator"),
        ("SELECT REGEXP_EXTRACT('aa', r'(a)\\1')", "Cannot parse regular expression"),
        ("SET @@project_id = 'x'", "read-only"),
        ("SELECT ASCII('â')", "not a structurally valid ASCII string"),
        ("SELECT RANGE(DATE '2022-12-31', DATE '2022-12-01')", "must be smaller than range end"),
        ("SELECT RANGE_BUCKET(1, [3, 2])", "ascending order"),
        ("SELECT CONTAINS_SUBSTR('a', NULL)", "not NULL"),
        ("SELECT MAX(x) FROM UNNEST([STRUCT(1 AS a)]) x", "MAX is not defined"),
        ("SELECT ARRAY_AGG(x LIMIT -1) FROM UNNEST([1]) x", "non-negative"),
        ("SELECT a FROM (SELECT 1 a, 2 a)", "a is ambiguous"),
        ("SELECT t.a FROM (SELECT 1 a, 2 a) t", "a is ambiguous"),
        ("SELECT j FROM (SELECT JSON '1' j) GROUP BY j", "Grouping by expressions of type JSON"),
        ("SELECT j FROM (SELECT JSON '1' j) GROUP BY 1", "Grouping by expressions of type JSON"),
        ("SELECT j FROM (SELECT JSON '1' j) GROUP BY ALL", "Grouping by expressions of type JSON"),
        ("SELECT DISTINCT j FROM (SELECT JSON '1' j)", "cannot be used in SELECT DISTINCT"),
        ("SELECT COUNT(DISTINCT j) FROM (SELECT JSON '1' j)", "with arguments of type JSON"),
        ("SELECT JSON '1' UNION DISTINCT SELECT JSON '1'", "set operation comparisons: JSON"),
        ("SELECT s FROM (SELECT STRUCT(1 AS a) s) ORDER BY s", "ORDER BY does not support"),
        ("SELECT a FROM (SELECT [1] a) ORDER BY 1", "ORDER BY does not support"),
        ("SELECT RANK() OVER (PARTITION BY x ORDER BY x) FROM UNNEST([1.5]) x", "Partitioning by .* FLOAT64"),
        ("SELECT RANK() OVER () FROM UNNEST([1]) x", "ORDER BY is required"),
        ("SELECT COUNT(DISTINCT x) OVER (ORDER BY x) FROM UNNEST([1]) x", "if DISTINCT is specified"),
        ("SELECT LAG(x, -1) OVER (ORDER BY x) FROM UNNEST([1]) x", "must not be negative"),
        ("SELECT NTH_VALUE(x, 0) OVER (ORDER BY x) FROM UNNEST([1]) x", "must be positive"),
        ("SELECT PERCENTILE_CONT(x, -0.5) OVER () FROM UNNEST([1]) x", "between 0 and 1"),
        ("SELECT ROW_NUMBER() OVER (ORDER BY x ROWS 1 PRECEDING) FROM UNNEST([1]) x", "framing clause is not allowed"),
        ("SELECT DATE_ADD(DATE '9999-12-31', INTERVAL 1 DAY)", "out of the range of DATE"),
        ("SELECT [DATE_SUB(DATE '0001-01-01', INTERVAL 1 DAY)]", "out of the range"),
        ("SELECT TIMESTAMP '9999-12-31 23:59:59' + INTERVAL 1 DAY", "out of the range of TIMESTAMP"),
        ("DECLARE x INT64; SET x = 1.25", "Cannot coerce expression 1.25 of type FLOAT64 to type INT64"),
    ],
)
def test_an_error_of_the_service_is_one_here(world: World, sql: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        world.rows(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SUM(x) FROM UNNEST([1e308, 1e308]) x",
        "SELECT SUM(x) FROM UNNEST([INTERVAL 1 DAY]) x",
        "SELECT CORR(x, x) FROM UNNEST([NUMERIC '1', NUMERIC '2']) x",
        "SELECT ARRAY_AGG(x LIMIT 0) FROM UNNEST([1]) x",
        "SELECT MIN(r) FROM UNNEST([RANGE<DATE> '[UNBOUNDED, 2020-01-01)']) r",
        "SELECT HLL_COUNT.EXTRACT(HLL_COUNT.INIT(1))",
        "SELECT b'a' LIKE b'a%'",
        "SELECT INTERVAL 10 HOUR / 3",
        "SELECT COSINE_DISTANCE([(1, 1.0)], [(1, 2.0)])",
        "SELECT FORMAT_TIMESTAMP('%Z', TIMESTAMP '2020-07-01', 'America/New_York')",
        "SELECT FORMAT_DATE('%f', DATE '2020-07-01')",
        "SELECT JSON_QUERY(JSON '{}', 'lax $.a')",
        "SELECT @@bq_legacy",
        "SELECT SQRT(BIGNUMERIC '2')",
        "SELECT SAFE_ADD(BIGNUMERIC '99999999999999999999', BIGNUMERIC '1')",
        "SELECT PERCENTILE_CONT(x, 0.5) OVER () FROM UNNEST([NUMERIC '1']) x",
        "CREATE EXTERNAL TABLE d.e OPTIONS (format = 'CSV', uris = ['gs://b/x.csv'])",
        "SELECT WITH(a AS 1, a + 1)",
        "SELECT * FROM (UNNEST([1]) a JOIN UNNEST([1]) b ON a = b)",
        "SELECT * FROM ML.PREDICT(MODEL d.m, TABLE d.t)",
        "SELECT bi_engine_statistics FROM `region-us`.INFORMATION_SCHEMA.JOBS",
        "SELECT ARRAY_FILTER([1], e -> e > 0)",
        "FROM UNNEST([1, 2]) AS x |> LIMIT 1 |> WHERE x = 2",
        "FROM UNNEST([1, 2]) AS x |> ORDER BY x |> AGGREGATE SUM(x)",
        "FROM UNNEST([1, 2]) AS x |> RENAME x AS y",
        "SELECT (SELECT SUM(y) FROM (FROM UNNEST([1]) AS y |> DISTINCT |> AGGREGATE SUM(y) AS y))",
    ],
)
def test_what_is_not_supported_is_refused_by_name(world: World, sql: str) -> None:
    with pytest.raises(GoogleAPICallError, match="unsupported by the emulator") as refusal:
        world.rows(sql)
    assert refusal.value.code == 501


@pytest.mark.parametrize(
    ("pipe", "rows"),
    [
        ("|> WHERE x > 1 |> SELECT x * 2 AS y |> ORDER BY y DESC |> LIMIT 1", [{"y": 6}]),
        ("|> EXTEND x * 2 AS y |> AGGREGATE SUM(y) AS s", [{"s": 12}]),
        ("|> EXTEND MOD(x, 2) AS odd |> AGGREGATE COUNT(*) AS n GROUP BY odd |> WHERE n = 2", [{"odd": 1, "n": 2}]),
        ("|> SELECT x + 1 AS x |> WHERE x > 3", [{"x": 4}]),
        ("|> EXTEND x * 2 AS y |> SELECT x, y |> SET y = x + y, x = 0 |> ORDER BY y |> LIMIT 1", [{"x": 0, "y": 3}]),
        ("|> EXTEND x * 2 AS y |> SELECT x, y |> DROP x |> WHERE y > 4", [{"y": 6}]),
    ],
)
def test_pipes_are_read_from_left_to_right(world: World, pipe: str, rows: list[dict[str, Any]]) -> None:
    assert world.rows(f"FROM UNNEST([1, 2, 3]) AS x {pipe}") == rows


def test_a_transaction_may_fail_after_a_statement_that_needs_something_new(world: World) -> None:
    """What the engine makes on demand outlives the transaction in which it was first needed."""
    divided = "SELECT SAFE_DIVIDE(1, 0) AS q, CAST(NUMERIC '1.50' AS STRING) AS t, INITCAP('ab cd') AS c"
    world.rows(f"BEGIN TRANSACTION; {divided}; ROLLBACK TRANSACTION")
    assert world.rows(divided) == [{"q": None, "t": "1.5", "c": "Ab Cd"}]


def test_values_that_only_look_like_dates_in_duckdb_are_not_stored_unseen(world: World) -> None:
    assert world.rows("SELECT d FROM UNNEST([DATE '9999-12-31', DATE '0001-01-01']) d ORDER BY d") == [
        {"d": date(1, 1, 1)}, {"d": date(9999, 12, 31)},
    ]  # fmt: skip
    assert world.rows("SELECT AVG(x) v FROM UNNEST([NUMERIC '1', NUMERIC '2']) x") == [{"v": Decimal("1.5")}]


def test_a_dataset_named_by_a_script_is_that_of_its_later_statements(world: World) -> None:
    world.rows("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 7 AS n")
    assert world.rows(
        "SET @@dataset_id = 's'; SELECT n, @@dataset_id AS d, @@script.job_id IS NOT NULL AS j FROM t"
    ) == [{"n": 7, "d": "s", "j": True}]


def test_one_name_in_parentheses_takes_a_struct_apart(world: World) -> None:
    """So writes dbt's `insert_overwrite`."""
    told = world.rows(
        "DECLARE a ARRAY<INT64>; SET (a) = (SELECT AS STRUCT ARRAY_AGG(x) FROM UNNEST([1, 2]) x); SELECT a"
    )
    assert told == [{"a": [1, 2]}]


def test_the_tables_of_a_dataset_and_the_partitions_of_a_table_are_listed_as_of_old(world: World) -> None:
    world.rows(
        "CREATE SCHEMA m; CREATE TABLE m.t (d DATE, s STRING) PARTITION BY d;"
        "INSERT m.t VALUES ('2024-01-01', 'a'), ('2024-01-02', 'b'); CREATE VIEW m.v AS SELECT 1 AS n"
    )
    told = world.rows("SELECT table_id, row_count, size_bytes, type FROM m.__TABLES__ ORDER BY table_id")
    assert [tuple(row.values()) for row in told] == [("t", 2, 36, 1), ("v", 0, 0, 2)]
    assert world.client.list_partitions("m.t") == ["20240101", "20240102"]
    with pytest.raises(BadRequest, match="not partitioned"):
        world.rows("CREATE TABLE m.plain (n INT64)")
        world.client.list_partitions("m.plain")


@pytest.mark.parametrize(("mode", "ends"), [("", [None, 5, 5, 9]), (", 'OVERLAPS'", [None, 3, 5, 9])])
def test_ranges_that_touch_or_overlap_make_a_session(world: World, mode: str, ends: list[int | None]) -> None:
    ranges = ", ".join(f"RANGE<DATE> '[2024-01-0{a}, 2024-01-0{b})'" for a, b in ((1, 3), (3, 5), (8, 9)))
    rows = world.rows(
        "SELECT RANGE_END(session_range) AS e FROM RANGE_SESSIONIZE("
        f"(SELECT 'k' AS k, r FROM UNNEST([{ranges}, NULL]) r), 'r', ['k']{mode}) ORDER BY RANGE_START(r)"
    )
    assert [row["e"] and row["e"].day for row in rows] == ends


def test_declared_keys_and_options_of_schemas_and_columns_are_kept(world: World) -> None:
    world.rows(
        "CREATE SCHEMA k; CREATE TABLE k.p (id INT64 NOT NULL, x STRING, PRIMARY KEY (id) NOT ENFORCED);"
        "CREATE TABLE k.f (id INT64 PRIMARY KEY NOT ENFORCED, p INT64 REFERENCES k.p(id) NOT ENFORCED, q INT64,"
        " CONSTRAINT c FOREIGN KEY (q) REFERENCES k.p(id) NOT ENFORCED)"
    )
    keys = world.client.get_table("k.f").table_constraints
    assert keys.primary_key.columns == ["id"]
    told = [(key.name, key.referenced_table.table_id, key.column_references[0]) for key in keys.foreign_keys]
    assert [(n, t, r.referencing_column, r.referenced_column) for n, t, r in told] == [
        ("fk$1", "p", "p", "id"), ("c", "p", "q", "id"),
    ]  # fmt: skip
    world.rows("ALTER SCHEMA k SET OPTIONS (description = 'keys', labels = [('a', 'b')])")
    world.rows("ALTER TABLE IF EXISTS `k.p` ALTER COLUMN IF EXISTS x SET OPTIONS (description = 'text')")
    dataset = world.client.get_dataset("k")
    assert (dataset.description, dataset.labels) == ("keys", {"a": "b"})
    assert [field.description for field in world.client.get_table("k.p").schema] == [None, "text"]
    with pytest.raises(BadRequest, match="Column not found: y"):
        world.rows("ALTER TABLE k.p ALTER COLUMN y SET OPTIONS (description = 'no')")
