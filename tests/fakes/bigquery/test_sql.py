# ruff: noqa: E501 - a claim a line
"""SQL answers as the language reference says. Each row: a query of one column, and its values."""

import math
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest

from tests.fakes.bigquery.client import World
from tests.fakes.bigquery.corpus import INSTANT

NAN = "CAST('nan' AS FLOAT64)"
ANSWERS = {
    r"SELECT b'\xff\101'": [b"\xffA"],
    r"SELECT rb'\xff'": [b"\\xff"],
    r"SELECT '\u00e9\x41\101'": ["éAA"],
    "SELECT 1; -- a comment": [1],
    f"SELECT x FROM UNNEST([1.5, {NAN}, NULL, -1e308]) x ORDER BY x": [None, math.nan, -1e308, 1.5],
    f"SELECT {NAN} = {NAN}": [False],
    f"SELECT MAX(x) FROM UNNEST([1.0, {NAN}]) x": [math.nan],
    "SELECT (1, NULL) = (1, NULL)": [None],
    "SELECT (1, NULL) = (2, NULL)": [False],
    "SELECT NUMERIC '1000000000000' * NUMERIC '1000000000'": [Decimal(10**21)],
    "SELECT SQRT(NUMERIC '2')": [Decimal("1.414213562")],
    "SELECT PARSE_NUMERIC(' 1,2,,3,.45 + ')": [Decimal("123.45")],
    "SELECT SAFE_DIVIDE(1e300, 1e-300)": [None],
    "SELECT CAST(1.256 AS NUMERIC(5, 2))": [Decimal("1.26")],
    "SELECT SAFE_CAST('abc' AS STRING(2))": [None],
    "SELECT TO_JSON_STRING(NUMERIC '1.5')": ['"1.5"'],
    "SELECT TO_JSON_STRING(9007199254740993)": ['"9007199254740993"'],
    "SELECT JSON_OBJECT('a', 1, 'a', 2)": [{"a": 1}],
    "SELECT JSON_STRIP_NULLS(JSON '[1, null, [null]]', remove_empty => TRUE)": [[1]],
    "SELECT SPLIT('', '')": [[""]],
    "SELECT REVERSE(b'1a3')": [b"3a1"],
    "SELECT PARSE_DATE('%Y%m%d', '20081225') = DATE '2008-12-25'": [True],
    "SELECT y FROM UNNEST([STRUCT('a' AS x, NULL AS y), ('b', 'c')])": [None, "c"],
    "SELECT COUNT(*) OVER (PARTITION BY MOD(x, 2)) FROM UNNEST([1, 2, 3]) x ORDER BY x": [2, 1, 2],
    "SELECT o FROM (SELECT [7, 8] AS items) t, t.items WITH OFFSET AS o ORDER BY o": [0, 1],
    "SELECT b FROM (SELECT 1 AS a, 2 AS b UNION ALL BY NAME SELECT 4 AS b, 3 AS a) ORDER BY b": [2, 4],
    "SELECT total_Q1 FROM (SELECT 1 AS v, 'Q1' AS q UNION ALL SELECT 2, 'Q1') PIVOT(SUM(v) AS total FOR q IN ('Q1', 'Q2'))": [3],
    "SELECT n FROM (SELECT 1 AS a, NULL AS b, 3 AS c) UNPIVOT(n FOR k IN (a, b, c)) ORDER BY n": [1, 3],
    "SELECT FORMAT('%T %t', b'a\\x01', [1.0, 2.5])": ['b"a\\x01" [1.0, 2.5]'],
    "SELECT FORMAT('%T', (NUMERIC '3.14', DATE '2020-01-02'))": ['(NUMERIC "3.14", DATE "2020-01-02")'],
    "SELECT CAST(TIME '21:30:25.16' AS STRING FORMAT 'HH12:MI:SS.FF2 P.M.')": ["09:30:25.16 P.M."],
    "SELECT CAST(TIMESTAMP '2008-12-25 00:00:00' AS STRING FORMAT 'HH24:MI TZH:TZM' AT TIME ZONE 'Asia/Kolkata')": ["05:30 +05:30"],
    "SELECT state FROM `region-us`.INFORMATION_SCHEMA.JOBS LIMIT 0": [],
}  # fmt: skip
ERRORS = {
    r"SELECT '\d'": r"Syntax error: Illegal escape sequence: \d at [1:9]",
    "SELECT 1e300 / 1e-300": "double overflow: 1e+300 / 1e-300",
    "SELECT NUMERIC '99999999999999999999999999999' * 10": "numeric overflow",
    "SELECT [1] = [1]": "Equality is not defined for arguments of type ARRAY<INT64>",
    "SELECT [1, NULL]": "Array cannot have a null element; error in writing field f0_",
    "SELECT CAST('abc' AS STRING(2))": "STRING(2) has maximum length 2 but got a value with length 3",
    "SELECT CAST(123456 AS NUMERIC(5))": "NUMERIC(5) has precision 5 and scale 0",
    "SELECT GENERATE_DATE_ARRAY('2020-01-01', '2020-01-05', INTERVAL 0 DAY)": "Sequence step cannot be 0.",
    "SELECT LPAD('abc', -1)": "cannot be negative",
}


@pytest.fixture(scope="module")
def world():
    found = World({**INSTANT, "insert_job_per_s": None})
    yield found
    found.backend.close()


@pytest.mark.parametrize("sql", ANSWERS)
def test_a_query_gives_what_the_reference_says(world, sql):
    rows = [next(iter(r.values())) for r in world.rows(sql)]
    assert len(rows) == len(ANSWERS[sql])
    for found, wanted in zip(rows, ANSWERS[sql], strict=True):
        assert (isinstance(wanted, float) and math.isnan(wanted) and math.isnan(found)) or found == wanted


@pytest.mark.parametrize("sql", ERRORS)
def test_a_wrong_query_fails_in_the_services_words(world, sql):
    with pytest.raises(BadRequest) as failure:
        world.rows(sql)
    assert failure.value.errors[0]["reason"] == "invalidQuery"
    assert ERRORS[sql] in failure.value.message


def test_a_failed_statement_leaves_its_transaction_open(world):
    world.client.create_dataset("ledger")
    world.client.query("CREATE TABLE ledger.t (a INT64)").result()
    rows = world.rows(
        "BEGIN BEGIN TRANSACTION; INSERT ledger.t VALUES (1); SELECT 1 / 0; COMMIT TRANSACTION;"
        " EXCEPTION WHEN ERROR THEN COMMIT TRANSACTION; END; SELECT COUNT(*) AS n FROM ledger.t"
    )
    assert rows == [{"n": 1}]
