"""Who is hurt when: stints of absence drawn for each player, so that every upstream and every box score agree.

A hundred days of an NBA team see about eleven absences; at any time one player in twelve is out or doubtful (ours,
after the league's injury reports). It must not know any upstream.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

HAZARD = 1 / 70
LENGTHS = (((1, 3), 50), ((4, 14), 35), ((15, 40), 15))
"""Days of absence and their weights."""

PARTS = ("ankle", "knee", "hamstring", "back", "wrist", "illness", "calf", "shoulder")
DOUBTFUL_PLAYS = 0.5


@dataclass(frozen=True, slots=True)
class Injury:
    """An absence from `since` until `back`; `status` is `Out`, `Day-To-Day` or `Out For Season`."""

    part: str
    since: date
    back: date
    status: str
    side: str


class Injuries:
    """The absences of a season that starts on `first`."""

    def __init__(self, seed: str, first: date) -> None:
        self._seed = seed
        self._first = first - timedelta(days=30)  # some are hurt when the season begins
        self._stints: dict[int, list[Injury]] = {}
        self._drawn_to: dict[int, tuple[random.Random, date]] = {}

    def of(self, player_id: int, day: date) -> Injury | None:
        """What a player suffers from on `day`, None for the healthy."""
        rng, drawn_to = self._drawn_to.get(player_id, (random.Random(f"{self._seed}/injury/{player_id}"), self._first))
        stints = self._stints.setdefault(player_id, [])
        while drawn_to <= day:
            if rng.random() >= HAZARD:
                drawn_to += timedelta(days=1)
                continue
            (low, high), *_ = rng.choices([span for span, _ in LENGTHS], [weight for _, weight in LENGTHS])
            back = drawn_to + timedelta(days=rng.randint(low, high))
            status = "Out For Season" if (back - drawn_to).days > 38 else "Out" if high > 3 else "Day-To-Day"
            stints.append(Injury(rng.choice(PARTS), drawn_to, back, status, rng.choice(("Left", "Right"))))
            drawn_to = back + timedelta(days=3)
        self._drawn_to[player_id] = (rng, drawn_to)
        return next((stint for stint in reversed(stints) if stint.since <= day < stint.back), None)

    def out(self, player_id: int, day: date) -> bool:
        """Whether he misses a game of `day`; the doubtful play half of the time."""
        injury = self.of(player_id, day)
        if injury is None:
            return False
        if injury.status != "Day-To-Day":
            return True
        return random.Random(f"{self._seed}/doubtful/{player_id}/{day}").random() >= DOUBTFUL_PLAYS
