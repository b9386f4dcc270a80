"""Hypothesis drives from outside: each example is a simulation."""

import time

import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

SEEN = []


@pytest.mark.windtunnel
@settings(max_examples=8, derandomize=True, database=None)
@given(seconds=st.integers(1, 3600))
def test_passes_for_every_example(cleaned, seconds):
    assert cleaned == ["made"]
    SEEN.append(seconds)
    assert len(SEEN) == 1  # nothing is left of the example before
    before = time.monotonic()
    time.sleep(seconds)
    assert seconds <= time.monotonic() - before < seconds + 0.001


@pytest.mark.windtunnel
@settings(max_examples=40, derandomize=True, database=None)
@given(amounts=st.lists(st.integers(0, 1000), max_size=6))
def test_fails_with_the_smallest_example(amounts):
    assume(len(amounts) != 1)
    note(f"noted {len(amounts)}")
    total = 0
    for amount in amounts:
        time.sleep(1)
        total += amount
    assert total < 100


class TestMethods:
    @pytest.mark.windtunnel
    @settings(max_examples=3, derandomize=True, database=None)
    @given(number=st.integers())
    def test_passes_as_a_method(self, number):
        assert isinstance(number, int)


@pytest.mark.windtunnel
@settings(max_examples=3, derandomize=True, database=None)
@given(data=st.data())
def test_fails_for_what_cannot_cross(data):
    data.draw(st.integers())
