"""The gate tells what an emulator does not support from what a fault refused."""

import pytest

from fakes.gate import Front, Gate, Seen
from fakes.journal import JournalError
from fakes.seam import Call, Delay, Distort, LoseReply, Pass, Refuse, Ruling, ServeStale, Truncate
from tests.fakes.manual import ManualSurroundings

CALL = Call("thing", "read")


def see(reply: int) -> Seen:
    return Seen(reply, ok=reply < 400, applied=reply < 400, unsupported="no PIVOT here" if reply == 501 else "")


FRONT: Front[int] = Front(refuse=lambda refusal: refusal.status, see=see, truncate=lambda reply, _: reply)


def through(verdict, effect=lambda: 200, **more):
    around = ManualSurroundings()
    around.rulings = [Ruling(verdict, "f")]
    reply = Gate(around).through(CALL, effect, FRONT, **more)
    return reply, [e for e in around.events if e["kind"] == "unsupported"], around.events[0]


def test_what_the_emulator_itself_refuses_is_recorded_as_unsupported():
    reply, unsupported, call = through(Pass(), lambda: 501)
    assert (reply, call["outcome"]) == (501, "error")
    assert [(e["service"], e["method"], e["what"]) for e in unsupported] == [("thing", "read", "no PIVOT here")]


def unkept() -> int:
    raise JournalError("disk full")


@pytest.mark.parametrize(
    ("verdict", "reply", "outcome", "applied"),
    [
        (Pass(), 503, "error", "unknown"),
        (Delay(1.0), 503, "error", "unknown"),
        (LoseReply(504), 504, "lost", False),
        (Truncate(3), 503, "lost", False),
    ],
)
def test_what_cannot_be_kept_is_answered_as_unavailable_whatever_the_fault(verdict, reply, outcome, applied):
    told, _, call = through(verdict, unkept)
    assert (told, call["outcome"], call["applied"]) == (reply, outcome, applied)


def test_a_planned_501_is_not():
    assert through(Refuse(501))[1] == []


def test_a_distortion_reaches_the_back_end_and_is_no_refusal():
    reply, unsupported, call = through(Distort(drop_rows=0.5), distorted=lambda way: 200 + round(way.drop_rows * 10))
    assert (reply, unsupported, call["outcome"], call["fault"]) == (205, [], "ok", "f")


def test_a_distortion_of_a_back_end_that_knows_none_is_unsupported():
    reply, unsupported, call = through(Distort(hide_partition="20260115"))
    assert (reply, call["outcome"], call["applied"]) == (501, "refused", False)
    assert unsupported[0]["what"] == "unsupported by the emulator: hide_partition of read"


def test_a_stale_read_reaches_a_back_end_that_keeps_a_past():
    reply, unsupported, call = through(ServeStale(60.0), aged=lambda age_s: 200 + round(age_s))
    assert (reply, unsupported, call["outcome"], call["fault"]) == (260, [], "ok", "f")


def test_a_stale_read_of_one_that_keeps_none_is_unsupported():
    reply, unsupported, call = through(ServeStale(60.0))
    assert (reply, call["outcome"], call["applied"]) == (501, "refused", False)
    assert "read keeps no past" in unsupported[0]["what"]
