"""How many calls go wrong, as their callers see it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from harness.checks.check import Check, window
from harness.checks.share import judge_share
from harness.glob import Glob
from harness.history import History
from harness.outcome import Finding
from harness.timespec import Moment

Share = Annotated[float, Field(ge=0, le=1)]


class CallErrorRate(Check):
    """The share of calls whose outcome is not `ok` is at least `at_least` and at most `at_most` (shares from 0 to 1).

    `service`, `method`, `resource` and `caller` are shell patterns; [`from`, `until`) is about when calls end.
    """

    name: ClassVar[str] = "call-error-rate"

    service: str = "*"
    method: str = "*"
    resource: str = "*"
    caller: str = "*"
    at_least: Share | None = None
    at_most: Share | None = None
    start: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None

    @model_validator(mode="after")
    def _some_bound(self) -> CallErrorRate:
        if self.at_least is None and self.at_most is None:
            raise ValueError("call-error-rate has no bound; give at_least, at_most or both")
        return self

    def __call__(self, history: History) -> Finding:
        """Judge by the calls in the window."""
        callers, span = Glob(self.caller), window(history, self.start, self.until)
        of, failed = 0, []
        for call in history.calls(self.service, self.method, self.resource):
            name = call["caller"]
            if call in span and (callers.matches(name) or callers.matches(name.partition("#")[0])):
                of += 1
                if call["outcome"] != "ok":
                    failed.append(call)
        return judge_share(
            self,
            failed,
            of=of,
            what="calls went wrong",
            at_least=self.at_least,
            at_most=self.at_most,
            complete=span.complete,
        )
