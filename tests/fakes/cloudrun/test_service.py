"""Revisions get their traffic, and the rest stays where it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.cloudrun.deployment import Deployment
from fakes.cloudrun.service import Service


def three() -> Service[str]:
    one: Service[str] = Service(Deployment("s"))
    one.deploy(one.latest.changed(concurrency=1))
    one.deploy(one.latest.changed(memory_mib=1024))
    return one


def test_a_new_revision_starts_from_the_last_one_and_has_no_traffic():
    one = three()
    assert (one.latest.concurrency, one.latest.memory_mib) == (1, 1024)
    assert one.traffic == {1: 100}
    assert one.revision_name(3) == "s-00003"


def test_the_split_is_what_requests_are_given_out_by():
    one = three()
    assert one.split({2: 90, 3: 10}) == [1]
    chosen = [one.choose(dice / 1000) for dice in range(1000)]
    assert (chosen.count(2), chosen.count(3)) == (900, 100)


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_shifted_split_still_adds_up_to_a_hundred(first, second):
    one = three()
    one.split(one.shifted(2, first))
    one.split(one.shifted(3, second))
    assert sum(one.traffic.values()) == 100
    assert one.traffic.get(3, 0) == second


def test_a_split_that_does_not_add_up_is_refused():
    with pytest.raises(ValueError, match="add up to 100"):
        three().split({1: 50})


def test_a_field_nobody_knows_is_named():
    with pytest.raises(ValueError, match="memory_gb"):
        Deployment("s").changed(memory_gb=2)
