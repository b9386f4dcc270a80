"""The measurement of memory tells a service that keeps something of each call from one that does not."""

import pytest

from benchmarks import memory
from benchmarks.workloads import WORKLOADS, Workload


@pytest.mark.parametrize(("left", "grows"), [(0, False), (1000, True)])
def test_what_each_call_leaves_behind_is_found(monkeypatch, left, grows):
    kept = []

    def begin(around, data):
        return lambda number: kept.append(bytes(left)) if left else None

    monkeypatch.setitem(memory.WORKLOADS, "planted", Workload(begin))
    slope = memory.measure("planted", 16_000, None)
    assert slope.flat is not grows
    assert slope.calls == 16_000
    assert slope.blocks_per_call == pytest.approx(1 if grows else 0, abs=0.1)


@pytest.mark.parametrize("service", sorted(WORKLOADS))
def test_a_workload_is_served_with_its_state_kept(service, tmp_path):
    from fakes.wire.surroundings import RealSurroundings

    around = RealSurroundings(service)
    use = WORKLOADS[service].begin(around, tmp_path)
    for number in range(16):
        use(number)
    around.close()
