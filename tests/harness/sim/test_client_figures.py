"""Retry figures that client libraries publish come out the same in virtual time as in real time.

The figures are those of the libraries' own documentation and constants; what is measured is what their own code does
with the simulated clock.
"""

import time
from typing import Any

import pytest

from tests.harness.sim.simulated import in_simulation, simulated

READS_S = 1e-4
"""What a few thousand readings of the clock may add."""


def failing(error: BaseException) -> Any:
    calls: list[float] = []

    def call(*arguments: Any, **options: Any) -> None:
        calls.append(time.monotonic())
        raise error

    call.calls = calls  # type: ignore[attr-defined]  # a note of the test on its own double
    return call


def pauses(call: Any) -> list[float]:
    return [later - earlier for earlier, later in zip(call.calls, call.calls[1:], strict=False)]


@simulated
def test_tenacity_checks_its_delay_before_it_sleeps_and_overshoots() -> None:
    import tenacity

    call = failing(OSError("down"))
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_delay(2400), wait=tenacity.wait_exponential(multiplier=1, max=60)
    )
    started = time.monotonic()
    with pytest.raises(tenacity.RetryError):
        retrying(call)
    # 1 + 2 + 4 + 8 + 16 + 32 = 63 seconds, then 60 at a time: 2,343 is not over, 2,403 is.
    assert time.monotonic() - started == pytest.approx(2403, abs=READS_S)


@simulated
def test_tenacity_before_delay_stops_in_time() -> None:
    import tenacity

    call = failing(OSError("down"))
    retrying = tenacity.Retrying(stop=tenacity.stop_before_delay(2400), wait=tenacity.wait_fixed(60))
    started = time.monotonic()
    with pytest.raises(tenacity.RetryError):
        retrying(call)
    assert time.monotonic() - started == pytest.approx(2340, abs=READS_S)


@simulated
def test_api_core_retries_without_jitter_double_up_to_the_maximum() -> None:
    import random

    from google.api_core import exceptions, retry

    random.uniform = lambda low, high: high  # type: ignore[method-assign]  # jitter at its longest
    call = failing(exceptions.ServiceUnavailable("down"))
    with pytest.raises(exceptions.RetryError):
        retry.Retry(initial=1, multiplier=2, maximum=60, timeout=600)(call)()
    assert [round(pause, 3) for pause in pauses(call)][:8] == [1, 2, 4, 8, 16, 32, 60, 60]


def bigquery_default_retry() -> list[float]:
    from google.api_core import exceptions
    from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY, DEFAULT_RETRY, DEFAULT_TIMEOUT

    assert (DEFAULT_RETRY.timeout, DEFAULT_JOB_RETRY.timeout, DEFAULT_TIMEOUT) == (600, 2400, None)
    call = failing(exceptions.ServiceUnavailable("down", errors=[{"reason": "backendError"}]))
    started = time.monotonic()
    with pytest.raises(exceptions.RetryError):
        DEFAULT_RETRY(call)()
    return [time.monotonic() - started, *pauses(call)]


def test_bigquery_gives_up_within_ten_minutes_and_the_seed_says_when() -> None:
    target = f"{__name__}:bigquery_default_retry"
    elapsed_s, *slept = in_simulation(target)
    # It gives up when the next pause, of at most 60 s, would end after the 600 s.
    assert 540 - READS_S <= elapsed_s <= 600
    assert 0 < max(slept) <= 60 + READS_S
    assert in_simulation(target) == [elapsed_s, *slept]
    assert in_simulation(target, seed=2)[0] != elapsed_s


@simulated
def test_storage_retries_what_its_documentation_lists() -> None:
    from google.api_core import exceptions
    from google.cloud.storage.retry import DEFAULT_RETRY, DEFAULT_RETRY_IF_GENERATION_SPECIFIED

    retried = [
        status
        for status in (400, 401, 403, 404, 408, 409, 412, 429, 500, 501, 502, 503, 504)
        if DEFAULT_RETRY._predicate(exceptions.from_http_status(status, "x"))
    ]
    assert retried == [408, 429, 500, 502, 503, 504]
    conditional = DEFAULT_RETRY_IF_GENERATION_SPECIFIED
    assert conditional.get_retry_policy_if_conditions_met(query_params={}) is None
    assert conditional.get_retry_policy_if_conditions_met(query_params={"ifGenerationMatch": 0}) is DEFAULT_RETRY


def botocore_backoff(chance: bool) -> list[float]:
    from inspect import signature

    from botocore.retries import standard

    class Throttled:
        def is_throttling_error_from_context(self, context: Any) -> bool:
            return True

    # Since 1.44 only throttling starts at a full second; other errors start at 50 ms.
    options = (
        {"throttling_detector": Throttled()}
        if "throttling_detector" in signature(standard.ExponentialBackoff).parameters
        else {}
    )
    if not chance:
        options["random"] = lambda: 1.0
    backoff = standard.ExponentialBackoff(**options)
    return [float(backoff.delay_amount(standard.RetryContext(attempt_number=attempt))) for attempt in range(1, 8)]


def test_botocore_standard_mode_backs_off_at_random_up_to_twenty_seconds() -> None:
    pytest.importorskip("botocore")
    target = f"{__name__}:botocore_backoff"
    most = in_simulation(target, chance=False)
    assert most == [1, 2, 4, 8, 16, 20, 20]
    drawn = in_simulation(target, chance=True)
    assert all(0 <= some <= limit for some, limit in zip(drawn, most, strict=True))
    assert in_simulation(target, chance=True) == drawn
    assert in_simulation(target, chance=True, seed=2) != drawn
