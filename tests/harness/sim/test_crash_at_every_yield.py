"""A process killed at any moment leaves all others as they were, and starts again.

The programs (tests/projects/busy) run in a victim and a witness that do the same at the same time. Kills of the victim
at each of its yields are all the crashes there are: between two yields nobody else runs. Each is a run of its own, of
which a few, evenly spaced, are made here; WINDTUNNEL_EVERY_YIELD=1 makes all.
"""

import os
from collections.abc import Iterator

import pytest

from tests.harness.sim.crashes import VICTIM, WITNESS, Busy, wrong

AT_ONCE_S = 0.001
"""For what two processes share by right: a port of a service answers one after the other."""
LEASE_S = 70.0
"""Firestore lets a transaction that says nothing idle for 60 s before others may have its documents."""
RETRIES_S = 10.0
"""What clients of one back end may wait when another's call less or more moves their turn."""
LOCKED_S = 0.2
"""Two delays of SQLite's: writers of one file try again at instants of their own."""
PATIENCE_S = {
    "local": AT_ONCE_S,
    "tasks": AT_ONCE_S,
    "web": AT_ONCE_S,
    "sqlite": LOCKED_S,
    "bigquery": RETRIES_S,
    "gcs": AT_ONCE_S,
    "pubsub": RETRIES_S,
    "firestore": LEASE_S,
}
SAMPLES = 6


@pytest.fixture(scope="module")
def busy() -> Iterator[Busy]:
    with Busy() as runs:
        yield runs


def chosen(yields: int) -> list[int]:
    """All numbers of yields, or a sample with the first and the last."""
    everything = list(range(1, yields + 1))
    if os.environ.get("WINDTUNNEL_EVERY_YIELD") or yields <= SAMPLES:
        return everything
    return sorted({everything[round(number * (yields - 1) / (SAMPLES - 1))] for number in range(SAMPLES)})


@pytest.mark.parametrize("program", PATIENCE_S)
def test_all_others_go_on_and_a_restart_finishes(program: str, busy: Busy) -> None:
    plain = busy.run(program)
    assert not plain.summary["problem"], plain.summary["detail"]
    assert plain.finished_s(VICTIM).keys() == plain.finished_s(WITNESS).keys() == {0}
    yields = plain.summary["yields"]["victim#0"]
    assert yields > SAMPLES
    # Its very last yield is its end: there is nobody left to kill.
    for number, ran in busy.sweep(program, chosen(yields - 1)):
        problems = wrong(ran, plain, PATIENCE_S[program])
        assert not problems, f"killed at yield {number} of {yields}: {problems}"


def test_a_run_with_a_crash_replays_to_one_digest_and_another_yield_gives_another(busy: Busy) -> None:
    digests = [busy.run("local", number).digest for number in (30, 30, 31, 31)]
    assert digests[0] == digests[1]
    assert digests[2] == digests[3]
    assert digests[0] != digests[2]


def test_a_yield_nobody_reaches_leaves_the_fault_unfired_and_the_run_as_it_was(busy: Busy) -> None:
    ran = busy.run("local", 10_000)
    assert [account["fired"] for account in ran.summary["accounts"]] == [0]
    assert ran.finished_s(VICTIM) == busy.run("local").finished_s(VICTIM)
