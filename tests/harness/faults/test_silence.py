"""A fault that fired at nothing says what its pattern missed."""

import pytest

from harness.faults.match import CallMatch
from harness.faults.silence import explain
from tests.harness.checks.written import call, day

CALLS = day(
    call(1, service="pubsub", method="Subscriber/Acknowledge", resource="projects/p/subscriptions/s"),
    call(2, service="bigquery", method="jobs.insert", caller="loader#1"),
    call(3, service="bigquery", method="jobs.get", caller="loader#0"),
    *(call(4 + n, service="gcs", method="objects.get", resource=f"b/{n}") for n in range(10)),
)


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ({"service": "bigqery"}, "no call has service 'bigqery'; there were bigquery, gcs, pubsub"),
        (
            {"service": "pubsub", "method": "*ack*"},
            "no call with service 'pubsub' has method '*ack*'; there were Subscriber/Acknowledge",
        ),
        (
            {"service": "bigquery", "method": "jobs.*", "caller": "shop"},
            "no call with service 'bigquery', method 'jobs.*' has caller 'shop'; there were loader",
        ),
        (
            {"service": "bigquery", "caller": "loader#2"},
            "no call with service 'bigquery' has caller 'loader#2'; there were loader#0, loader#1",
        ),
        (
            {"resource": "b/11", "service": "gcs"},
            "no call with service 'gcs' has resource 'b/11'; there were " + ", ".join(f"b/{n}" for n in range(8))
            + " and 2 more",
        ),
        (
            {"method": "jobs.*"},
            "calls that it is about: 2, outside its window or spared by its numbers, chance, headers or edge",
        ),
    ],
)  # fmt: skip
def test_the_first_field_that_nothing_fits_is_named_with_what_there_was(match, told):
    assert explain(CallMatch(**match), CALLS.of("call")) == told


def test_a_run_without_calls_had_none_at_all():
    assert explain(CallMatch(service="gcs"), day().of("call")) == "no call has service 'gcs'; there were none at all"
