"""Routines over REST are what the CREATE statements would have made; policies are kept."""

import pytest
from google.api_core.exceptions import Conflict, MethodNotImplemented, NotFound, PreconditionFailed
from google.cloud import bigquery

from tests.fakes.bigquery.client import World

INT64 = bigquery.StandardSqlDataType(type_kind=bigquery.StandardSqlTypeNames.INT64)


@pytest.fixture
def world() -> World:
    world = World()
    world.client.create_dataset("d")
    return world


def routine(name: str, body: str, **fields):
    given = {"type_": "SCALAR_FUNCTION", "language": "SQL", "return_type": INT64, **fields}
    return bigquery.Routine(
        f"nba-props-platform.d.{name}", body=body, arguments=[bigquery.RoutineArgument(name="x", data_type=INT64)],
        **given,
    )  # fmt: skip


def test_a_function_made_over_rest_is_called_in_sql_and_given_back_as_sent(world):
    made = world.client.create_routine(routine("twice", "x * 2", description="doubles"))
    assert (made.body, made.description, made.return_type) == ("x * 2", "doubles", INT64)
    assert world.rows("SELECT d.twice(21) AS y") == [{"y": 42}]
    with pytest.raises(Conflict):
        world.client.create_routine(routine("twice", "x"))


def test_an_update_replaces_the_definition_and_minds_the_etag(world):
    made = world.client.create_routine(routine("f", "x + 1"))
    made.body = "x + 10"
    made.return_type = INT64
    changed = world.client.update_routine(made, ["body", "arguments", "language", "type_", "return_type"])
    assert world.rows("SELECT d.f(1) AS y") == [{"y": 11}]
    assert changed.etag != made.etag
    with pytest.raises(PreconditionFailed):
        world.client.update_routine(made, ["body", "arguments", "language", "type_", "return_type"])


def test_table_functions_and_procedures_too(world):
    world.client.create_routine(routine("upto", "SELECT n FROM UNNEST(GENERATE_ARRAY(1, x)) AS n",
                                        type_="TABLE_VALUED_FUNCTION", return_type=None))  # fmt: skip
    assert world.rows("SELECT SUM(n) AS s FROM d.upto(4)") == [{"s": 10}]
    world.client.create_routine(routine("p", "BEGIN SELECT x + 1 AS y; END", type_="PROCEDURE", return_type=None))
    assert world.rows("CALL d.p(1)") == [{"y": 2}]


def test_a_function_with_libraries_is_refused_by_name(world):
    with pytest.raises(MethodNotImplemented, match="unsupported by the emulator: routines with importedLibraries"):
        world.client.create_routine(routine("js", "return x", language="JAVASCRIPT", imported_libraries=["gs://b/x.js"]),
                                    retry=None)  # fmt: skip


def test_a_tables_policy_is_kept_and_concurrent_changes_are_told(world):
    table = world.client.create_table("nba-props-platform.d.t")
    policy = world.client.get_iam_policy(table)
    policy.bindings.append({"role": "roles/bigquery.dataViewer", "members": {"user:a@example.com"}})
    world.client.set_iam_policy(table, policy)
    assert world.client.get_iam_policy(table).bindings[0]["role"] == "roles/bigquery.dataViewer"
    with pytest.raises(Conflict, match="concurrent policy changes"):
        world.client.set_iam_policy(table, policy, retry=None)
    with pytest.raises(NotFound):
        world.client.get_iam_policy("nba-props-platform.d.nosuch")
    assert world.client.test_iam_permissions(table, ["bigquery.tables.get"]) == {"permissions": ["bigquery.tables.get"]}


@pytest.mark.parametrize("how", ["table", "dataset", "sql", "replace"])
def test_a_policy_goes_with_its_table(world, how):
    table = "nba-props-platform.d.t"
    world.client.create_table(table)
    policy = world.client.get_iam_policy(table)
    policy.bindings = [{"role": "roles/bigquery.dataViewer", "members": {"user:a@example.com"}}]
    world.client.set_iam_policy(table, policy)
    match how:
        case "table":
            world.client.delete_table(table)
        case "dataset":
            world.client.delete_dataset("d", delete_contents=True)
            world.client.create_dataset("d")
        case "sql":
            world.rows("DROP TABLE d.t")
        case "replace":
            world.rows("CREATE OR REPLACE TABLE d.t (id INT64)")
    if how != "replace":
        world.client.create_table(table)
    assert [b["role"] for b in world.client.get_iam_policy(table).bindings] == (
        ["roles/bigquery.dataViewer"] if how == "replace" else []
    )
