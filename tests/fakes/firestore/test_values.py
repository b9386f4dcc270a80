"""Firestore's values: their order across types, and what each becomes on the wire."""

import itertools
import math

from google.cloud.firestore_v1.types import DocumentTransform, Value
from hypothesis import given
from hypothesis import strategies as st

from fakes.firestore import fields, values
from fakes.firestore.transforms import transformed

INT64 = st.integers(-(2**63), 2**63 - 1)
PLAIN = st.one_of(st.none(), st.booleans(), INT64, st.floats(), st.text(max_size=5), st.binary(max_size=5))
DATA = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)


def encode(data):
    match data:
        case None:
            return Value(null_value=0)
        case bool():
            return Value(boolean_value=data)
        case int():
            return Value(integer_value=data)
        case float():
            return Value(double_value=data)
        case str():
            return Value(string_value=data)
        case bytes():
            return Value(bytes_value=data)
        case list():
            return Value(array_value={"values": [encode(item) for item in data]})
    return Value(map_value={"fields": {name: encode(item) for name, item in data.items()}})


def key(data):
    return values.key(Value.pb(encode(data)))


@given(st.lists(DATA, max_size=8))
def test_any_values_have_one_order(data):
    keys = [key(one) for one in data]
    ordered = sorted(keys)
    backwards = keys[::-1]
    backwards.sort()
    assert backwards == ordered
    assert all(not later < earlier for earlier, later in itertools.pairwise(ordered))


@given(INT64, st.floats(allow_nan=False))
def test_integers_and_doubles_compare_by_value(whole, fraction):
    assert (key(whole) < key(fraction)) == (whole < fraction)
    assert (key(whole) == key(fraction)) == (whole == fraction)
    assert key(math.nan) < key(fraction)


def test_types_come_in_the_documented_order():
    samples = [None, True, -(2**63), "", b"", [], {}]
    assert [key(one) for one in samples] == sorted(key(one) for one in samples)


@given(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=3))
def test_any_path_can_be_written_in_back_ticks_put_and_got(path):
    escaped = [segment.replace("\\", "\\\\").replace("`", "\\`") for segment in path]
    text = ".".join(f"`{segment}`" for segment in escaped)
    assert fields.parse(text) == tuple(path)
    document = Value.pb(encode({})).map_value.fields
    fields.put(document, tuple(path), Value.pb(encode(7)))
    assert fields.get(document, tuple(path)).integer_value == 7
    fields.remove(document, tuple(path))
    assert fields.get(document, tuple(path)) is None


@given(INT64, INT64)
def test_an_integer_increment_stops_at_the_bounds(present, by):
    transform = DocumentTransform.FieldTransform(field_path="n", increment=encode(by))
    value, _ = transformed(DocumentTransform.FieldTransform.pb(transform), Value.pb(encode(present)), 0)
    assert value.integer_value == max(-(2**63), min(2**63 - 1, present + by))
