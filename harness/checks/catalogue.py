"""The checks that scenario files can name. To add one: write its module, and its line here."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from harness.checks.alert_within import AlertWithin
from harness.checks.attempts_bounded import AttemptsBounded
from harness.checks.attempts_failing import AttemptsFailing
from harness.checks.breaker_consistent import BreakerConsistent
from harness.checks.breaker_never_opened import BreakerNeverOpened
from harness.checks.breaker_opened import BreakerOpened
from harness.checks.call_error_rate import CallErrorRate
from harness.checks.check import Check
from harness.checks.fault_fired import FaultFired
from harness.checks.mark_never import MarkNever
from harness.checks.mark_seen import MarkSeen
from harness.checks.metric_bound import MetricBound
from harness.checks.no_alert import NoAlert
from harness.checks.no_duplicates import NoDuplicates
from harness.checks.no_lost_message import NoLostMessage
from harness.checks.onset_hour import OnsetHour
from harness.checks.recovered_within import RecoveredWithin
from harness.checks.sometimes import Sometimes
from harness.checks.user_check import UserCheck
from harness.named import is_function_name
from harness.strict import nearest

CHECKS: dict[str, type[Check]] = {
    kind.name: kind
    for kind in (
        AlertWithin,
        AttemptsBounded,
        AttemptsFailing,
        BreakerConsistent,
        BreakerNeverOpened,
        BreakerOpened,
        CallErrorRate,
        FaultFired,
        MarkNever,
        MarkSeen,
        MetricBound,
        NoAlert,
        NoDuplicates,
        NoLostMessage,
        OnsetHour,
        RecoveredWithin,
        Sometimes,
    )
}

NESTED = "nested"
"""The type of an error that carries the errors of a model inside: `loc` and `errors` in its context."""


def parse_check(value: Any) -> Check:
    """The check that one item of a scenario's list says.

    An item is an expression (`attempts <= 10`), a name (`breaker-never-opened`), or one name with its parameters
    (`recovered-within: {limit: 30m}`), where a name with a colon is a function of the user's. Raises
    `PydanticCustomError` with the place of the error in its context.
    """
    if isinstance(value, Check):
        return value
    if isinstance(value, str):
        if (bound := MetricBound.parameters(value)) is not None:
            return _built(MetricBound, bound, ())
        return _named(value.strip(), {}, ())
    if isinstance(value, dict) and len(value) == 1:
        ((name, parameters),) = value.items()
        if parameters is not None and not isinstance(parameters, dict):
            raise _error(f"the parameters of a check are a mapping, as in '{name}: {{limit: 30m}}'", (name,))
        return _named(name, parameters or {}, (name,))
    raise _error(
        "a check is an expression ('attempts <= 10'), a name, or one name with its parameters ('name: {limit: 30m}')",
        (),
    )


def _named(name: str, parameters: dict[str, Any], loc: tuple[str, ...]) -> Check:
    if is_function_name(name):
        return UserCheck(function=name, parameters=parameters)
    if name not in CHECKS:
        raise _error(f"there is no check {name!r}{nearest(name, sorted(CHECKS))}", loc)
    return _built(CHECKS[name], parameters, loc)


def _built(kind: type[Check], parameters: dict[str, Any], loc: tuple[str, ...]) -> Check:
    try:
        return kind.model_validate(parameters)
    except ValidationError as error:
        raise PydanticCustomError(
            NESTED, "the parameters don't fit", {"loc": loc, "errors": error.errors(include_url=False)}
        ) from error


def _error(message: str, loc: tuple[str, ...]) -> PydanticCustomError:
    inner = {"type": "check", "loc": (), "msg": message, "input": None}
    return PydanticCustomError(NESTED, "the check is not understood", {"loc": loc, "errors": [inner]})
