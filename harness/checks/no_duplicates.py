"""Nothing is done twice that must be done once."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from harness.checks.check import Check, evidence
from harness.checks.violations import judge_violations
from harness.history import Event, History
from harness.outcome import Finding


class NoDuplicates(Check):
    """No two marks `mark` agree in all the fields `by`, which together are what must be unique (a business key)."""

    name: ClassVar[str] = "no-duplicates"

    mark: str
    by: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]

    def __call__(self, history: History) -> Finding:
        """Judge by the marks that repeat one before them; KeyError for a mark without one of the fields."""
        seen: set[str] = set()
        doubles: list[Event] = []
        marks = 0
        for mark in history.marks(self.mark):
            marks += 1
            try:
                key = repr([mark.fields[field] for field in self.by])
            except KeyError as error:
                raise KeyError(f"mark {mark['name']!r} (event {mark.seq}) has no field {error}") from error
            if key in seen:
                doubles.append(mark)
            seen.add(key)
        return judge_violations(
            self,
            history,
            count=len(doubles),
            of=marks,
            what="marks repeat one before them",
            shown=evidence(doubles),
        )
