"""Who gets a request, when an instance starts, and when one is let go."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.cloudrun.deployment import IDLE_S, Deployment
from fakes.cloudrun.revision import Revision

SECOND_NS = 1_000_000_000


def revision(**fields) -> Revision[str]:
    return Revision(Deployment("s", **{"max_instances": 2, "concurrency": 2, **fields}), itertools.count().__next__)


def test_the_first_request_starts_an_instance_and_waits_for_it():
    one = revision()
    assert one.arrive("a").starts == (0,)
    assert one.arrive("b").starts == ()  # the instance that is coming has room for both
    assert one.ready(0, 0).requests == (("a", 0), ("b", 0))


def test_a_request_beyond_the_capacity_starts_another_up_to_the_maximum():
    one = revision()
    for request in "abcd":
        one.arrive(request)
    assert sorted(one.slots) == [0, 1]
    assert one.arrive("e").starts == ()
    one.ready(0, 0)
    one.ready(1, 0)
    assert list(one.pending) == ["e"]
    assert one.finished(1, 0).requests == (("e", 1),)


def test_the_least_busy_instance_gets_the_next_request_the_oldest_among_equals():
    one = revision(min_instances=2)
    one.warm_up()
    one.ready(0, 0)
    one.ready(1, 0)
    assert [one.arrive(request).requests[0][1] for request in "abc"] == [0, 1, 0]


def test_a_dead_instance_is_replaced_by_one_with_a_new_number():
    one = revision(min_instances=1)
    one.warm_up()
    one.ready(0, 0)
    assert one.gone(0).starts == (1,)


def test_an_instance_that_does_not_come_up_fails_what_waited_and_is_tried_again_later_and_later():
    one = revision(min_instances=1, max_instances=1)
    waits = []
    one.arrive("a")
    for number in range(7):
        plan = one.gone(number)
        assert plan.starts == ()
        waits.append(plan.retry_s)
        assert plan.failed == (("a",) if number == 0 else ())
        one.warm_up()
    assert waits == [10, 20, 40, 80, 160, 300, 300]
    one.ready(7, 0)
    assert one.failures == 0


def test_a_withdrawn_revision_lets_the_idle_go_and_keeps_no_minimum():
    one = revision(min_instances=2)
    one.warm_up()
    one.ready(0, 0)
    one.ready(1, 0)
    one.arrive("a")
    assert one.withdraw() == [1]
    assert sorted(one.slots) == [0]
    assert one.gone(0).starts == ()


def test_a_retired_instance_is_replaced_and_gets_nothing_more():
    one = revision(min_instances=1)
    one.warm_up()
    one.ready(0, 0)
    assert one.retire(0).starts == (1,)
    assert one.arrive("a").requests == ()
    assert one.ready(1, 0).requests == (("a", 1),)


def test_a_request_that_gave_up_is_never_handed_out():
    one = revision()
    one.arrive("a")
    assert one.give_up("a")
    assert one.ready(0, 0).requests == ()
    assert not one.give_up("a")


def test_idle_instances_go_after_a_quarter_of_an_hour_down_to_the_minimum():
    one = revision(min_instances=1, max_instances=3, concurrency=1)
    one.warm_up()
    for number in range(3):
        one.arrive(f"r{number}")
    for number in range(3):
        one.ready(number, 0)
    for number in range(3):
        one.finished(number, 10 * SECOND_NS)
    before_ns = round((10 + IDLE_S) * 1e9) - 1
    assert one.idle(before_ns) == []
    assert one.idle(before_ns + 1) == [2, 1]
    assert sorted(one.slots) == [0]


def test_impossible_bounds_are_refused_by_name():
    with pytest.raises(ValueError, match="service s: min_instances=3, max_instances=2"):
        Deployment("s", min_instances=3, max_instances=2)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"concurrency": 1001}, "concurrency=1001"),
        ({"request_timeout_s": 3601}, "request_timeout_s=3601"),
        ({"request_timeout_s": 541, "events": "t"}, "1 to 540"),
        ({"memory_mib": 64}, "memory_mib=64"),
        ({"memory": {"process": 1}}, "request path"),
        ({"cpu": "some"}, "'always' or 'request'"),
        ({"lifetime_s": 0}, "lifetime_s=0"),
    ],
)
def test_what_cloud_run_does_not_take_is_refused_by_name(fields, words):
    with pytest.raises(ValueError, match=words):
        Deployment("s", **fields)


@given(
    st.lists(st.sampled_from(["arrive", "ready", "finish", "die"]), max_size=60), st.integers(1, 3), st.integers(1, 3)
)
def test_no_request_is_lost_or_doubled_and_no_instance_overloaded(steps, most, concurrency):
    one: Revision[int] = Revision(
        Deployment("s", max_instances=most, concurrency=concurrency), itertools.count().__next__
    )
    sent = 0
    given_out: list[int] = []
    failed: list[int] = []
    working: list[int] = []
    for step in steps:
        if step == "arrive":
            plan = one.arrive(sent)
            sent += 1
        elif step == "ready" and (coming := [n for n, slot in one.slots.items() if not slot.ready]):
            plan = one.ready(coming[0], 0)
        elif step == "finish" and working:
            plan = one.finished(working.pop(0), 0)
        elif step == "die" and one.slots:
            number = min(one.slots)
            working = [n for n in working if n != number]
            plan = one.gone(number)
        else:
            continue
        given_out += [request for request, _ in plan.requests]
        failed += plan.failed
        working += [number for _, number in plan.requests]
        assert len(one.slots) <= most
        assert all(0 <= slot.active <= concurrency for slot in one.slots.values())
    assert sorted([*given_out, *failed, *one.pending]) == list(range(sent))
