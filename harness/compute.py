"""Service times: what the pipeline's own computing costs in virtual time.

Code runs in no virtual time at all unless the world says what it costs, per request path or per call site. This module
turns the world's words into models; it must not know processes or clocks.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_MODEL = re.compile(
    r"\s*(?P<mean>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|m|h)"
    r"(?:\s*(?:±|\+-|\+/-)\s*(?P<spread>\d+(?:\.\d+)?)\s*(?P<spread_unit>ms|s|m|h)?)?\s*"
)


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """A time drawn evenly from `mean_s` ± `spread_s` (0 <= spread <= mean), both in seconds."""

    mean_s: float
    spread_s: float = 0.0

    @classmethod
    def parse(cls, text: str) -> ServiceTime:
        """Read `90 s ± 10`, `250ms`, `8.5s +- 1.5s`; the spread is in the mean's unit unless it has its own.

        ValueError names the text and the remedy.
        """
        match = _MODEL.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no service time; write '250ms', '8.5s ± 1.5s' or '90 s ± 10'")
        unit = match["unit"]
        mean_s = float(match["mean"]) * _UNITS_S[unit]
        spread_s = float(match["spread"] or 0) * _UNITS_S[match["spread_unit"] or unit]
        if spread_s > mean_s:
            raise ValueError(f"{text!r}: the spread is larger than the mean, so the time could be negative")
        return cls(mean_s, spread_s)

    def draw(self, rng: random.Random) -> float:
        """Return one service time in seconds."""
        return self.mean_s + self.spread_s * (2.0 * rng.random() - 1.0)
