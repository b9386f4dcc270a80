"""A check of the user's own: a function from a history (and parameters) to a finding."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from harness.checks.check import Check
from harness.history import History
from harness.named import load_function
from harness.outcome import Finding


class UserCheck(Check):
    """`function` (`module:name`) called with the history and `parameters`; it returns a `harness.outcome.Finding`."""

    name: ClassVar[str] = "user"

    function: str
    parameters: dict[str, Any] = Field(default_factory=dict)

    @property
    def title(self) -> str:
        """The function with its parameters."""
        return " ".join((self.function, *(f"{key}={value}" for key, value in self.parameters.items())))

    def __call__(self, history: History) -> Finding:
        """The function's finding; TypeError where it returns something else, or whatever it raises."""
        found = load_function(self.function)(history, **self.parameters)
        if not isinstance(found, Finding):
            raise TypeError(f"{self.function} returned {found!r:.80}; return a harness.outcome.Finding")
        return found
