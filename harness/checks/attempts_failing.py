"""How large a share of the attempts fails: small in a fixed world, nearly all in a storm as it was."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from harness.checks.check import Check, has_ended, window
from harness.checks.share import judge_share
from harness.glob import Glob
from harness.history import History
from harness.outcome import Finding
from harness.timespec import Moment

Share = Annotated[float, Field(ge=0, le=1)]


class AttemptsFailing(Check):
    """The share of attempts with status `failed` is at least `at_least` and at most `at_most` (shares from 0 to 1).

    `processor` and `key` are shell patterns; [`from`, `until`) narrows the time.
    """

    name: ClassVar[str] = "attempts-failing"

    at_least: Share | None = None
    at_most: Share | None = None
    processor: str = "*"
    key: str = "*"
    start: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None

    @model_validator(mode="after")
    def _some_bound(self) -> AttemptsFailing:
        if self.at_least is None and self.at_most is None:
            raise ValueError("attempts-failing has no bound; give at_least, at_most or both")
        return self

    def __call__(self, history: History) -> Finding:
        """Judge by the attempts in the window."""
        processors, keys = Glob(self.processor), Glob(self.key)
        span = window(history, self.start, self.until)
        attempts = [
            attempt
            for attempt in history.marks("attempt")
            if attempt in span
            and processors.matches(str(attempt.fields.get("processor")))
            and keys.matches(str(attempt.fields.get("key")))
        ]
        return judge_share(
            self,
            [attempt for attempt in attempts if attempt.fields.get("status") == "failed"],
            of=len(attempts),
            what="attempts failed",
            at_least=self.at_least,
            at_most=self.at_most,
            complete=span.complete and has_ended(history),
        )
