"""A metric held against a bound, written as in `attempts_per_hour_max <= 10`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from pydantic import JsonValue

from harness.checks.check import Check, has_ended
from harness.history import History
from harness.metrics import standard
from harness.named import load_function
from harness.outcome import Finding, Verdict

Relation = Literal["<=", "<", ">=", ">", "==", "!="]

_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}
_EXPRESSION = re.compile(r"\s*([A-Za-z_][\w.:]*)\s*(<=|>=|==|!=|<|>)\s*(\S+)\s*")

# What a metric looks at: where there is none of it, a count of 0 proves nothing.
_LOOKS_AT = (
    ("rows", "rows"),
    ("attempts", "attempts"),
    ("breaker_opens", "attempts"),
    ("alerts", "attempts"),
    ("messages", "messages_published"),
    ("deliveries", "messages_published"),
    ("calls", "calls"),
)


class MetricBound(Check):
    """`metric` stands in `relation` to `bound` (a number, or null for "never happened").

    `metric` is a standard one (docs/metrics.md) or the scenario's own as `module:function`. Unknown where the metric is
    null but a number is asked for, where there was nothing to measure, and for a pass in a run that did not end.
    """

    name: ClassVar[str] = "metric"

    metric: str
    relation: Relation
    bound: float | int | None

    @classmethod
    def parameters(cls, expression: str) -> dict[str, Any] | None:
        """What `attempts <= 10` says, None where it is no such expression."""
        found = _EXPRESSION.fullmatch(expression)
        if not found:
            return None
        metric, relation, bound = found.groups()
        if bound == "null":
            return {"metric": metric, "relation": relation, "bound": None}
        try:
            return {"metric": metric, "relation": relation, "bound": int(bound) if bound.isdigit() else float(bound)}
        except ValueError:
            return None

    @property
    def title(self) -> str:
        """The expression as it is written."""
        return f"{self.metric} {self.relation} {'null' if self.bound is None else self.bound}"

    def __call__(self, history: History) -> Finding:
        """Judge by the metric's value; ValueError where there is no such metric or it is not a number."""
        value = self._value(history)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise ValueError(f"metric {self.metric} is {value!r:.80}, which has no order; take one that is a number")
        if value is None or self.bound is None:
            return self._nothing(value, history)
        margin = self._margin(value, self.bound)
        if reason := self._blind(history):
            return self.unknown(reason, measured=value, bound=self.bound, margin=margin)
        holds = _RELATIONS[self.relation](value, self.bound)
        if not has_ended(history) and holds == (self.relation in ("<=", "<", "==", "!=")):
            return self.unknown("the run did not come to its end", measured=value, bound=self.bound, margin=margin)
        return self.finding(
            Verdict.PASS if holds else Verdict.FAIL,
            measured=value,
            bound=self.bound,
            margin=margin,
            reason=f"{self.metric} is {value}",
        )

    def _nothing(self, value: float | None, history: History) -> Finding:
        if self.bound is not None or self.relation not in ("==", "!="):
            return self.unknown(f"{self.metric} never came about", measured=value, bound=self.bound)
        if value is None and not has_ended(history):
            return self.unknown("the run did not come to its end", measured=value)
        holds = (value is None) == (self.relation == "==")
        reason = f"{self.metric} {'never came about' if value is None else f'is {value}'}"
        return self.finding(Verdict.PASS if holds else Verdict.FAIL, measured=value, reason=reason)

    def _value(self, history: History) -> JsonValue:
        if ":" in self.metric:
            value: JsonValue = history.derive(load_function(self.metric))
            return value
        metrics = history.derive(standard)
        if self.metric not in metrics:
            raise ValueError(f"there is no metric {self.metric!r}; there are {', '.join(sorted(metrics))}")
        return metrics[self.metric]

    def _blind(self, history: History) -> str:
        metrics = history.derive(standard)
        base = next((base for prefix, base in _LOOKS_AT if self.metric.startswith(prefix)), None)
        return f"the history has no {base} to measure {self.metric} by" if base and not metrics[base] else ""

    def _margin(self, value: float, bound: float) -> float | None:
        if self.relation in ("<=", "<"):
            return bound - value
        return value - bound if self.relation in (">=", ">") else None
