"""A table that requires a partition filter is not scanned without one, wherever in a query the filter stands."""

import pytest
from google.api_core.exceptions import BadRequest

from tests.fakes.bigquery.client import World

DAY = "DATE '2026-01-01'"


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.client.create_dataset("d")
    world.rows("CREATE TABLE d.p (id INT64, day DATE) PARTITION BY day OPTIONS (require_partition_filter = TRUE)")
    world.rows(f"INSERT INTO d.p VALUES (1, {DAY}), (2, DATE '2026-01-02')")
    world.rows("CREATE VIEW d.v AS SELECT id, day AS played FROM d.p")
    return world


@pytest.mark.parametrize("sql", [
    f"SELECT id FROM d.p WHERE day = {DAY}",
    "SELECT id FROM d.p WHERE day BETWEEN '2026-01-01' AND '2026-01-01'",
    f"SELECT x.id FROM (SELECT * FROM d.p) AS x WHERE x.day = {DAY}",
    f"WITH x AS (SELECT id, day FROM d.p) SELECT id FROM x WHERE day = {DAY}",
    f"SELECT id FROM d.v WHERE played = {DAY}",
    f"SELECT p.id FROM UNNEST([1, 2]) AS n JOIN d.p AS p ON p.id = n AND p.day = {DAY}",
    f"SELECT id FROM d.p WHERE (day = {DAY} AND id = 1) OR (day = {DAY} AND id = 9)",
])  # fmt: skip
def test_a_filter_on_the_partition_column_is_enough(world, sql):
    assert world.rows(sql) == [{"id": 1}]


@pytest.mark.parametrize("sql", [
    "SELECT id FROM d.p",
    "SELECT id FROM d.p WHERE id = 1",
    f"SELECT id FROM d.p WHERE day = {DAY} OR id = 1",
    "SELECT id FROM d.v",
    f"SELECT id FROM (SELECT id, day FROM d.p LIMIT 1) WHERE day = {DAY}",
    "SELECT (SELECT MAX(id) FROM d.p) AS id",
    "DELETE FROM d.p WHERE id = 1",
    "MERGE d.p t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE",
])  # fmt: skip
def test_anything_else_is_400(world, sql):
    with pytest.raises(
        BadRequest, match="without a filter over column\\(s\\) 'day' that can be used for partition elim"
    ):
        world.rows(sql)
