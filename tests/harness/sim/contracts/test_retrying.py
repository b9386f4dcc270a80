"""Retry libraries: tenacity, stamina, backoff, google.api_core."""

from __future__ import annotations

from collections.abc import Callable

from tests.harness.sim.contracts.contract import Library, Trace, contract

TENACITY = Library("tenacity", loads=("tenacity", "asyncio"))
STAMINA = Library("stamina", loads=("stamina", "asyncio"))
BACKOFF = Library("backoff", loads=("backoff", "asyncio"))
API_CORE = Library("google-api-core", loads=("google.api_core.retry", "google.api_core.retry_async", "asyncio"))


def failing(trace: Trace, times: int, error: Exception) -> Callable[[], str]:
    """What fails so many times before it succeeds."""
    left = times

    def call() -> str:
        nonlocal left
        trace("called")
        if left:
            left -= 1
            raise error
        return "done"

    return call


@contract(TENACITY)
def test_tenacity_doubles_its_waits_and_logs_before_it_sleeps(trace: Trace) -> None:
    import tenacity

    retrying = tenacity.Retrying(
        wait=tenacity.wait_exponential(multiplier=1, max=5),
        stop=tenacity.stop_after_attempt(6),
        before_sleep=lambda state: trace("sleeps", state.next_action.sleep, state.attempt_number),
    )
    trace(retrying(failing(trace, 4, OSError("down"))))
    trace.expect(
        (0, "called"),
        (0, "sleeps", 1.0, 1),
        (1, "called"),
        (1, "sleeps", 2.0, 2),
        (3, "called"),
        (3, "sleeps", 4.0, 3),
        (7, "called"),
        (7, "sleeps", 5.0, 4),
        (12, "called"),
        (12, "done"),
    )


@contract(TENACITY)
def test_tenacitys_jitter_comes_from_the_seed_and_its_deadline_holds(trace: Trace) -> None:
    import tenacity

    retrying = tenacity.Retrying(
        wait=tenacity.wait_random_exponential(multiplier=1, max=10), stop=tenacity.stop_before_delay(20)
    )
    try:
        retrying(failing(trace, 100, OSError("down")))
    except tenacity.RetryError as problem:
        trace("gave up", problem.last_attempt.attempt_number)
    trace.expect(
        (0, "called"),
        (0.2774, "called"),
        (0.6496, "called"),
        (0.6914, "called"),
        (5.6601, "called"),
        (7.0517, "called"),
        (8.7881, "called"),
        (14.7044, "called"),
        (14.7044, "gave up", 8),
    )


@contract(TENACITY)
def test_tenacity_retries_coroutines(trace: Trace) -> None:
    import asyncio

    import tenacity

    call = failing(trace, 2, OSError("down"))

    @tenacity.retry(wait=tenacity.wait_fixed(3), retry=tenacity.retry_if_exception_type(OSError))
    async def work() -> str:
        await asyncio.sleep(1)
        return call()

    trace(asyncio.run(work()))
    trace.expect(
        (1, "called"),
        (5, "called"),
        (9, "called"),
        (9, "done"),
    )


@contract(STAMINA)
def test_staminas_jitter_comes_from_the_seed_sync_and_async(trace: Trace) -> None:
    import asyncio

    import stamina

    trace(stamina.retry(on=OSError, attempts=4)(failing(trace, 3, OSError("down")))())

    async def main() -> None:
        call = failing(trace, 2, OSError("down"))
        async for attempt in stamina.retry_context(on=OSError, wait_initial=1.0, wait_jitter=0.0):
            with attempt:
                trace(call())

    asyncio.run(main())
    trace.expect(
        (0, "called"),
        (0.3774, "called"),
        (0.7635, "called"),
        (1.174, "called"),
        (1.174, "done"),
        (1.174, "called"),
        (2.174, "called"),
        (4.174, "called"),
        (4.174, "done"),
    )


@contract(BACKOFF)
def test_backoffs_waits_and_time_limit_are_exact(trace: Trace) -> None:
    import asyncio

    import backoff

    trace(backoff.on_exception(backoff.expo, OSError, jitter=None)(failing(trace, 4, OSError("down")))())
    limited = backoff.on_exception(backoff.constant, OSError, interval=4, jitter=None, max_time=10)
    try:
        limited(failing(trace, 100, OSError("down")))()
    except OSError:
        trace("gave up")

    call = failing(trace, 2, OSError("down"))

    @backoff.on_exception(backoff.fibo, OSError)
    async def work() -> str:
        return call()

    trace(asyncio.run(work()))
    trace.expect(
        (0, "called"),
        (1, "called"),
        (3, "called"),
        (7, "called"),
        (15, "called"),
        (15, "done"),
        (15, "called"),
        (19, "called"),
        (23, "called"),
        (25, "called"),
        (25, "gave up"),
        (25, "called"),
        (25.2774, "called"),
        (25.4635, "called"),
        (25.4635, "done"),
    )


@contract(API_CORE)
def test_api_core_retries_until_its_deadline_by_chance_of_the_seed(trace: Trace) -> None:
    from google.api_core import exceptions, retry

    policy = retry.Retry(initial=1, multiplier=2, maximum=10, timeout=30)
    trace(policy(failing(trace, 3, exceptions.ServiceUnavailable("down")))())
    try:
        policy(failing(trace, 100, exceptions.ServiceUnavailable("down")))()
    except exceptions.RetryError as problem:
        trace(str(problem))
    trace.expect(
        (0, "called"),
        (0.2774, "called"),
        (0.6496, "called"),
        (0.6914, "called"),
        (0.6914, "done"),
        (0.6914, "called"),
        (1.3125, "called"),
        (1.5908, "called"),
        (2.2854, "called"),
        (7.0183, "called"),
        (15.864, "called"),
        (19.7215, "called"),
        (23.4397, "called"),
        (30.083, "called"),
        (30.083, "Timeout of 30.0s exceeded, last exception: 503 down"),
    )


@contract(API_CORE)
def test_api_core_retries_coroutines_until_their_deadline(trace: Trace) -> None:
    import asyncio

    from google.api_core import exceptions, retry_async

    call = failing(trace, 2, exceptions.ServiceUnavailable("down"))

    @retry_async.AsyncRetry(initial=1, multiplier=2, maximum=10, timeout=60)
    async def work() -> str:
        await asyncio.sleep(1)
        return call()

    trace(asyncio.run(work()))
    trace.expect(
        (1, "called"),
        (2.2774, "called"),
        (3.6496, "called"),
        (3.6496, "done"),
    )
