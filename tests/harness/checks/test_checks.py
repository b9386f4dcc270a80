"""Each check tells good from bad, and says unknown wherever it can't.

A table a check: the history, what is asked, and the verdict that must come.
"""

import pytest

from harness.checks.catalogue import CHECKS, parse_check
from harness.outcome import Finding, Verdict
from harness.schemas import schema
from tests.harness.checks.written import (
    HOUR,
    alert,
    attempt,
    breaker,
    call,
    day,
    fault,
    half_open,
    mark,
    message,
    recovered,
    row,
)

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN

STORM = [attempt(9 * HOUR + minute * 60) for minute in range(60)]
ONSET_S = 9 * HOUR + 50 * 60
"""The 51st attempt within an hour makes it a storm."""
RECOVERY = {"instants": {"recovery_from": 30 * HOUR * 10**9}}

TABLE = [
    # attempts-bounded
    ("attempts-bounded", {"at_most": 3}, day(attempt(0), attempt(60), attempt(120)), PASS),
    ("attempts-bounded", {"at_most": 2}, day(attempt(0), attempt(60), attempt(120)), FAIL),
    ("attempts-bounded", {"at_most": 2}, day(attempt(0), attempt(60), attempt(3600)), PASS),
    ("attempts-bounded", {"at_most": 2}, day(attempt(0), attempt(60), attempt(3599)), FAIL),
    ("attempts-bounded", {"at_most": 1}, day(attempt(0), attempt(1, key="2026-01-15")), PASS),
    ("attempts-bounded", {"at_most": 1}, day(attempt(0), attempt(1, processor="UPGC")), PASS),
    ("attempts-bounded", {"at_most": 1, "within": "1m"}, day(attempt(0), attempt(60)), PASS),
    ("attempts-bounded", {"at_most": 1, "key": "2026-01-15"}, day(attempt(0), attempt(1)), UNKNOWN),
    ("attempts-bounded", {"at_most": 3}, day(attempt(0), ended=False), UNKNOWN),
    ("attempts-bounded", {"at_most": 1}, day(attempt(0), attempt(1), ended=False), FAIL),
    ("attempts-bounded", {"at_most": 3}, day(), UNKNOWN),
    # attempts-failing
    ("attempts-failing", {"at_least": 0.5}, day(attempt(0), attempt(1, "success")), PASS),
    ("attempts-failing", {"at_least": 0.6}, day(attempt(0), attempt(1, "success")), FAIL),
    ("attempts-failing", {"at_most": 0.4}, day(attempt(0), attempt(1, "success")), FAIL),
    ("attempts-failing", {"at_most": 0.4, "from": "1s"}, day(attempt(0), attempt(1, "success")), PASS),
    ("attempts-failing", {"at_most": 0.4, "until": "1s"}, day(attempt(0), attempt(1, "success")), FAIL),
    ("attempts-failing", {"at_most": 0.4, "processor": "UPGC"}, day(attempt(0)), UNKNOWN),
    ("attempts-failing", {"at_most": 1.0}, day(attempt(0), ended=False), UNKNOWN),
    # breaker-opened, breaker-never-opened
    ("breaker-opened", {}, day(breaker(5)), PASS),
    ("breaker-opened", {}, day(breaker(5, "OPEN")), PASS),
    ("breaker-opened", {"at_least": 2}, day(breaker(5), breaker(6, "half_open")), FAIL),
    ("breaker-opened", {"breaker": "UPGC*"}, day(breaker(5)), FAIL),
    ("breaker-opened", {"until": "5s"}, day(breaker(5)), FAIL),
    ("breaker-opened", {}, day(ended=False), UNKNOWN),
    ("breaker-never-opened", {}, day(attempt(0)), PASS),
    ("breaker-never-opened", {}, day(attempt(0), breaker(5)), FAIL),
    ("breaker-never-opened", {"breaker": "UPGC"}, day(attempt(0), breaker(5)), PASS),
    ("breaker-never-opened", {}, day(), UNKNOWN),
    ("breaker-never-opened", {}, day(attempt(0), ended=False), UNKNOWN),
    # breaker-consistent
    ("breaker-consistent", {}, day(breaker(1), half_open(2), breaker(3, "closed", was="half_open")), PASS),
    ("breaker-consistent", {}, day(breaker(1, "OPEN"), breaker(2, "half-open", was="open")), PASS),
    ("breaker-consistent", {}, day(breaker(1), breaker(2, name="UPGC")), PASS),
    ("breaker-consistent", {}, day(breaker(1), breaker(2)), FAIL),
    ("breaker-consistent", {}, day(breaker(1), half_open(2), half_open(2)), FAIL),
    ("breaker-consistent", {"breaker": "UPGC"}, day(breaker(1), breaker(2)), UNKNOWN),
    ("breaker-consistent", {}, day(breaker(1), ended=False), UNKNOWN),
    # alert-within, no-alert
    ("alert-within", {"limit": "15m"}, day(*STORM, alert(ONSET_S + 600)), PASS),
    ("alert-within", {"limit": "15m"}, day(*STORM, alert(ONSET_S + 900)), PASS),
    ("alert-within", {"limit": "15m"}, day(*STORM, alert(ONSET_S + 901)), FAIL),
    ("alert-within", {"limit": "15m"}, day(*STORM, alert(ONSET_S - 1)), FAIL),
    ("alert-within", {"limit": "15m"}, day(*STORM), FAIL),
    ("alert-within", {"limit": "15m", "alert": "quota"}, day(*STORM, alert(ONSET_S)), FAIL),
    ("alert-within", {"limit": "15m"}, day(alert(5)), UNKNOWN),
    ("alert-within", {"limit": "15m", "after": "1h"}, day(alert(HOUR + 5)), PASS),
    ("alert-within", {"limit": "48h"}, day(*STORM), UNKNOWN),
    ("no-alert", {}, day(attempt(0)), PASS),
    ("no-alert", {}, day(attempt(0), alert(5)), FAIL),
    ("no-alert", {"until": "5s"}, day(attempt(0), alert(5)), PASS),
    ("no-alert", {"from": "5s"}, day(attempt(0), alert(3)), UNKNOWN),
    ("no-alert", {"until": "48h"}, day(attempt(0)), UNKNOWN),
    ("no-alert", {}, day(), UNKNOWN),
    # recovered-within
    ("recovered-within", {"limit": "30m"}, day(recovered(30 * HOUR + 1800), **RECOVERY), PASS),
    ("recovered-within", {"limit": "30m"}, day(recovered(30 * HOUR + 1801), **RECOVERY), FAIL),
    ("recovered-within", {"limit": "30m"}, day(recovered(29 * HOUR), **RECOVERY), FAIL),
    ("recovered-within", {"limit": "30m"}, day(**RECOVERY), FAIL),
    ("recovered-within", {"limit": "8h"}, day(**RECOVERY), UNKNOWN),
    ("recovered-within", {"limit": "30m", "key": "*-15"}, day(recovered(30 * HOUR), **RECOVERY), FAIL),
    ("recovered-within", {"limit": "30m", "after": "10h"}, day(recovered(10 * HOUR)), PASS),
    ("recovered-within", {"limit": "1m", "after": "2026-01-16T10:00:00Z"}, day(recovered(10 * HOUR)), PASS),
    # call-error-rate
    ("call-error-rate", {"at_most": 0.5}, day(call(0), call(1, "refused")), PASS),
    ("call-error-rate", {"at_most": 0.4}, day(call(0), call(1, "refused")), FAIL),
    ("call-error-rate", {"at_least": 0.5}, day(call(0), call(1, "lost")), PASS),
    ("call-error-rate", {"at_most": 0.0, "service": "gcs"}, day(call(0, "error"), call(1, service="gcs")), PASS),
    ("call-error-rate", {"at_most": 0.0, "caller": "phase3"}, day(call(0, "error"), call(1)), FAIL),
    ("call-error-rate", {"at_most": 0.0, "from": "1s"}, day(call(0, "error"), call(1)), PASS),
    ("call-error-rate", {"at_most": 0.0, "service": "gcs"}, day(call(0)), UNKNOWN),
    ("call-error-rate", {"at_most": 1.0}, day(call(0), ended=False), UNKNOWN),
    # fault-fired, sometimes
    ("fault-fired", {"id": "f"}, day(fault(0, "armed"), fault(1)), PASS),
    ("fault-fired", {"id": "f"}, day(fault(0, "armed"), fault(1, "masked")), UNKNOWN),
    ("fault-fired", {"id": "f", "at_least": 2}, day(fault(1), fault(1, fault_id="g")), UNKNOWN),
    ("sometimes", {"point": "retried"}, day((0, "sometimes", {"name": "retried"})), PASS),
    ("sometimes", {"point": "retried"}, day((0, "sometimes", {"name": "other"})), UNKNOWN),
    # mark-seen, mark-never
    ("mark-seen", {"mark": "m"}, day(mark(5, "m")), PASS),
    ("mark-seen", {"mark": "m"}, day(mark(5, "n")), FAIL),
    ("mark-seen", {"mark": "m"}, day(mark(5, "n"), ended=False), UNKNOWN),
    ("mark-seen", {"mark": "m", "where": {"a": "x*"}}, day(mark(5, "m", a="xy")), PASS),
    ("mark-seen", {"mark": "m", "where": {"a": "x*"}}, day(mark(5, "m", b="xy")), FAIL),
    ("mark-seen", {"mark": "m", "at_least": 2}, day(mark(5, "m"), mark(6, "m")), PASS),
    ("mark-seen", {"mark": "m", "after": "6s"}, day(mark(5, "m")), FAIL),
    ("mark-seen", {"mark": "m", "after": "1s", "within": "4s"}, day(mark(5, "m")), PASS),
    ("mark-seen", {"mark": "m", "within": "4s"}, day(mark(5, "m"), ended=False), FAIL),
    ("mark-seen", {"mark": "m", "within": "48h"}, day(), UNKNOWN),
    ("mark-never", {"mark": "m"}, day(mark(5, "n")), PASS),
    ("mark-never", {"mark": "m"}, day(mark(5, "m")), FAIL),
    ("mark-never", {"mark": "m", "where": {"a": "1"}}, day(mark(5, "m", a=2)), PASS),
    ("mark-never", {"mark": "m", "given": "attempt"}, day(mark(5, "n")), UNKNOWN),
    ("mark-never", {"mark": "m"}, day(), UNKNOWN),
    ("mark-never", {"mark": "m"}, day(mark(5, "n"), ended=False), UNKNOWN),
    # no-duplicates
    ("no-duplicates", {"mark": "m", "by": ["a"]}, day(mark(0, "m", a=1, b=1), mark(1, "m", a=2, b=1)), PASS),
    ("no-duplicates", {"mark": "m", "by": ["a"]}, day(mark(0, "m", a=1, b=1), mark(1, "m", a=1, b=2)), FAIL),
    ("no-duplicates", {"mark": "m", "by": ["a", "b"]}, day(mark(0, "m", a=1, b=1), mark(1, "m", a=1, b=2)), PASS),
    ("no-duplicates", {"mark": "m", "by": ["a"]}, day(mark(0, "n", a=1)), UNKNOWN),
    ("no-duplicates", {"mark": "m", "by": ["a"]}, day(mark(0, "m", a=1), ended=False), UNKNOWN),
    # onset-hour
    ("onset-hour", {"hour": "9h"}, day(*STORM), PASS),
    ("onset-hour", {"hour": "2026-01-16T09:30:00Z"}, day(*STORM), PASS),
    ("onset-hour", {"hour": "10h"}, day(*STORM), FAIL),
    ("onset-hour", {"hour": "9h"}, day(*STORM[:50]), UNKNOWN),
    ("onset-hour", {"hour": "9h", "above": 49}, day(*STORM[:50]), PASS),
    # no-lost-message
    ("no-lost-message", {}, day(message(0, "published"), message(1, "delivered"), message(2, "acked")), PASS),
    ("no-lost-message", {}, day(message(0, "published"), message(1, "nacked"), message(2, "dead_lettered")), PASS),
    ("no-lost-message", {}, day(message(0, "published"), message(1, "delivered")), UNKNOWN),
    ("no-lost-message", {"deadline": "1h"}, day(message(0, "published"), message(1, "nacked")), FAIL),
    ("no-lost-message", {"deadline": "1h"}, day(message(0, "published")), FAIL),
    ("no-lost-message", {"deadline": "1h"}, day(message(36 * HOUR - 5, "published")), UNKNOWN),
    ("no-lost-message", {"deadline": "1h"}, day(message(0, "published"), ended=False), UNKNOWN),
    ("no-lost-message", {}, day(message(0, "published"), message(0, "unrouted")), FAIL),
    ("no-lost-message", {}, day(message(0, "published"), message(0, "dropped")), FAIL),
    (
        "no-lost-message",
        {},
        day(message(0, "published"), message(1, "acked"), message(2, "delivered", subscription="other")),
        UNKNOWN,
    ),
    (
        "no-lost-message",
        {"subscription": "s"},
        day(message(0, "published"), message(1, "acked"), message(2, "delivered", subscription="other")),
        PASS,
    ),
    ("no-lost-message", {}, day(message(0, "published"), message(1, "acked"), message(2, "delivered")), PASS),
    ("no-lost-message", {"topic": "u"}, day(message(0, "published"), message(1, "acked")), UNKNOWN),
    ("no-lost-message", {}, day(message(0, "published"), message(1, "acked"), ended=False), UNKNOWN),
    ("no-lost-message", {}, day(), UNKNOWN),
]

EXPRESSIONS = [
    ("attempts == 60", day(*STORM), PASS),
    ("attempts != 60", day(*STORM), FAIL),
    ("attempts > 60", day(*STORM), FAIL),
    ("attempts < 61", day(*STORM), PASS),
    ("attempts_per_hour_max <= 59.5", day(*STORM), FAIL),
    ("attempts_per_hour_max >= 60", day(*STORM), PASS),
    ("attempts_per_hour_max <= 10", day(), UNKNOWN),
    ("attempts <= 100", day(*STORM, ended=False), UNKNOWN),
    ("attempts <= 10", day(*STORM, ended=False), FAIL),
    ("attempts >= 10", day(*STORM, ended=False), PASS),
    ("attempts >= 100", day(*STORM, ended=False), UNKNOWN),
    ("rows_failed <= 1", day(row(0, "failed")), PASS),
    ("rows_failed <= 1", day(attempt(0)), UNKNOWN),
    ("breaker_opens == 0", day(*STORM), PASS),
    ("breaker_opens == 0", day(*STORM, breaker(9 * HOUR)), FAIL),
    ("breaker_opens == 0", day(), UNKNOWN),
    ("alert_after_s <= 900", day(*STORM, alert(ONSET_S + 60)), PASS),
    ("alert_after_s <= 900", day(*STORM), UNKNOWN),
    ("alert_after_s == null", day(*STORM), PASS),
    ("alert_after_s == null", day(*STORM, ended=False), UNKNOWN),
    ("alert_after_s == null", day(*STORM, alert(ONSET_S)), FAIL),
    ("alert_after_s != null", day(*STORM, alert(ONSET_S)), PASS),
    ("deliveries >= 1", day(message(0, "published"), message(1, "delivered")), PASS),
    ("calls_failed <= 0", day(call(0)), PASS),
    ("calls_failed <= 0", day(call(0, "refused")), FAIL),
]


def asked(name, parameters):
    return parse_check({name: parameters} if parameters else name)


@pytest.mark.parametrize(("name", "parameters", "history", "verdict"), TABLE)
def test_the_verdict_follows_from_the_history(name, parameters, history, verdict):
    finding = asked(name, parameters)(history)
    assert (finding.verdict, finding.check.split()[0]) == (verdict, name), finding
    assert finding.reason


@pytest.mark.parametrize(("expression", "history", "verdict"), EXPRESSIONS)
def test_a_metric_is_held_against_its_bound(expression, history, verdict):
    finding = parse_check(expression)(history)
    assert (finding.verdict, finding.check) == (verdict, expression), finding


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_check_is_seen_to_pass_and_to_tell_what_is_wrong_and_to_doubt(name):
    table = EXPRESSIONS if name == "metric" else [line for line in TABLE if line[0] == name]
    verdicts = {line[-1] for line in table}
    # A run without its fault or path shows nothing: these two never fail.
    assert verdicts == ({PASS, UNKNOWN} if name in ("fault-fired", "sometimes") else {PASS, FAIL, UNKNOWN})


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_check_that_looks_at_nothing_never_passes(name):
    needed = {
        "alert-within": {"limit": "1m"},
        "attempts-bounded": {"at_most": 1},
        "attempts-failing": {"at_least": 0.0},
        "call-error-rate": {"at_least": 0.0},
        "fault-fired": {"id": "f"},
        "mark-never": {"mark": "m"},
        "mark-seen": {"mark": "m"},
        "metric": {"metric": "attempts", "relation": "<=", "bound": 10},
        "no-duplicates": {"mark": "m", "by": ["a"]},
        "onset-hour": {"hour": "1h"},
        "recovered-within": {"limit": "1m"},
        "sometimes": {"point": "x"},
    }
    check = CHECKS[name].model_validate(needed.get(name, {}))
    assert check(day(**RECOVERY)).verdict is not PASS
    assert check(day(**RECOVERY, ended=False, until_s=0)).verdict is UNKNOWN


@pytest.mark.parametrize(("name", "parameters", "history"), [line[:3] for line in TABLE])
def test_checks_are_pure(name, parameters, history):
    check = asked(name, parameters)
    assert check(history) == check(history)
    assert isinstance(check(history), Finding)


def test_findings_show_measured_bound_margin_and_the_events_that_broke_it():
    finding = asked("attempts-bounded", {"at_most": 2})(day(attempt(0), attempt(60), attempt(120)))
    assert (finding.measured, finding.bound, finding.margin) == (3, 2, -1)
    assert finding.check == "attempts-bounded at_most=2"
    assert finding.reason == "PGS for 2026-01-16: 3 attempts within 1h, from 0s on"
    assert [(part.seq, part.t_ns) for part in finding.evidence] == [(1, 0), (2, 60 * 10**9), (3, 120 * 10**9)]
    late = asked("recovered-within", {"limit": "30m"})(day(recovered(31 * HOUR), **RECOVERY))
    assert (late.measured, late.bound, late.margin) == (3600.0, 1800.0, -1800.0)


def test_a_metric_that_does_not_exist_or_is_a_list_is_named():
    with pytest.raises(ValueError, match="there is no metric 'attemps'"):
        parse_check("attemps <= 1")(day())
    with pytest.raises(ValueError, match=r"attempts_by_hour is .* take one that is a number"):
        parse_check("attempts_by_hour <= 1")(day(attempt(0)))


def test_a_mark_without_a_field_of_its_key_is_named():
    with pytest.raises(KeyError, match=r"mark 'm' .* has no field 'b'"):
        asked("no-duplicates", {"mark": "m", "by": ["b"]})(day(mark(0, "m", a=1)))


def test_the_outcome_schema_takes_every_finding():
    import jsonschema

    rules = schema("outcome")
    validator = jsonschema.Draft202012Validator({**rules["$defs"]["Finding"], "$defs": rules["$defs"]})
    for name, parameters, history, _ in TABLE:
        validator.validate(asked(name, parameters)(history).model_dump(mode="json"))
