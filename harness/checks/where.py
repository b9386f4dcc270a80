"""How checks pick marks by their fields."""

from __future__ import annotations

from collections.abc import Mapping

from harness.glob import Glob
from harness.history import Event


class Where:
    """Field -> shell pattern over its text; a mark without the field does not fit."""

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._globs = tuple((field, Glob(pattern)) for field, pattern in patterns.items())

    def __call__(self, mark: Event) -> bool:
        """Whether every pattern fits."""
        return all(field in mark.fields and glob.matches(str(mark.fields[field])) for field, glob in self._globs)
