"""What the service refuses of queries and values, as the vendor's own client hears it; and what is just allowed."""

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1.base_query import And, FieldFilter, Or
from google.cloud.firestore_v1.vector import Vector


def field(*condition):
    return FieldFilter(*condition)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (field("n", "not-in", list(range(11))), "at most 10 values"),
        (field("n", "in", list(range(31))), "31 disjunctions"),
        (And([field("n", "in", list(range(6))), field("m", "in", list(range(6)))]), "36 disjunctions"),
        (And([field("n", "!=", 1), field("n", "not-in", [2])]), "NOT_EQUAL and NOT_IN"),
        (And([field("n", "!=", 1), field("m", "!=", None)]), "IS_NOT_NULL and NOT_EQUAL"),
        (And([field("m", "in", [1]), field("n", "not-in", [2])]), "NOT_IN cannot be used in one query with IN"),
        (And([field("n", "not-in", [2]), Or([field("m", "==", 1), field("m", "==", 2)])]), "with OR"),
        (And([field("t", "array_contains", 1), field("t", "array_contains", 2)]), "at most one ARRAY_CONTAINS"),
        (And([field("t", "array_contains", 1), field("u", "array_contains_any", [2])]), "at most one ARRAY_CONTAINS"),
    ],
)
def test_filters_that_do_not_go_together_are_refused(client, condition, words):
    with pytest.raises(exceptions.InvalidArgument, match=words):
        client.collection("things").where(filter=condition).get()


def test_an_array_filter_in_each_disjunction_is_taken(client):
    client.document("things/a").set({"t": [1]})
    either = Or([field("t", "array_contains", 1), field("t", "array_contains", 2)])
    assert [one.id for one in client.collection("things").where(filter=either).get()] == ["a"]


def nested(levels):
    return {"a": nested(levels - 1)} if levels else 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"a": [[1]]}, "array value in an array value"),
        ({"__a__": 1}, "__a__"),
        ({"a": {"__b__": 1}}, "__b__"),
        ({"a" * 1501: 1}, "longer than 1,500 bytes"),
        (nested(22), "nested too deeply"),
    ],
)
def test_what_no_document_may_hold_is_refused(client, data, words):
    with pytest.raises(exceptions.InvalidArgument, match=words):
        client.document("things/a").set(data)
    assert not client.document("things/a").get().exists


def test_what_is_just_allowed_is_stored(client):
    data = {"a": [{"b": [1]}], "deep": nested(20), "vector": Vector([1.0, 2.0])}
    client.document("things/a").set(data)
    assert client.document("things/a").get().to_dict() == data


def test_a_collection_group_is_read_in_parts_that_make_the_whole(client):
    for number in range(10):
        client.document(f"games/{number % 3}/plays/{number}").set({"n": number})
    parts = list(client.collection_group("plays").get_partitions(4))
    found = [[one.reference.path for one in part.query().stream()] for part in parts]
    assert [len(part) for part in found] == [2, 2, 2, 2, 2]
    whole = [one.reference.path for one in client.collection_group("plays").stream()]
    assert [path for part in found for path in part] == whole
