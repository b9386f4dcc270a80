"""The past of a table is served as it was, and refused where it is not kept."""

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.bigquery import CopyJobConfig

from fakes.seam import Ruling, ServeStale
from tests.fakes.bigquery.client import World


def make(history_s: float) -> World:
    world = World(history_s=history_s)
    world.client.create_dataset("d")
    world.rows("CREATE TABLE d.t (id INT64, s STRING)")
    world.rows("INSERT INTO d.t VALUES (1, 'a')")
    world.around.advance(100)
    world.rows("INSERT INTO d.t VALUES (2, 'b')")
    world.around.advance(100)
    world.rows("UPDATE d.t SET s = 'z' WHERE id = 1")
    world.around.advance(100)
    return world


@pytest.mark.parametrize(("age_s", "rows"), [(0, [(1, "z"), (2, "b")]), (150, [(1, "a"), (2, "b")]), (250, [(1, "a")])])
def test_system_time_shows_the_rows_of_then(age_s, rows):
    when = f"TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL {age_s} SECOND)"
    found = make(3_600).rows(f"SELECT * FROM d.t FOR SYSTEM_TIME AS OF {when} ORDER BY id")
    assert [tuple(r.values()) for r in found] == rows


def test_a_copy_of_a_table_at_a_time_holds_the_rows_of_then_wherever_it_goes():
    world = make(3_600)
    world.client.copy_table("d.t@-150000", "d.new").result()
    assert world.rows("SELECT * FROM d.new ORDER BY id") == [{"id": 1, "s": "a"}, {"id": 2, "s": "b"}]
    then_ms = world.around.now_ns() // 1_000_000 - 250_000
    world.client.copy_table(
        f"d.t@{then_ms}", "d.new", job_config=CopyJobConfig(write_disposition="WRITE_TRUNCATE")
    ).result()
    assert world.rows("SELECT * FROM d.new") == [{"id": 1, "s": "a"}]


def test_a_stale_read_sees_the_past_once():
    world = make(3_600)
    world.around.rulings = [Ruling(ServeStale(250), "stale")]
    assert world.rows("SELECT id FROM d.t") == [{"id": 1}]
    assert len(world.rows("SELECT id FROM d.t")) == 2


def test_without_history_a_stale_read_is_refused_with_the_remedy():
    world = make(0)
    world.around.rulings = [Ruling(ServeStale(250), "stale")]
    with pytest.raises(GoogleAPICallError, match=r"unsupported by the emulator: a table's past .*history_s"):
        world.rows("SELECT id FROM d.t")
