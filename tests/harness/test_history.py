"""The history format: what is written is what is published, and nothing else gets in."""

import dataclasses
import hashlib
import json
from collections import Counter

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.history import History, HistoryError, HistoryWriter
from harness.kinds import KINDS
from harness.schemas import schema

RUN = {
    "scenario": "s",
    "world": "w",
    "seed": 1,
    "release": "abc",
    "engine": "sim",
    "span": "36h",
}
SAMPLES = {
    "run.start": {**RUN, "start": "2026-01-16T00:00:00Z", "start_epoch_ns": 1_768_521_600_000_000_000, "instants": {}},
    "run.end": RUN,
    "process": {"event": "crash", "reason": "fault kill"},
    "call": {
        "id": 1,
        "caller": "phase3#0",
        "service": "bigquery",
        "method": "jobs.insert",
        "resource": "p/d/t",
        "started_ns": 5,
        "outcome": "ok",
        "status": 200,
        "reason": "",
        "applied": True,
        "fault": "",
        "bytes_in": 10,
        "bytes_out": 20,
    },
    "message": {
        "event": "delivered",
        "topic": "t",
        "subscription": "s",
        "message_id": "1",
        "attempt": 1,
        "status": 500,
        "data_sha256": "00",
    },
    "fault": {"id": "f", "event": "fired", "call": "bigquery jobs.insert"},
    "unsupported": {"service": "bigquery", "method": "jobs.insert", "what": "unsupported by the emulator: PIVOT"},
    "breaker": {"name": "b", "from": "closed", "to": "open", "reason": "5 failures"},
    "log": {"level": "INFO", "logger": "root", "message": "hello", "fields": {}},
    "mark": {"name": "attempt", "fields": {"processor": "P"}},
    "sometimes": {"name": "retried"},
}


def written(*events):
    writer = HistoryWriter(None)
    for t_ns, kind, fields in events:
        writer.append(t_ns, kind, "p", 0, fields)
    return writer


def lines(writer):
    return list(writer.history().lines())


def test_there_is_a_sample_of_every_kind():
    assert set(SAMPLES) == set(KINDS) == set(schema("history-event")["properties"]["kind"]["enum"])


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_kind_is_written_as_its_schema_says(kind):
    (line,) = lines(written((0, kind, SAMPLES[kind])))
    jsonschema.Draft202012Validator(schema("history-event")).validate(json.loads(line))


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_field_with_a_closed_set_of_words_is_required(kind):
    assert KINDS[kind].words.keys() <= KINDS[kind].required


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind in SAMPLES for field in sorted(KINDS[kind].required)]
)
def test_an_event_without_a_required_field_is_refused_by_the_name_of_its_writer(kind, field):
    fields = {key: value for key, value in SAMPLES[kind].items() if key != field}
    with pytest.raises(HistoryError, match=rf"phase3#2 recorded a '{kind}' event without .*{field}"):
        HistoryWriter(None).append(0, kind, "phase3", 2, fields)


def test_fields_that_may_be_null_are_filled_in_so_that_every_line_of_a_kind_has_them_all():
    (event,) = written((0, "message", {"event": "published", "topic": "t", "message_id": "1"})).history()
    assert event.data == {
        "event": "published",
        "topic": "t",
        "message_id": "1",
        "subscription": None,
        "attempt": None,
        "status": None,
        "data_sha256": None,
    }


def test_lines_are_compact_with_sorted_keys_and_a_newline():
    (line,) = lines(written((7, "mark", {"name": "é", "fields": {"b": 1, "a": {"d": [1, 2.5], "c": None}}})))
    assert line.decode() == (
        '{"fields":{"a":{"c":null,"d":[1,2.5]},"b":1},"instance":0,"kind":"mark","name":"é","process":"p","seq":0,"t_ns":7}\n'
    )


def test_the_digest_is_that_of_the_bytes_wherever_they_are(tmp_path):
    on_disk = HistoryWriter(tmp_path / "history.jsonl")
    in_memory = HistoryWriter(None)
    for writer in (on_disk, in_memory):
        for number in range(20_000):  # more than one buffer
            writer.append(number, "call", "bigquery", 0, SAMPLES["call"])
    digest = on_disk.close()
    assert digest == hashlib.sha256((tmp_path / "history.jsonl").read_bytes()).hexdigest()
    assert digest == in_memory.close() == in_memory.sha256()
    assert digest == History.read(tmp_path / "history.jsonl").sha256()
    assert on_disk.close() == digest


def test_the_file_has_its_name_only_when_it_is_whole(tmp_path):
    writer = HistoryWriter(tmp_path / "history.jsonl")
    writer.append(0, "sometimes", "p", 0, {"name": "x"})
    assert [event["name"] for event in writer.history()] == ["x"]
    assert not (tmp_path / "history.jsonl").exists()
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["history.jsonl"]
    assert [event["name"] for event in writer.history()] == ["x"]


def test_object_addresses_do_not_reach_the_history():
    class Thing:
        pass

    first, second = (
        written((0, "log", {**SAMPLES["log"], "message": f"lost {Thing()!r}"})).sha256() for _ in ("one", "other")
    )
    things = [Thing(), Thing()]
    digests = {written((0, "log", {**SAMPLES["log"], "message": repr(thing)})).sha256() for thing in things}
    assert first == second
    assert len(digests) == 1


@dataclasses.dataclass
class Point:
    x: int


@pytest.mark.parametrize("value", [{1, 2}, Point(1), object(), 1 << 70, {1: 2}, b"bytes", float("nan"), [float("inf")]])
def test_values_that_json_cannot_say_are_refused_and_leave_no_trace(value):
    writer = written((0, "sometimes", {"name": "before"}))
    digest = writer.sha256()
    with pytest.raises(HistoryError, match="phase3#0 recorded"):
        writer.append(0, "mark", "phase3", 0, {"name": "m", "fields": {"value": value}})
    assert writer.sha256() == digest
    assert writer.events == 1


def test_undecodable_bytes_in_a_log_line_are_written_as_escapes():
    (event,) = written((0, "log", {**SAMPLES["log"], "message": "file \udcff.json"})).history()
    assert event["message"] == "file \\udcff.json"


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("calls", {}, "unknown kind 'calls'"),
        ("mark", {"name": "m", "fields": {}, "seq": 3}, "a field seq"),
        ("fault", {**SAMPLES["fault"], "event": "burst"}, "event='burst'.*'armed', 'fired'"),
        ("call", {**SAMPLES["call"], "applied": "maybe"}, "applied='maybe'"),
    ],
)
def test_events_outside_the_format_are_refused(kind, fields, says):
    with pytest.raises(HistoryError, match=says):
        HistoryWriter(None).append(0, kind, "p", 0, fields)


def test_time_never_runs_backwards():
    writer = written((5, "sometimes", {"name": "x"}))
    with pytest.raises(HistoryError, match="at 4 ns after one at 5 ns"):
        writer.append(4, "sometimes", "p", 0, {"name": "y"})


def test_queries_pick_events_by_kind_name_and_pattern():
    history = written(
        (0, "run.start", SAMPLES["run.start"]),
        (1, "call", SAMPLES["call"]),
        (2, "call", {**SAMPLES["call"], "service": "gcs", "method": "storage.objects.insert"}),
        (3, "mark", {"name": "attempt", "fields": {"kind": "call", "text": '"kind":"call"'}}),
        (4, "mark", {"name": "alert", "fields": {}}),
        (5, "message", SAMPLES["message"]),
        (6, "message", {**SAMPLES["message"], "event": "acked"}),
    ).history()
    assert [event.t_ns for event in history.of("call")] == [1, 2]
    assert [event.t_ns for event in history.calls(service="gcs")] == [2]
    assert [event.t_ns for event in history.calls(method="storage.*")] == [2]
    assert [event.t_ns for event in history.marks()] == [3, 4]
    assert [event.fields for event in history.marks("attempt")] == [{"kind": "call", "text": '"kind":"call"'}]
    assert [event.t_ns for event in history.messages("acked")] == [6]
    assert history.start is not None
    assert history.end is None
    assert len(list(history)) == len(list(history)) == 7
    with pytest.raises(ValueError, match="no events of kind 'calls'"):
        history.of("calls")


def test_derived_values_are_worked_out_once():
    asked = Counter()

    def count(history):
        asked["count"] += 1
        return len(list(history))

    history = written((0, "sometimes", {"name": "x"})).history()
    assert history.derive(count) == history.derive(count) == 1
    assert asked["count"] == 1


def test_a_line_that_is_no_event_is_named(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_text('{"seq":0,"t_ns":0,"kind":"sometimes","process":"p","instance":0,"name":"x"}\n[1]\n')
    with pytest.raises(HistoryError, match=r"history\.jsonl, line 2"):
        list(History.read(path))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(alphabet=st.characters(codec="utf-8")), json_values))
def test_what_is_written_is_read_back_and_independent_of_key_order(fields):
    turned = dict(reversed(fields.items()))
    one = written((0, "mark", {"name": "m", "fields": fields}))
    other = written((0, "mark", {"fields": turned, "name": "m"}))
    assert one.sha256() == other.sha256()
    (event,) = one.history()
    (line,) = lines(one)
    assert event.data["fields"] == json.loads(line)["fields"]
