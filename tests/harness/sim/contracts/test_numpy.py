"""numpy: arithmetic on either side of a fork, and what it draws."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from tests.harness.sim.contracts.contract import Library, Trace, contract

ABOUT = Library("numpy", loads=("numpy", "tests.harness.sim.contracts.framed"))


@contract(ABOUT)
def test_what_was_multiplied_before_a_fork_is_multiplied_after_it(trace: Trace) -> None:
    from tests.harness.sim.contracts import framed

    trace(framed.multiplied() == framed.MULTIPLIED, framed.MULTIPLIED)
    with ThreadPoolExecutor(4) as pool:
        trace([answer == framed.MULTIPLIED for answer in pool.map(lambda _: framed.multiplied(), range(4))])
    trace.expect(
        (0, True, 5208302.083),
        (0, [True, True, True, True]),
    )


@contract(ABOUT)
def test_seeds_give_their_known_sequences(trace: Trace) -> None:
    import numpy

    numpy.random.seed(42)
    trace(round(numpy.random.randn(), 6))
    time.sleep(1)
    trace(round(numpy.random.randn(), 6), numpy.random.permutation(5).tolist())
    trace(numpy.random.default_rng(42).integers(1000, size=3).tolist())
    trace(numpy.random.default_rng().random() != numpy.random.default_rng().random())
    trace.expect(
        (0, 0.496714),
        (1, -0.138264, [1, 4, 0, 3, 2]),
        (1, [89, 773, 654]),
        (1, True),
    )


@contract(
    ABOUT,
    know="numpy.datetime64('now') reads the machine's clock in C",
    remedy="numpy.datetime64(datetime.datetime.now())",
)
def test_dates_made_of_the_virtual_now_are_virtual(trace: Trace) -> None:
    import datetime as dt

    import numpy

    time.sleep(3600)
    now = numpy.datetime64(dt.datetime.now(dt.UTC).replace(tzinfo=None), "s")
    trace(str(now), str(now + numpy.timedelta64(1, "D")), str(numpy.datetime64(dt.date.today())))
    trace.expect(
        (3600, "2026-01-16T01:00:10", "2026-01-17T01:00:10", "2026-01-16"),
    )
