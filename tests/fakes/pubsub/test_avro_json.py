"""Avro's JSON encoding, judged as strictly as the service judges it."""

import pytest
from fastavro import parse_schema

from fakes.pubsub.avro_json import fits

RECORD = {
    "type": "record",
    "name": "Game",
    "namespace": "nba",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "status", "type": {"type": "enum", "name": "Status", "symbols": ["LIVE", "FINAL"]}},
        {"name": "spread", "type": ["null", "double"]},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "previous", "type": ["null", "Game"]},
    ],
}
GOOD = {"id": 1, "status": "FINAL", "spread": {"double": -3.5}, "tags": ["a"], "previous": None}


def judged(schema, value):
    named = {}
    return fits(parse_schema(schema, named_schemas=named), value, named)


def test_a_record_with_every_field_right_fits_also_inside_itself():
    assert judged(RECORD, GOOD)
    assert judged(RECORD, GOOD | {"previous": {"nba.Game": GOOD}})


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "1"},
        {"id": 2**63},
        {"id": True},
        {"id": 1.0},
        {"status": "POSTPONED"},
        {"spread": -3.5},
        {"spread": {"float": 1.0}},
        {"tags": "a"},
        {"tags": [1]},
        {"previous": GOOD},
        {"extra": 1},
    ],
)
def test_one_wrong_field_and_it_does_not_fit(wrong):
    assert not judged(RECORD, GOOD | wrong)


def test_a_missing_field_does_not_fit_even_with_a_default():
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": 1}]}
    assert not judged(schema, {})


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ("null", None, 0),
        ("boolean", True, 1),
        ("int", -(2**31), 2**31),
        ("float", 1, "1"),
        ("bytes", "\u00ff", "\u0100"),
        ({"type": "map", "values": "int"}, {"a": 1}, {"a": "1"}),
        ({"type": "fixed", "name": "F", "size": 2}, "ab", "abc"),
        ({"type": "long", "logicalType": "timestamp-millis"}, 1, "2026-01-16"),
    ],
)
def test_each_kind_has_its_own_json(schema, good, bad):
    assert judged(schema, good)
    assert not judged(schema, bad)
