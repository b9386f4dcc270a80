"""The fault engine: who is struck, when, how often, and what the books say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.seam import PASS, Delay, Hang, LoseReply, Refuse, ServeStale, Truncate
from harness.faults.engine import NO_RULING, FaultEngine, FaultError
from harness.faults.spec import FaultSpec
from tests.fakes.manual import START_NS, ManualSurroundings
from tests.harness.faults.stage import Stage

ANY = {"service": "*"}


def refusing(fault_id="f", **more):
    return {"id": fault_id, "call": ANY, "refuse": {"status": 503}, **more}


def test_without_faults_every_call_passes():
    assert Stage().ruling() is NO_RULING


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        ({"refuse": {"status": 429, "reason": "rateLimitExceeded"}}, Refuse(429, "rateLimitExceeded")),
        ({"refuse": 403}, Refuse(403)),
        ({"delay": "1500ms"}, Delay(1.5)),
        ({"hang": "30s"}, Hang(30.0)),
        ({"hang": "forever"}, Hang(None)),
        ({"serve_stale": "10m"}, ServeStale(600.0)),
        ({"lose_reply": {}}, LoseReply()),
        ({"lose_reply": 504}, LoseReply(504)),
        ({"truncate": {"after_bytes": 10}}, Truncate(10)),
    ],
)
def test_each_action_becomes_its_verdict(action, verdict):
    stage = Stage({"id": "f", "call": ANY, **action})
    assert stage.ruling().verdict == verdict
    assert stage.account() == (1, 1, 0)


@pytest.mark.parametrize(
    ("match", "strikes"),
    [
        ({"service": "bigquery"}, True),
        ({"service": "big*"}, True),
        ({"service": "gcs"}, False),
        ({"method": "jobs.*"}, True),
        ({"method": "jobs"}, False),
        ({"resource": "p/*/t"}, True),
        ({"resource": "p/d"}, False),
        ({"caller": "phase3"}, True),
        ({"caller": "phase3#1"}, True),
        ({"caller": "phase3#2"}, False),
        ({"caller": "phase"}, False),
        ({"headers": {"x-trace": "a*"}}, True),
        ({"headers": {"x-trace": "b*"}}, False),
        ({"headers": {"x-other": "*"}}, False),
        ({"service": "bigquery", "resource": "q"}, False),
    ],
)
def test_a_fault_strikes_calls_that_fit_all_its_patterns(match, strikes):
    stage = Stage(refusing(call=match))
    ruling = stage.ruling(resource="p/d/t", caller="phase3#1", headers={"x-trace": "abc"})
    assert (ruling.fault == "f") is strikes


def test_a_window_is_closed_at_its_start_and_open_at_its_end():
    stage = Stage(refusing(**{"from": "10s", "for": "5s"}))
    struck = []
    for _ in range(20):
        struck.append(stage.call() == "f")
        stage.clock.advance(1)
    assert struck == [10 <= second < 15 for second in range(20)]
    assert stage.events("armed", "expired") == [(10, "f", "armed"), (15, "f", "expired")]


@pytest.mark.parametrize(
    "window",
    [
        {"from": "2026-01-16T00:00:10Z", "until": "2026-01-16T00:00:15Z"},
        {"from": "2026-01-15T19:00:10-05:00", "until": "15s"},
        {"from": "storm_onset", "for": "5s"},
    ],
)
def test_a_window_may_be_given_in_times_of_day_or_by_a_name(window):
    stage = Stage(refusing(**window), instants={"storm_onset": 10_000_000_000})
    stage.clock.advance(20)
    assert stage.events() == [(10, "f", "armed"), (15, "f", "expired")]


def test_a_fault_without_a_window_is_armed_from_the_start_to_the_end():
    stage = Stage(refusing())
    stage.clock.advance(7)
    stage.engine.finish()
    assert stage.events() == [(0, "f", "armed"), (7, "f", "expired")]


def test_skip_count_and_every_choose_among_the_matching_calls():
    stage = Stage(refusing(skip=2, count=6, every=3))
    struck = [stage.call() == "f" for _ in range(12)]
    assert [number for number, hit in enumerate(struck, start=1) if hit] == [3, 6]
    assert stage.events("expired") == [(0, "f", "expired")]


def test_a_budget_limits_firings_and_ends_the_fault():
    stage = Stage(refusing(every=2, budget=2))
    assert [stage.call() for _ in range(8)] == ["f", "", "f", "", "", "", "", ""]
    assert [event for _, _, event in stage.events()] == ["armed", "fired", "fired", "expired"]


def test_the_first_fault_in_file_order_wins_and_the_others_are_masked():
    stage = Stage(refusing("one", count=1), refusing("two"), refusing("gcs-only", call={"service": "gcs"}))
    assert [stage.call(), stage.call()] == ["one", "two"]
    assert [stage.account(number) for number in range(3)] == [(1, 1, 0), (1, 1, 1), (1, 0, 0)]
    masked = [event for event in stage.clock.events if event["event"] == "masked"]
    assert [(event["id"], event["by"], event["call"]) for event in masked] == [("two", "one", "bigquery jobs.insert t")]


def test_being_masked_costs_no_budget():
    stage = Stage(refusing("one", count=2), refusing("two", budget=1))
    assert [stage.call() for _ in range(4)] == ["one", "one", "two", ""]


class TestDice:
    def test_probability_is_a_share_of_the_calls(self):
        stage = Stage(refusing(probability=0.3))
        share = sum(stage.call(resource=f"r{number}") == "f" for number in range(4000)) / 4000
        assert abs(share - 0.3) < 0.03  # 4 standard deviations

    def test_the_same_seed_rolls_the_same_and_another_seed_does_not(self):
        def rolls(seed):
            stage = Stage(refusing(probability=0.5), seed=seed)
            return [stage.call() for _ in range(64)]

        assert rolls(1) == rolls(1) != rolls(2)

    @given(
        st.lists(st.sampled_from(["a", "b", "c"]), max_size=30),
        st.integers(0, 30),
        st.sampled_from(["elsewhere", "a-new-table"]),
    )
    def test_a_call_more_elsewhere_re_rolls_nothing(self, resources, where, extra):
        def rolls(calls):
            stage = Stage(refusing(probability=0.5), refusing("g", probability=0.5))
            return [(resource, stage.call(resource=resource)) for resource in calls]

        where = min(where, len(resources))
        longer = rolls([*resources[:where], extra, *resources[where:]])
        assert [roll for roll in longer if roll[0] != extra] == rolls(resources)

    def test_the_instance_that_calls_makes_no_difference(self):
        def rolls(instances):
            stage = Stage(refusing(probability=0.5))
            return [stage.call(caller=f"phase3#{instance}") for instance in instances]

        assert rolls([0] * 32) == rolls(range(32))


class TestProcessFaults:
    def test_a_crash_at_a_time_strikes_the_one_instance_named(self):
        stage = Stage(
            {"id": "kill", "crash": {"process": "phase3", "instance": 1}, "at": "2h"}, live={"phase3": [0, 1]}
        )
        stage.clock.advance(3 * 3600)
        assert stage.processes.log == [(7200, "crash", "phase3", 1)]
        assert stage.account() == (1, 1, 0)
        assert stage.events() == [(7200, "kill", "armed"), (7200, "kill", "fired"), (7200, "kill", "expired")]

    def test_nobody_alive_to_strike_leaves_the_fault_unfired(self):
        stage = Stage({"id": "kill", "crash": {"process": "phase3"}, "at": "2h"})
        stage.clock.advance(3 * 3600)
        assert stage.account() == (1, 0, 0)

    def test_all_instances_can_be_struck_at_once(self):
        stage = Stage(
            {"id": "k", "crash": {"process": "phase3", "instance": "all"}, "at": "1s"}, live={"phase3": [2, 0]}
        )
        stage.clock.advance(1)
        assert [(name, instance) for _, _, name, instance in stage.processes.log] == [("phase3", 0), ("phase3", 2)]

    def test_any_instance_is_chosen_by_the_seed(self):
        def struck(seed):
            fault = {"id": "k", "crash": {"process": "phase3"}, "at": "1s"}
            stage = Stage(fault, seed=seed, live={"phase3": list(range(8))})
            stage.clock.advance(1)
            return stage.processes.log[0][3]

        assert struck(1) == struck(1)
        assert len({struck(seed) for seed in range(20)}) > 3

    def test_a_crash_at_a_yield_strikes_the_first_instance_to_get_there(self):
        stage = Stage({"id": "k", "crash": {"process": "phase3"}, "at_yield": 7}, live={"phase3": [0, 1]})
        stage.processes.give_way("phase3", 1, 6)
        assert stage.processes.log == []
        stage.processes.give_way("phase3", 1, 7)
        stage.processes.give_way("phase3", 0, 7)
        assert stage.processes.log == [(0, "crash", "phase3", 1)]
        assert stage.events() == [(0, "k", "armed"), (0, "k", "fired"), (0, "k", "expired")]

    def test_a_crash_at_a_yield_may_name_its_instance_or_strike_each(self):
        def struck(instance):
            fault = {"id": "k", "crash": {"process": "phase3", "instance": instance}, "at_yield": 7}
            stage = Stage(fault, live={"phase3": [0, 1, 2]})
            for number in (2, 0, 1):
                stage.processes.give_way("phase3", number, 7)
            return [number for _, _, _, number in stage.processes.log]

        assert struck(0) == [0]
        assert struck("all") == [2, 0, 1]

    def test_a_pause_is_followed_by_its_resume(self):
        stage = Stage({"id": "p", "pause": {"process": "phase3", "for": "90s"}, "at": "10s"}, live={"phase3": [0]})
        stage.clock.advance(200)
        assert stage.processes.log == [(10, "pause", "phase3", 0), (100, "resume", "phase3", 0)]

    def test_a_restart_is_a_crash_and_a_start_after_the_time_down(self):
        stage = Stage({"id": "r", "restart": {"process": "phase3", "down": "5s"}, "at": "10s"}, live={"phase3": [0]})
        stage.clock.advance(200)
        assert stage.processes.log == [(10, "crash", "phase3", 0), (15, "restart", "phase3", 0)]

    def test_a_crash_before_the_nth_call_cuts_the_call_off_unapplied(self):
        fault = {"id": "k", "crash": {"process": "caller"}, "call": {"service": "gcs"}, "skip": 1, "count": 1}
        stage = Stage(fault, live={"phase3": [0, 1]})
        assert stage.ruling("gcs", caller="phase3#1").verdict == PASS
        assert stage.processes.log == []
        assert stage.ruling("gcs", caller="phase3#1").verdict == Refuse(status=0)
        assert stage.processes.log == [(0, "crash", "phase3", 1)]
        assert stage.ruling("gcs", caller="phase3#0").verdict == PASS

    def test_a_crash_after_a_call_waits_until_the_call_has_been_applied(self):
        fault = {"id": "k", "crash": {"process": "caller"}, "call": {"service": "gcs"}, "phase": "after", "count": 1}
        stage = Stage(fault, live={"phase3": [0]})
        ruling = stage.ruling("gcs")
        assert ruling.verdict == LoseReply()
        assert stage.processes.log == []
        stage.clock.advance(3)
        stage.ended("k", "bigquery")
        assert stage.processes.log == []
        stage.ended("k", "gcs")
        stage.ended("k", "gcs")
        assert stage.processes.log == [(3, "crash", "phase3", 0)]

    def test_a_crash_of_a_bystander_lets_the_call_pass(self):
        stage = Stage({"id": "k", "crash": {"process": "phase2"}, "call": {"service": "gcs"}}, live={"phase2": [0]})
        ruling = stage.ruling("gcs")
        assert (ruling.verdict, ruling.fault) == (PASS, "k")
        assert stage.processes.log == [(0, "crash", "phase2", 0)]

    def test_a_caller_that_is_not_known_is_not_struck(self):
        stage = Stage({"id": "k", "crash": {"process": "caller"}, "call": ANY})
        assert stage.call(caller="") == ""
        assert stage.account() == (1, 0, 0)

    def test_the_caller_dies_last_since_its_crash_may_not_return(self):
        fault = {"id": "k", "crash": {"process": "phase3", "instance": "all"}, "call": ANY}
        stage = Stage(fault, live={"phase3": [0, 1, 2]})
        stage.call(caller="phase3#0")
        assert [instance for *_, instance in stage.processes.log] == [1, 2, 0]

    def test_a_process_fault_that_finds_nobody_leaves_the_call_to_the_next_fault(self):
        stage = Stage({"id": "k", "crash": {"process": "gone"}, "call": ANY}, refusing("next"))
        assert stage.call() == "next"
        assert [stage.account(0), stage.account(1)] == [(1, 0, 0), (1, 1, 0)]


MID = {"id": "m", "call": {"service": "bigquery"}, "phase": "mid", "edge": "committed", "refuse": {"status": 500}}


class TestEdges:
    def test_a_mid_fault_strikes_only_at_its_edge(self):
        stage = Stage(MID, edges={"bigquery": {"committed"}})
        assert [stage.call(), stage.call(method="jobs.insert#committed"), stage.call(method="jobs.insert#queued")] == [
            "",
            "m",
            "",
        ]

    def test_faults_of_whole_calls_never_strike_at_an_edge(self):
        assert Stage(refusing()).call(method="jobs.insert#committed") == ""

    @pytest.mark.parametrize("edges", [{}, {"bigquery": {"queued"}}, {"gcs": {"committed"}}])
    def test_an_edge_that_no_back_end_names_is_refused(self, edges):
        with pytest.raises(FaultError, match="fault 'm': no back end called 'bigquery' names an edge 'committed'"):
            Stage(MID, edges=edges)


def test_two_faults_of_one_id_are_refused():
    with pytest.raises(FaultError, match="two faults are called 'f'"):
        Stage(refusing(), refusing())


def test_an_instant_nobody_named_is_refused():
    with pytest.raises(FaultError, match="fault 'f': no instant is called 'noon'; there are dusk"):
        Stage(refusing(**{"from": "noon"}), instants={"dusk": 5})


def test_process_faults_need_somebody_who_runs_processes():
    with pytest.raises(FaultError, match="fault 'k' strikes processes, and this engine runs none"):
        FaultEngine(
            [FaultSpec.model_validate({"id": "k", "crash": {"process": "p"}, "at": "1s"})],
            seed=1,
            clock=ManualSurroundings(),
            start_epoch_ns=START_NS,
        )


specs = st.builds(
    lambda number, **more: {
        **refusing(f"f{number}"),
        **{key: value for key, value in more.items() if value is not None},
    },
    st.just(0),
    call=st.sampled_from([ANY, {"service": "gcs"}, {"method": "get"}, {"caller": "a"}]),
    skip=st.integers(0, 4),
    count=st.none() | st.integers(1, 6),
    every=st.integers(1, 4),
    probability=st.sampled_from([1.0, 0.5, 0.1]),
    budget=st.none() | st.integers(1, 4),
)
calls = st.tuples(
    st.sampled_from(["gcs", "bigquery"]),
    st.sampled_from(["get", "put"]),
    st.sampled_from(["a#0", "a#1", "b#0", ""]),
    st.integers(0, 3),
)


@given(st.lists(specs, max_size=4), st.lists(calls, max_size=40), st.integers(0, 3))
def test_the_books_always_balance(faults, traffic, seed):
    """Firings, masked calls, events and rulings agree, limits hold, and a replay is the same to the last event."""

    def run():
        numbered = [{**fault, "id": f"f{number}"} for number, fault in enumerate(faults)]
        stage = Stage(*numbered, seed=seed)
        rulings = []
        for service, method, caller, pause in traffic:
            stage.clock.advance(pause)
            rulings.append(stage.call(service, method, "r", caller))
        stage.engine.finish()
        return stage, rulings

    stage, rulings = run()
    for number, fault in enumerate(faults):
        _, fired, masked = stage.account(number)
        mine = [event for _, name, event in stage.events() if name == f"f{number}"]
        assert fired == rulings.count(f"f{number}") == mine.count("fired")
        assert masked == mine.count("masked")
        assert fired <= fault.get("budget", fired)
        assert fired + masked <= fault.get("count", fired + masked)
        assert mine[0] == "armed"
        assert mine[-1] == "expired"
        assert mine.count("armed") == mine.count("expired") == 1
    again, rulings_again = run()
    assert rulings_again == rulings
    assert again.clock.events == stage.clock.events
