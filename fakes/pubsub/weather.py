"""What at-least-once delivery legally does now and then, by seeded chance.

It must not know subscriptions; it only answers whether it happens this time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weather:
    """How often deliveries go astray as the service's contract allows; all of it is off unless asked for.

    `duplicate` (per delivery), `reorder` and `delay` (per message) are the probabilities, 0 to 1, that a message is
    delivered a second time beside the first, overtakes the one before it, or is held back for `delay_s` (seconds,
    >= 0). With exactly-once delivery there are no duplicates; a message with an ordering key, where the subscription
    orders, is spared altogether.
    """

    duplicate: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    delay_s: float = 1.0

    def __post_init__(self) -> None:
        for name in ("duplicate", "reorder", "delay"):
            chance = getattr(self, name)
            if not 0 <= chance <= 1:
                raise ValueError(f"weather option {name!r} is {chance!r}; it is a probability and must be 0 to 1")
        if self.delay_s < 0:
            raise ValueError(f"weather option 'delay_s' is {self.delay_s!r}; it is a time in seconds and must be >= 0")


CALM = Weather()


class Sky:
    """The weather over one subscription; a kind that is off draws no dice, so that it does not move the others."""

    def __init__(self, weather: Weather, rng: random.Random) -> None:
        self._weather = weather
        self._rng = rng

    def duplicates(self) -> bool:
        """Whether this delivery happens twice."""
        return self._happens(self._weather.duplicate)

    def overtakes(self) -> bool:
        """Whether the delivery that becomes ready now goes before the one that was ready last."""
        return self._happens(self._weather.reorder)

    def delay_s(self) -> float:
        """How long this delivery is held back, in seconds; mostly 0."""
        return self._weather.delay_s if self._happens(self._weather.delay) else 0.0

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._rng.random() < chance
