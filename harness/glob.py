"""Shell patterns over the names of services, methods, resources and callers.

Exists so that faults and checks pick calls by the same rules. It must not know what a name stands for.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from re import Pattern

_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Glob:
    """A case-sensitive shell pattern: `*` and `?` also match `/`, `[...]` is a set, everything else is itself."""

    pattern: str
    _compiled: Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        compiled = re.compile(fnmatch.translate(self.pattern)) if _MAGIC.search(self.pattern) else None
        object.__setattr__(self, "_compiled", compiled)

    def matches(self, name: str) -> bool:
        """Whether the whole of `name` fits the pattern."""
        if self._compiled is None:
            return self.pattern in ("*", name)
        return self.pattern == "*" or self._compiled.match(name) is not None
