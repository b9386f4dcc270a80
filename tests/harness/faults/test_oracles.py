"""Retry figures that others published, got from the fault engine: its dice are fair and independent, its books right.

Success and load of retries under independent failure: Marc Brooker, "Fixing retries with token buckets and circuit
breakers" (2022). Amplification across layers: the Site Reliability Engineering book, "Addressing Cascading Failures"
(three layers of three retries are 64 attempts), and the Amazon Builders' Library, "Timeouts, retries and backoff with
jitter" (five layers of three tries are 243).
"""

import math

import pytest

from fakes.seam import Pass
from tests.harness.faults.stage import Stage

REQUESTS = 4000
CALL = {"service": "store"}


def failing_store(share, seed=1):
    """A store whose calls are refused with probability `share`; the dice want more than 0, so 0 is no fault."""
    faults = [{"id": "flaky", "call": CALL, "refuse": 503, "probability": share}] if share else []
    return Stage(*faults, seed=seed)


def attempt(stage, request):
    return isinstance(stage.ruling("store", "GET", f"/{request}").verdict, Pass)


def with_retries(stage, request, retries):
    """Try once and up to `retries` times more; whether it came through, and in how many attempts."""
    for attempts in range(1, retries + 2):
        if attempt(stage, request):
            return True, attempts
    return False, retries + 1


@pytest.mark.parametrize("retries", [0, 1, 3, 5])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.71, 0.9, 1.0])
def test_retries_under_independent_failure_follow_the_closed_form(share, retries):
    """Success 1 − x^(N+1); load (1 − x^(N+1))/(1 − x), N + 1 at x = 1. At x = 0.71, N = 3: 0.746 and 2.572."""
    stage = failing_store(share)
    results = [with_retries(stage, request, retries) for request in range(REQUESTS)]
    success = sum(came for came, _ in results) / REQUESTS
    load = sum(attempts for _, attempts in results) / REQUESTS

    lost = share ** (retries + 1)
    expected_load = retries + 1 if share == 1 else (1 - lost) / (1 - share)
    square = (
        sum(n * n * share ** (n - 1) * (1 - share) for n in range(1, retries + 1)) + (retries + 1) ** 2 * share**retries
    )
    load_sigma = math.sqrt(max(0.0, square - expected_load**2) / REQUESTS)
    # Four standard deviations: 56 figures at three would be expected to miss one time in seven.
    assert success == pytest.approx(1 - lost, abs=4 * math.sqrt(lost * (1 - lost) / REQUESTS) + 1e-9)
    assert load == pytest.approx(expected_load, abs=4 * load_sigma + 1e-9)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.71, 0.9, 1.0])
def test_a_retry_budget_of_a_tenth_holds_the_load_near_1_11(share):
    """Each request that comes through, retried or not, earns a tenth of a token; a retry costs one."""
    stage = failing_store(share)
    tokens, attempts = 0.0, 0
    for request in range(REQUESTS):
        attempts += 1
        came = attempt(stage, request)
        tokens = min(10.0, tokens + 0.1)
        while not came and tokens >= 1:
            tokens -= 1
            attempts += 1
            came = attempt(stage, request)
    assert attempts / REQUESTS == pytest.approx(1.1, abs=0.015)


@pytest.mark.parametrize(("layers", "tries", "expected"), [(3, 4, 64), (5, 3, 243), (1, 4, 4)])
def test_retries_of_layers_multiply(layers, tries, expected):
    stage = failing_store(1.0)

    def layer(depth):
        if depth == 0:
            return attempt(stage, "r")
        return any(layer(depth - 1) for _ in range(tries))

    assert layer(layers) is False
    assert stage.account()[1] == expected


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_books_count_every_refusal(seed):
    stage = failing_store(0.5, seed)
    refused = sum(not attempt(stage, request) for request in range(500))
    assert stage.account() == (1, refused, 0)
    assert len(stage.events("fired")) == refused
