"""Subscription filters: the language, and what becomes of a message that does not fit."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.pubsub import filters
from fakes.seam import GrpcError
from tests.fakes.pubsub.desk import Desk


def compile_filter(expression):
    return filters.compile_filter(expression, 256)


KEYS = st.sampled_from(["sport", "phase-2", "a b", "_x", 'quo"te'])
VALUES = st.sampled_from(["", "nba", "nb", "mlb", 'say "x"', "back\\slash", "é"])
ATTRIBUTES = st.dictionaries(KEYS, VALUES)


def literal(text):
    return json.dumps(text, ensure_ascii=False)


@st.composite
def conditions(draw):
    """`(expression, predicate)` of one condition, the predicate by other means than the parser's."""
    key, value = draw(KEYS), draw(VALUES)
    name = key if key in ("sport", "phase-2", "_x") and draw(st.booleans()) else literal(key)
    kind = draw(st.sampled_from(["has", "eq", "ne", "prefix"]))
    if kind == "has":
        return f"attributes:{name}", lambda attributes: key in attributes
    if kind == "eq":
        return f"attributes.{name} = {literal(value)}", lambda attributes: (key, value) in attributes.items()
    if kind == "ne":
        return f"attributes.{name} != {literal(value)}", lambda attributes: (key, value) not in attributes.items()
    return (
        f"hasPrefix(attributes.{name}, {literal(value)})",
        lambda attributes: key in attributes and attributes[key][: len(value)] == value,
    )


def combined(inner):
    def negate(one, mark):
        return f"{mark}({one[0]})", lambda attributes: not one[1](attributes)

    def join(terms, operator):
        text = f" {operator} ".join(f"({term[0]})" for term in terms)
        judge = {"AND": all, "OR": any}[operator]
        return text, lambda attributes: judge([term[1](attributes) for term in terms])

    return st.one_of(
        st.builds(negate, inner, st.sampled_from(["NOT ", "-"])),
        st.builds(join, st.lists(inner, min_size=2, max_size=3), st.sampled_from(["AND", "OR"])),
    )


@given(st.recursive(conditions(), combined, max_leaves=6), st.lists(ATTRIBUTES, max_size=5))
def test_any_filter_means_what_it_says(pair, samples):
    expression, meaning = pair
    matches = filters.compile_filter(expression, 10_000)
    for attributes in samples:
        assert matches(attributes) is meaning(attributes)


@given(st.text(alphabet='attributes.:="!()-NOTAD R,x\\', max_size=30))
def test_any_text_is_a_filter_or_refused_as_invalid(expression):
    try:
        matches = compile_filter(expression)
    except GrpcError as error:
        assert error.code == "INVALID_ARGUMENT"
    else:
        assert matches({}) in (True, False)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "sport",
        "attributes",
        "attributes.sport",
        "attributes.sport = nba",
        "attributes.sport = 'nba'",
        'attributes.sport == "nba"',
        'attributes.sport = "nba" and attributes:x',
        "attributes:a AND attributes:b OR attributes:c",
        "(attributes:a",
        "attributes:a)",
        "NOT",
        'hasPrefix(sport, "n")',
        'data = "x"',
        "attributes:a attributes:b",
    ],
)
def test_an_illegal_filter_is_refused(expression):
    with pytest.raises(GrpcError, match="Invalid filter"):
        compile_filter(expression)


def test_the_place_of_the_mistake_is_told():
    with pytest.raises(GrpcError, match="position 19, found 'nba'"):
        compile_filter("attributes.sport = nba")


@pytest.mark.parametrize(
    ("text", "value"), [(r"\x41", "A"), (r"é", "é"), (r"\U0001F600", "\U0001f600"), (r"\101", "A"), (r"\n", "\n")]
)
def test_escapes_in_literals(text, value):
    assert compile_filter(f'attributes.k = "{text}"')({"k": value})


def test_a_filter_beyond_256_bytes_is_refused():
    with pytest.raises(GrpcError, match="257 bytes"):
        compile_filter("attributes:" + "k" * 246)


def test_what_does_not_match_is_acknowledged_by_the_service():
    desk = Desk()
    desk.topic()
    desk.subscription(filter='attributes.sport = "nba"')
    desk.publish(b"1", sport="mlb")
    desk.publish(b"2", sport="nba")
    assert [one.message.data for one in desk.pull()] == [b"2"]
    [filtered] = desk.messages(event="acked")
    assert filtered["reason"] == "filtered"


def test_a_subscription_with_an_illegal_filter_is_not_made():
    desk = Desk()
    desk.topic()
    with pytest.raises(GrpcError) as refused:
        desk.subscription(filter="sport = nba")
    assert refused.value.code == "INVALID_ARGUMENT"
