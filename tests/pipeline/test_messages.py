"""Messages are typed: what is wrong is refused with the field's name, and nothing else gets through."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.messages import (
    InvalidMessageError,
    Phase2Completion,
    PushEnvelope,
    ScraperCompletion,
    parse,
    parse_json,
    to_json,
    unwrap,
)

SCRAPED = {
    "scraper": "bdl_box_scores",
    "gcs_path": "gs://nba-scraped-data/ball-dont-lie/boxscores/2026-01-16/x.json",
    "execution_id": "e1",
    "status": "success",
    "record_count": 6,
    "game_date": "2026-01-16",
    "timestamp": "2026-01-16T09:00:00Z",
}


def test_a_message_survives_the_wire():
    message = parse(ScraperCompletion, SCRAPED)
    assert parse_json(ScraperCompletion, to_json(message)) == message


def test_fields_of_a_newer_publisher_are_ignored():
    assert parse(ScraperCompletion, {**SCRAPED, "shiny": 1}) == parse(ScraperCompletion, SCRAPED)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"gcs_path": "ball-dont-lie/x.json"}, "gcs_path"),
        ({"gcs_path": None}, "gcs_path"),
        ({"game_date": "TODAY"}, "game_date"),
        ({"status": "great"}, "status"),
        ({"record_count": -1}, "record_count"),
        ({"scraper": ""}, "scraper"),
    ],
)
def test_a_bad_field_is_named(change, field):
    with pytest.raises(InvalidMessageError) as caught:
        parse(ScraperCompletion, {**SCRAPED, **change})
    assert caught.value.field == field
    assert field in str(caught.value)


def test_a_missing_field_is_named():
    with pytest.raises(InvalidMessageError) as caught:
        parse(Phase2Completion, {})
    assert caught.value.field == "processor_name"


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_a_message_or_an_invalid_one_and_never_a_crash(body):
    for kind in (ScraperCompletion, Phase2Completion, PushEnvelope):
        with pytest.raises(InvalidMessageError):
            parse_json(kind, json.dumps(body).encode())


@settings(deadline=None)
@given(st.binary())
def test_a_payload_comes_out_of_its_envelope_as_it_went_in(data):
    body = {"message": {"data": base64.b64encode(data).decode(), "messageId": "1"}, "subscription": "s"}
    assert unwrap(parse(PushEnvelope, body)) == data


def test_a_payload_that_is_not_base64_is_refused():
    with pytest.raises(InvalidMessageError, match="base64"):
        unwrap(parse(PushEnvelope, {"message": {"data": "%%", "messageId": "1"}, "subscription": "s"}))
