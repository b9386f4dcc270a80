"""The stranger's tests: a fault in ten lines."""

import pytest
from takings.load import load, total

SALES = {"project": "takings", "datasets": {"day": {"tables": {"sales": {"schema": [
    {"name": "shop", "type": "STRING"}, {"name": "amount", "type": "INT64"}]}}}}}  # fmt: skip


@pytest.mark.windtunnel(backends={"bigquery": {"project": "takings"}}, topology=SALES)
def test_rows_arrive_although_the_warehouse_is_busy_twice(windtunnel):
    busy = windtunnel.fault(call={"service": "bigquery", "method": "*insert*"}, refuse=503, count=2)
    assert load([("north", 20), ("south", 22)]) == 3
    assert busy.fired == 2
    assert total() == 42
    assert 160 < windtunnel.elapsed_s < 200  # a minute, then two: in no time


@pytest.mark.windtunnel
@pytest.mark.parametrize("attempts", [1, 3])
def test_it_gives_up_when_the_warehouse_stays_away(windtunnel, attempts):
    windtunnel.backend("bigquery", project="takings")
    windtunnel.topology(SALES)
    windtunnel.fault("down", call={"service": "bigquery"}, refuse=503)
    with pytest.raises(RuntimeError, match="gave up"):
        load([("north", 1)], attempts)
    assert [log["message"] for log in windtunnel.logs("WARNING", "takings.*")] == [
        f"busy, attempt {n + 1}" for n in range(attempts)
    ]
