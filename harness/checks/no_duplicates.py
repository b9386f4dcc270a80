"""Nothing is done twice that must be done once."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from harness.checks.check import Check, evidence, has_ended
from harness.history import Event, History
from harness.outcome import Finding, Verdict


class NoDuplicates(Check):
    """No two marks `mark` agree in all the fields `by`, which together are what must be unique (a business key)."""

    name: ClassVar[str] = "no-duplicates"

    mark: str
    by: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]

    def __call__(self, history: History) -> Finding:
        """Judge by the marks that repeat one before them; KeyError for a mark without one of the fields."""
        seen: set[str] = set()
        doubles: list[Event] = []
        for mark in history.marks(self.mark):
            try:
                key = repr([mark.fields[field] for field in self.by])
            except KeyError as error:
                raise KeyError(f"mark {mark['name']!r} (event {mark.seq}) has no field {error}") from error
            if key in seen:
                doubles.append(mark)
            seen.add(key)
        if not seen:
            return self.unknown(f"there was nothing to look at: no mark {self.mark!r}", bound=0)
        verdict = Verdict.FAIL if doubles else Verdict.PASS if has_ended(history) else Verdict.UNKNOWN
        return self.finding(
            verdict,
            measured=len(doubles),
            bound=0,
            margin=-len(doubles),
            reason=f"{len(doubles)} marks repeat one of {len(seen)} keys"
            + ("; the run did not come to its end" if verdict is Verdict.UNKNOWN else ""),
            evidence=evidence(doubles),
        )
