"""The standard metrics: worked out again from the JSON lines by the plainest code, they come out the same."""

import json
import random
from pathlib import Path

import pytest

from harness.metrics import STANDARD, standard
from tests.harness.checks.written import (
    HOUR,
    alert,
    attempt,
    breaker,
    call,
    day,
    mark,
    message,
    recovered,
    row,
)


def naive(lines):
    """What docs/metrics.md says, word by word, from the lines of history.jsonl alone."""
    events = [json.loads(line) for line in lines]
    start = events[0]
    marks = [event for event in events if event["kind"] == "mark"]

    def named(name):
        return [mark for mark in marks if mark["name"] == name]

    def status(events_, wanted):
        return [event for event in events_ if event["fields"]["status"] == wanted]

    def by_hour(events_):
        hours = [event["t_ns"] // 3_600_000_000_000 for event in events_]
        return [hours.count(hour) for hour in range(max(hours) + 1)] if hours else []

    def in_focus(events_):
        processor = (start["focus"] or {}).get("processor")
        return [event for event in events_ if processor is None or event["fields"]["processor"] == processor]

    def instant(name):
        wanted = (start["instant_marks"] or {}).get(name)
        came = [] if wanted is None else [mark["t_ns"] for mark in named(wanted["mark"])]
        return came[0] if came else (start["instants"] or {}).get(name)

    attempts, rows = in_focus(named("attempt")), in_focus(named("run_row"))
    calls = [event for event in events if event["kind"] == "call"]
    messages = [event["event"] for event in events if event["kind"] == "message"]
    per_key = {}
    for one in attempts:
        key = (one["fields"]["processor"], one["fields"]["key"], one["t_ns"] // 3_600_000_000_000)
        per_key[key] = per_key.get(key, 0) + 1
    onset_ns = instant("storm_onset")
    if onset_ns is None:
        times = [one["t_ns"] for one in attempts]
        stormy = [t for n, t in enumerate(times) if sum(t - 3_600_000_000_000 < u for u in times[: n + 1]) > 50]
        onset_ns = stormy[0] if stormy else None
    alerts = [] if onset_ns is None else [e["t_ns"] - onset_ns for e in named("alert") if e["t_ns"] >= onset_ns]
    since_ns = instant("recovery_from")
    recoveries = (
        []
        if since_ns is None
        else [
            event["t_ns"] - since_ns
            for event in named("recovered")
            if event["t_ns"] >= since_ns and start["recovery_key"] in (None, event["fields"]["key"])
        ]
    )
    return {
        "rows": len(rows),
        "rows_failed": len(status(rows, "failed")),
        "rows_running": len(status(rows, "running")),
        "attempts": len(attempts),
        "attempts_failed": len(status(attempts, "failed")),
        "attempts_per_hour_max": max(by_hour(attempts), default=0),
        "attempts_per_key_hour_max": max(per_key.values(), default=0),
        "attempts_by_hour": by_hour(attempts),
        "attempts_failed_by_hour": by_hour(status(attempts, "failed")),
        "rows_by_hour": by_hour(rows),
        "breaker_opens": len([e for e in events if e["kind"] == "breaker" and e["to"].lower() == "open"]),
        "alerts": len(named("alert")),
        "storm_onset_s": None if onset_ns is None else onset_ns / 1e9,
        "alert_after_s": alerts[0] / 1e9 if alerts else None,
        "recovered_after_s": recoveries[0] / 1e9 if recoveries else None,
        "messages_published": messages.count("published"),
        "deliveries": messages.count("delivered"),
        "messages_acked": messages.count("acked"),
        "messages_dead_lettered": messages.count("dead_lettered"),
        "calls": len(calls),
        "calls_failed": len([one for one in calls if one["outcome"] != "ok"]),
    }


def some_day(seed):
    """A day with a bit of everything, more stormy or less."""
    dice = random.Random(seed)
    events = [
        attempt(
            dice.gauss(10 * HOUR, HOUR) % (36 * HOUR),
            dice.choice(["failed", "failed", "success", "skipped"]),
            dice.choice(["PGS", "UPGC"]),
            dice.choice(["2026-01-15", "2026-01-16"]),
        )
        for _ in range(dice.choice([0, 20, 400]))
    ]
    for _ in range(30):
        t_s = dice.uniform(0, 36 * HOUR)
        events += dice.choice(
            [
                [row(t_s, "running"), row(t_s + 1, dice.choice(["failed", "success"]))],
                [alert(t_s)],
                [mark(t_s, "final_horn")],
                [recovered(t_s, dice.choice(["2026-01-15", "2026-01-16"]))],
                [breaker(t_s, dice.choice(["open", "OPEN", "closed", "half_open"]))],
                [message(t_s, "published"), message(t_s, dice.choice(["delivered", "acked", "dead_lettered"]))],
                [call(t_s, dice.choice(["ok", "ok", "refused", "lost", "error"]))],
            ]
        )
    start = dice.choice(
        [
            {},
            {"instants": {"recovery_from": 20 * HOUR * 10**9}, "recovery_key": "2026-01-16"},
            {"instant_marks": {"recovery_from": {"mark": "final_horn", "key": "*"}}, "focus": {"processor": "PGS"}},
            {"instants": {"recovery_from": 3 * HOUR * 10**9, "storm_onset": 9 * HOUR * 10**9}},
        ]
    )
    return day(*[event for event in events if event[0] < 36 * HOUR], **start)


@pytest.mark.parametrize("seed", range(40))
def test_metrics_are_what_the_json_lines_say(seed):
    history = some_day(seed)
    assert standard(history) == naive(history.lines())


def test_a_history_of_nothing_has_metrics_too():
    history = day()
    assert standard(history) == naive(history.lines())
    assert standard(history)["alert_after_s"] is None


def test_the_names_promised_to_scenarios_are_the_names_measured():
    assert list(standard(day())) == list(STANDARD)


def test_every_standard_metric_is_documented():
    text = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert [name for name in STANDARD if f"`{name}`" not in text] == []


def test_an_alert_before_the_storm_is_not_the_alert_of_the_storm():
    storm = [attempt(9 * HOUR + number) for number in range(51)]
    assert standard(day(alert(HOUR), *storm))["alert_after_s"] is None
    assert standard(day(alert(HOUR), *storm, alert(9 * HOUR + 60)))["alert_after_s"] == 10
