"""Scenario files: read as they are meant, or refused with file, line, value and remedy."""

from textwrap import dedent

import pytest

from harness.checks.attempts_bounded import AttemptsBounded
from harness.checks.metric_bound import MetricBound
from harness.checks.user_check import UserCheck
from harness.faults.spec import FaultSpec
from harness.scenario.errors import ScenarioError
from harness.scenario.load import load
from harness.timespec import Duration

GOOD = """\
title: The retry storm
owner: data-platform
tags: [incident, storm]
start: 2026-01-16T00:00:00Z
span: 36h
seed: 7
instants:
  recovery_from: 2026-01-17T06:00:00Z
recovery_key: "2026-01-16"
worlds:
  as-was:
    build: scenarios.worlds.storm:as_was
    title: As it was
    checks:
      - onset-hour: {hour: 9h}
      - breaker-never-opened
  fixed: scenarios.worlds.storm:fixed
faults:
  - id: flaky
    call: {service: bigquery, method: "jobs.*"}
    refuse: 503
    probability: 0.01
    from: 10h
    for: 1h
    worlds: [fixed]
checks:
  - attempts <= 100
  - rows_lost == 0
  - attempts-bounded: {at_most: 10}
  - my.checks:tidy: {strictly: true}
metrics: [my.metrics:rows_lost]
reference:
  name: record of the day
  series: {9h: 350, 2026-01-16T00:00:00Z: 2}
  totals: {rows: 7139}
notes: what the record does not say
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "storm.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_scenario_is_read_as_it_is_meant(written):
    scenario = load(written(GOOD), "incidents/storm")
    assert (scenario.name, scenario.seed, scenario.span) == ("incidents/storm", 7, Duration.parse("36h"))
    assert scenario.start_epoch_ns == 1_768_521_600_000_000_000
    assert scenario.instants_ns() == {"recovery_from": 30 * 3600 * 10**9}
    assert scenario.notes == ("what the record does not say",)
    assert scenario.worlds["fixed"].build == "scenarios.worlds.storm:fixed"


def test_a_world_has_the_checks_of_all_worlds_and_its_own(written):
    scenario = load(written(GOOD))
    assert [check.title for check in scenario.checks_of("as-was")] == [
        "attempts <= 100",
        "my.metrics:rows_lost == 0",
        "attempts-bounded at_most=10",
        "my.checks:tidy strictly=True",
        "onset-hour hour=9h",
        "breaker-never-opened",
    ]
    assert [type(check) for check in scenario.checks_of("fixed")] == [
        MetricBound,
        MetricBound,
        AttemptsBounded,
        UserCheck,
    ]


def test_a_fault_is_planned_for_the_worlds_it_names(written):
    scenario = load(written(GOOD))
    assert scenario.plan("as-was") == ()
    (fault,) = scenario.plan("fixed")
    assert isinstance(fault, FaultSpec)
    assert (fault.probability, str(fault.start), fault.worlds) == (0.01, "10h", ("fixed",))


def test_the_reference_is_put_on_the_scale_of_the_run_in_order(written):
    reference = load(written(GOOD)).recorded_reference()
    assert [(point.t_s, point.value) for point in reference.series] == [(0, 2), (32400, 350)]


def test_the_fields_of_the_start_of_a_run_are_those_the_history_demands(written):
    from harness.kinds import KINDS

    fields = load(written(GOOD)).run_start(world="fixed", seed=1, release="r", engine="sim")
    assert set(fields) == KINDS["run.start"].required | set(KINDS["run.start"].nullable)
    assert fields["start"] == "2026-01-16T00:00:00Z"


MINIMAL = dedent("""\
    title: t
    start: 2026-01-16T00:00:00Z
    span: 36h
    worlds: {fixed: a.b:c}
""")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("titel: x", r":5: titel: there is no key 'titel' here; did you mean 'title'\?"),
        ("seed: one", r":5: seed: 'one' is not a whole number"),
        ("seed: -1", r":5: seed: -1: input should be greater than or equal to 0"),
        ("tags: storm", r":5: tags: 'storm' is not a list"),
        ("metrics: [rows]", r":5: metrics\[0\]: 'rows' names no function; write 'package.module:function'"),
        ("instants: {noon: 16:30}", r":5: instants.noon: '16:30' is no date and time with a zone; write '2026"),
        ("instants: {a: b, b: 1h}", r":1: instant 'a' is 'b'; give a duration"),
        ("checks:\n- attemps <= 10", r"no metric 'attemps'; did you mean 'attempts'"),
        (
            "checks:\n- recovered-withn: {limit: 1h}",
            r":6: checks\[0\].recovered-withn: .*did you mean 'recovered-within'",
        ),
        ("checks:\n- alert-within:\n    limt: 1h", r":7: checks\[0\].alert-within.limt: .* did you mean 'limit'"),
        ("checks:\n- alert-within:\n    limit: 30", r":7: checks\[0\].alert-within.limit: a duration needs a unit.*30"),
        ("checks:\n- alert-within: {}", r":6: checks\[0\].alert-within: 'limit' is missing; add it"),
        ("checks:\n- {a: 1, b: 2}", r":6: checks\[0\]: a check is an expression"),
        ("checks:\n- alert-within: 30m", r":6: checks\[0\].alert-within: the parameters of a check are a mapping"),
        ("checks:\n- fault-fired: {id: x}", r"there is no fault 'x'"),
        ("checks:\n- recovered-within: {limit: 1h}", r"'recovery_from' is no time .*; name it under instants"),
        ("checks:\n- call-error-rate: {service: x}", r"call-error-rate has no bound"),
        ("faults:\n- id: f\n  refuse: 503", r":6: faults\[0\]: fault 'f' strikes nothing; say which calls"),
        ("faults:\n- id: f\n  call: {}\n  delay: 5", r":8: faults\[0\].delay: a duration needs a unit"),
        (
            "faults:\n- id: f\n  call: {}\n  refuse: {status: 999}",
            r":8: faults\[0\].refuse.status: 999: input should be",
        ),
        (
            "faults:\n- {id: f, call: {}, delay: 1s}\n- {id: f, call: {}, delay: 1s}",
            r"two faults are called 'f'; give each an id",
        ),
        ("faults:\n- {id: f, call: {}, delay: 1s, from: 40h}", r"begins at 40h but the run is over after 36h"),
        ("faults:\n- {id: f, call: {}, delay: 1s, worlds: [fixd]}", r"no world 'fixd'; did you mean 'fixed'"),
        ("faults:\n- {id: f, call: {}, delay: 1s, phase: late}", r"phase: 'late' must be 'before', 'mid' or 'after'"),
    ],
)
def test_a_mistake_is_told_with_line_value_and_remedy(written, more, says):
    with pytest.raises(ScenarioError, match=rf"storm\.yaml.*{says}"):
        load(written(MINIMAL + more))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MINIMAL.replace("title: t\n", ""), r":1: 'title' is missing; add it, as in 'title:"),
        (MINIMAL.replace("36h", "36"), r":3: span: a duration needs a unit, as in '90s', '15m' or '36h'; 36 has none"),
        (MINIMAL.replace("36h", "0s"), r":3: span: a scenario of no length shows nothing"),
        (MINIMAL.replace("2026-01-16T00:00:00Z", "16:30"), r":2: start: '16:30' is no date and time with a zone"),
        (MINIMAL.replace("00Z", "00"), r":2: start: '2026-01-16T00:00:00' has no zone; write .*Z' for UTC"),
        (MINIMAL.replace("{fixed: a.b:c}", "{}"), r":4: worlds: "),
        (MINIMAL.replace("fixed:", "../up:"), r":4: worlds.+characters that a name can't have"),
        (MINIMAL.replace("a.b:c", "storm"), r":4: worlds.fixed: 'storm' names no function"),
        (MINIMAL.replace("t\n", "t\ntitle: u\n", 1), r":2: title: is there twice, first in line 1"),
        ("title: [", r":1: is no YAML: "),
        ("a: &x [*x]", r":1: a\[0\]: holds itself through an alias"),
        ("a: !secret b", r":1: a: has the tag"),
        ("", r":1: is empty; `windtunnel new scenario"),
        ("- a", r":1: is no mapping"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(written, text, says):
    with pytest.raises(ScenarioError, match=rf"storm\.yaml{says}"):
        load(written(text))


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(written):
    with pytest.raises(ScenarioError) as raised:
        load(written("titel: t\nstart: 16:30\nspan: 36\nworlds: {fixed: {build: x, chekcs: []}}\n"))
    assert [problem.line for problem in raised.value.problems] == [1, 1, 2, 3, 4, 4]


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match=r"gone\.yaml can't be read: No such file"):
        load(tmp_path / "gone.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"title: t\nowner: M\xfcller\n")
    with pytest.raises(ScenarioError, match=r"latin\.yaml:2: is not UTF-8"):
        load(tmp_path / "latin.yaml")


def test_yaml_is_read_by_version_1_2(written):
    from harness.scenario.document import read

    text = (
        "time: 16:30\nnorway: no\noctal: 0o17\nten: 010\nday: 2026-01-16\nquoted: '5'\nnothing: ~\nyes: true\nf: 1e3\n"
    )
    assert read(written(text)).value == {
        "time": "16:30",
        "norway": "no",
        "octal": 15,
        "ten": 10,
        "day": "2026-01-16",
        "quoted": "5",
        "nothing": None,
        "yes": True,
        "f": 1000.0,
    }
