"""Safeguards hold for a fleet: ten instances count together, one probe goes through, a new instance knows the past."""

import datetime as dt
import logging

import pytest

from fakes.seam import Call, LoseReply, Ruling
from pipeline.safeguards.attempt_cap import AttemptCap
from pipeline.safeguards.breaker import OPEN_S, THRESHOLD, SharedBreaker, Transition
from pipeline.safeguards.dedupe import SuccessMarkers
from pipeline.work import Outcome, Status, Trigger, Work
from scenarios.mutants.as_was_breaker import AsWasBreaker
from scenarios.mutants.as_was_processor import SwallowingProcessor
from tests.pipeline.safeguards.conftest import Fleet

DAY = dt.date(2026, 1, 16)


def untold(_: Transition) -> None:
    """Nobody keeps a ledger here."""


FAILED = Outcome("P", Status.FAILED, "no data extracted")
GOOD = Outcome("P", Status.SUCCESS, records=1)


def work(fleet: Fleet, number: int = 1, trigger: Trigger | None = None, day: dt.date = DAY) -> Work:
    return Work("P", day, trigger or Trigger("http"), f"run-{number}", fleet.clock())


def raises() -> Outcome:
    raise RuntimeError("bug")


def transitions(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(r.breaker["from"], r.breaker["to"]) for r in caplog.records if hasattr(r, "breaker")]


def test_ten_instances_open_it_with_five_returned_failures_between_them(fleet, caplog):
    breakers = [SharedBreaker(fleet.state(), fleet.clock, untold) for _ in range(10)]
    ran = []
    for number in range(50):

        def run(number: int = number) -> Outcome:
            ran.append(number)
            return FAILED

        breakers[number % 10].call(work(fleet, number), run)
    assert len(ran) == THRESHOLD
    assert transitions(caplog) == [("closed", "open")]


def test_as_it_was_fifty_returned_failures_open_nothing(fleet, caplog):
    breaker = AsWasBreaker(fleet.clock)

    class Failing:
        name = "P"

        def process(self, work: Work) -> Outcome:
            raise RuntimeError("no data")

    processor = SwallowingProcessor(Failing())
    outcomes = [breaker.call(work(fleet, n), lambda: processor.process(work(fleet))) for n in range(50)]
    assert {outcome.reason for outcome in outcomes} == {"no data"}
    assert transitions(caplog) == []


def test_as_it_was_every_instance_needed_five_raised_failures_of_its_own(fleet, caplog):
    instances = [AsWasBreaker(fleet.clock) for _ in range(10)]
    ran = 0
    for number in range(100):
        try:
            instances[number % 10].call(work(fleet, number), raises)
        except RuntimeError:
            ran += 1
    assert ran == 50
    assert transitions(caplog) == [("closed", "open")] * 10


def test_raised_failures_count_and_go_through(fleet):
    breaker = SharedBreaker(fleet.state(), fleet.clock, untold)
    for number in range(THRESHOLD):
        with pytest.raises(RuntimeError, match="bug"):
            breaker.call(work(fleet, number), raises)
    outcome = breaker.call(work(fleet, 99), raises)
    assert (outcome.status, "open after 5 failures" in outcome.reason) == (Status.SKIPPED, True)


def test_half_open_sends_one_probe_of_all_instances_and_its_success_closes(fleet, caplog):
    for number in range(THRESHOLD):
        SharedBreaker(fleet.state(), fleet.clock, untold).call(work(fleet, number), lambda: FAILED)
    fleet.around.advance(OPEN_S)
    ran = []

    def probe() -> Outcome:
        # While the probe is under way every other instance asks too, a freshly started one among them.
        for number in range(100, 125):
            SharedBreaker(fleet.state(), fleet.clock, untold).call(
                work(fleet, number), lambda: ran.append("other") or GOOD
            )
        ran.append("probe")
        return GOOD

    SharedBreaker(fleet.state(), fleet.clock, untold).call(work(fleet, 50), probe)
    assert ran == ["probe"]
    assert transitions(caplog) == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]
    assert SharedBreaker(fleet.state(), fleet.clock, untold).call(work(fleet, 60), lambda: GOOD) == GOOD


def test_another_date_has_its_own_circuit(fleet):
    breaker = SharedBreaker(fleet.state(), fleet.clock, untold)
    for number in range(THRESHOLD):
        breaker.call(work(fleet, number), lambda: FAILED)
    assert breaker.call(work(fleet, 9, day=dt.date(2026, 1, 15)), lambda: GOOD) == GOOD


def test_the_eleventh_attempt_of_an_hour_is_skipped_whoever_makes_it(fleet):
    outcomes = [AttemptCap(fleet.state(), fleet.clock).check(work(fleet, number)) for number in range(15)]
    assert [outcome is None for outcome in outcomes] == [True] * 10 + [False] * 5
    assert outcomes[-1].status is Status.SKIPPED
    fleet.around.advance(3_600)
    assert AttemptCap(fleet.state(), fleet.clock).check(work(fleet, 99)) is None


def test_an_attempt_asked_about_twice_counts_once(fleet):
    cap = AttemptCap(fleet.state(), fleet.clock)
    assert [cap.check(work(fleet, 1)) for _ in range(20)] == [None] * 20
    assert cap.check(work(fleet, 2)) is None


def test_a_lost_reply_of_the_store_does_not_count_an_attempt_twice(fleet):
    """The write is applied and answered 412, as the library's own retry of a lost reply would be."""
    lost = [Ruling(LoseReply(412), "f")]

    def rule(call: Call) -> Ruling:
        return lost.pop() if lost and call.method == "storage.objects.insert" else Ruling()

    fleet.around.rule = rule
    cap = AttemptCap(fleet.state(), fleet.clock, per_hour=1)
    assert cap.check(work(fleet, 1)) is None
    assert not lost
    assert cap.check(work(fleet, 2)).status is Status.SKIPPED
    assert cap.check(work(fleet, 1)) is None


def test_a_success_is_not_done_again_for_its_message_or_its_input_by_any_instance(fleet):
    first = work(fleet, 1, Trigger("pubsub", "t", "m1", "v1"))
    SuccessMarkers(fleet.state()).ended(first, GOOD)
    again = SuccessMarkers(fleet.state())
    assert again.check(work(fleet, 2, Trigger("pubsub", "t", "m1", "v1"))).status is Status.SKIPPED
    assert again.check(work(fleet, 3, Trigger("pubsub", "t", "m2", "v1"))).status is Status.SKIPPED
    assert again.check(work(fleet, 4, Trigger("pubsub", "t", "m2", "v2"))) is None
    assert again.check(work(fleet, 5, Trigger("schedule"))) is None


@pytest.mark.parametrize("status", [Status.FAILED, Status.SKIPPED, Status.NOT_READY])
def test_what_did_not_succeed_blocks_nothing(fleet, status):
    markers = SuccessMarkers(fleet.state())
    trigger = Trigger("pubsub", "t", "m1", "v1")
    markers.ended(work(fleet, 1, trigger), Outcome("P", status))
    assert markers.check(work(fleet, 2, trigger)) is None


def test_every_transition_is_said_once(fleet, caplog):
    caplog.set_level(logging.INFO)
    ledger: list[Transition] = []
    breaker = SharedBreaker(fleet.state(), fleet.clock, ledger.append)
    for number in range(THRESHOLD + 3):
        breaker.call(work(fleet, number), lambda: FAILED)
    assert [(moved.before, moved.after, moved.failures) for moved in ledger] == [("closed", "open", THRESHOLD)]
    said = [record.breaker for record in caplog.records if hasattr(record, "breaker")]
    assert said == [{"name": f"P:{DAY}", "from": "closed", "to": "open", "reason": "no data extracted"}]
