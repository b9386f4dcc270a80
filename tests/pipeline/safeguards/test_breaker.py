"""The breaker's rules, as pure functions of its state: what opens it, who probes, who may decide."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline.safeguards.breaker import OPEN_S, PROBE_LEASE_S, THRESHOLD, Circuit, admit, report


def failed(circuit: Circuit, run_id: str, now: float) -> Circuit:
    circuit, admission = admit(circuit, run_id, now)
    assert admission.allowed
    return report(circuit, run_id, admission.epoch, now, ok=False, reason="x")


def opened(now: float = 0.0) -> Circuit:
    circuit = Circuit()
    for attempt in range(THRESHOLD):
        circuit = failed(circuit, f"r{attempt}", now)
    return circuit


def test_the_fifth_failure_in_a_row_opens_it_and_not_the_fourth():
    circuit = Circuit()
    for attempt in range(THRESHOLD - 1):
        circuit = failed(circuit, f"r{attempt}", 0.0)
    assert circuit.state == "closed"
    assert failed(circuit, "last", 0.0).state == "open"


def test_a_success_in_between_starts_the_count_again():
    circuit = Circuit()
    for attempt in range(THRESHOLD - 1):
        circuit = failed(circuit, f"r{attempt}", 0.0)
    circuit = report(circuit, "good", circuit.epoch, 0.0, ok=True, reason="")
    assert failed(circuit, "next", 0.0).state == "closed"


def test_open_lets_nothing_through_until_its_time_is_over():
    circuit = opened(now=100.0)
    assert not admit(circuit, "a", 100.0 + OPEN_S - 1)[1].allowed
    assert admit(circuit, "a", 100.0 + OPEN_S)[1].allowed


def test_half_open_lets_exactly_one_probe_through():
    circuit = opened()
    allowed = []
    for instance in range(25):
        circuit, admission = admit(circuit, f"i{instance}", OPEN_S)
        allowed.append(admission.allowed)
    assert allowed == [True] + [False] * 24


def test_asking_again_for_the_probe_is_no_second_probe():
    circuit, first = admit(opened(), "a", OPEN_S)
    circuit, again = admit(circuit, "a", OPEN_S + 1)
    assert first == again


def test_the_probe_decides():
    circuit, admission = admit(opened(), "a", OPEN_S)
    good = report(circuit, "a", admission.epoch, OPEN_S, ok=True, reason="")
    bad = report(circuit, "a", admission.epoch, OPEN_S, ok=False, reason="x")
    assert (good.state, good.failures) == ("closed", 0)
    assert (bad.state, bad.opened_at) == ("open", OPEN_S)


def test_an_attempt_of_an_earlier_period_decides_nothing():
    circuit = Circuit()
    _, early = admit(circuit, "early", 0.0)
    circuit, probe = admit(opened(), "probe", OPEN_S)
    assert report(circuit, "early", early.epoch, OPEN_S, ok=True, reason="") == circuit
    assert report(circuit, "early", early.epoch, OPEN_S, ok=False, reason="x") == circuit
    assert probe.epoch != early.epoch


def test_a_probe_that_died_is_given_up_after_its_lease():
    circuit, _ = admit(opened(), "dead", OPEN_S)
    assert not admit(circuit, "next", OPEN_S + PROBE_LEASE_S - 1)[1].allowed
    circuit, taken = admit(circuit, "next", OPEN_S + PROBE_LEASE_S)
    assert taken.allowed
    assert report(circuit, "dead", taken.epoch - 1, OPEN_S + PROBE_LEASE_S, ok=True, reason="") == circuit


def test_its_stored_form_comes_back_equal():
    circuit, _ = admit(opened(), "a", OPEN_S)
    assert Circuit.load(circuit.dump()) == circuit
    assert Circuit.load(None) == Circuit()


class Fleet(RuleBasedStateMachine):
    """Attempts of many instances, admitted and reported in any order, against what may never happen."""

    def __init__(self) -> None:
        super().__init__()
        self.circuit = Circuit()
        self.now = 0.0
        self.running: dict[str, int] = {}
        self.started = 0
        self.probes: dict[int, str] = {}

    @rule()
    def start(self) -> None:
        self.started += 1
        run_id = f"r{self.started}"
        self.circuit, admission = admit(self.circuit, run_id, self.now)
        if admission.allowed:
            self.running[run_id] = admission.epoch
            if self.circuit.state == "half_open":
                assert admission.epoch not in self.probes
                self.probes[admission.epoch] = run_id

    @precondition(lambda self: self.running)
    @rule(data=st.data(), ok=st.booleans())
    def end(self, data: st.DataObject, ok: bool) -> None:
        run_id = data.draw(st.sampled_from(sorted(self.running)))
        self.circuit = report(self.circuit, run_id, self.running.pop(run_id), self.now, ok=ok, reason="x")

    @rule(seconds=st.sampled_from([1.0, 60.0, PROBE_LEASE_S, OPEN_S]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def closed_means_few_failures_and_half_open_has_its_probe(self) -> None:
        if self.circuit.state == "closed":
            assert self.circuit.failures < THRESHOLD
        if self.circuit.state == "half_open":
            assert self.circuit.probe
        if self.circuit.state == "open":
            assert self.circuit.failures >= THRESHOLD


Fleet.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestFleet = Fleet.TestCase
