"""Who is hurt when: stints of absence drawn for each player, so that every upstream and every box score agree.

A hundred days of an NBA team see about eleven absences; at any time one player in twelve is out or doubtful (ours,
after the league's injury reports). It must not know any upstream.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

DOUBTFUL_PLAYS = 0.5


@dataclass(frozen=True, slots=True)
class Risk:
    """How often players of a sport are hurt (`hazard` a day), for how long (`lengths`: spans of days, weights, and what
    the upstreams call such an absence), what an absence of more than so many days is called (`beyond`), and where it
    hurts.
    """

    hazard: float
    lengths: tuple[tuple[tuple[int, int], int, str], ...]
    beyond: tuple[int, str]
    parts: tuple[str, ...]


BASKETBALL = Risk(
    1 / 70,
    (((1, 3), 50, "Day-To-Day"), ((4, 14), 35, "Out"), ((15, 40), 15, "Out")),
    (38, "Out For Season"),
    ("ankle", "knee", "hamstring", "back", "wrist", "illness", "calf", "shoulder"),
)
BASEBALL = Risk(
    1 / 160,
    (((1, 4), 40, "Day-To-Day"), ((10, 18), 30, "10-Day-IL"), ((19, 59), 22, "15-Day-IL"), ((60, 150), 8, "60-Day-IL")),
    (59, "60-Day-IL"),
    ("hamstring", "oblique", "elbow", "shoulder", "back", "wrist", "forearm", "groin", "illness", "knee"),
)
"""About five of a club's forty on the injured list at any time, as in MLB's seasons of 2023 and 2024 (ours)."""


@dataclass(frozen=True, slots=True)
class Injury:
    """An absence from `since` until `back`; `status` is the league's word for it."""

    part: str
    since: date
    back: date
    status: str
    side: str


class Injuries:
    """The absences of a season that starts on `first`."""

    def __init__(self, seed: str, first: date, risk: Risk = BASKETBALL) -> None:
        self._seed = seed
        self._risk = risk
        self._first = first - timedelta(days=30)  # some are hurt when the season begins
        self._stints: dict[int, list[Injury]] = {}
        self._drawn_to: dict[int, tuple[random.Random, date]] = {}

    def of(self, player_id: int, day: date) -> Injury | None:
        """What a player suffers from on `day`, None for the healthy."""
        risk = self._risk
        rng, drawn_to = self._drawn_to.get(player_id, (random.Random(f"{self._seed}/injury/{player_id}"), self._first))
        stints = self._stints.setdefault(player_id, [])
        while drawn_to <= day:
            if rng.random() >= risk.hazard:
                drawn_to += timedelta(days=1)
                continue
            ((low, high), _, status), *_ = rng.choices(risk.lengths, [weight for _, weight, _ in risk.lengths])
            back = drawn_to + timedelta(days=rng.randint(low, high))
            if (back - drawn_to).days > risk.beyond[0]:
                status = risk.beyond[1]
            stints.append(Injury(rng.choice(risk.parts), drawn_to, back, status, rng.choice(("Left", "Right"))))
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
