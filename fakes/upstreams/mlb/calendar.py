"""Who meets whom on which day in MLB: series of two to four games in one park, and the hours at which they begin."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date

from fakes.upstreams.mlb.league import CLUBS, Club
from fakes.upstreams.season import TipOff

LENGTHS = ((3, 70), (4, 15), (2, 15))
"""Games of a series and their weights."""

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6


@dataclass
class _Meeting:
    home: Club
    away: Club
    games: int
    played: int = 0


class Calendar:
    """Series under way and games played so far."""

    def __init__(self) -> None:
        self._meetings: list[_Meeting] = []
        self._games = dict.fromkeys(CLUBS, 0)
        self._at_home = dict.fromkeys(CLUBS, 0)
        self._last: dict[Club, Club] = {}

    def pairs(self, count: int, rng: random.Random) -> list[tuple[Club, Club, int, int]]:
        """Home and visiting clubs of the next day, and which game of how many of their series it is.

        Series under way go on, the fresh clubs who have played least begin new ones.
        """
        self._meetings = [meeting for meeting in self._meetings if meeting.played < meeting.games]
        busy = {club for meeting in self._meetings for club in (meeting.home, meeting.away)}
        free = [club for club in CLUBS if club not in busy]
        order = {club: (self._games[club] + rng.uniform(0, 2), club.mlb_id) for club in free}
        free.sort(key=order.__getitem__)
        while len(self._meetings) < count and len(free) >= 2:
            one = free.pop(0)
            other = next((club for club in free if club is not self._last.get(one)), free[0])
            free.remove(other)
            self._meetings.append(self._series(one, other, rng))
        made = []
        for meeting in self._meetings[:count]:
            meeting.played += 1
            self._games[meeting.home] += 1
            self._games[meeting.away] += 1
            self._at_home[meeting.home] += 1
            made.append((meeting.home, meeting.away, meeting.played, meeting.games))
        return made

    def _series(self, one: Club, other: Club, rng: random.Random) -> _Meeting:
        lead = self._lead(one) - self._lead(other)
        home, away = (other, one) if lead > 0 or (lead == 0 and rng.random() < 0.5) else (one, other)
        self._last[one], self._last[other] = other, one
        ((games, _),) = rng.choices(LENGTHS, [weight for _, weight in LENGTHS])
        return _Meeting(home, away, games)

    def _lead(self, club: Club) -> int:
        """Home games beyond half of all."""
        return 2 * self._at_home[club] - self._games[club]


def slate(day: date, rng: random.Random) -> int:
    """Games of a day: most Mondays and Thursdays are days off for some."""
    return rng.randint(9, 12) if day.weekday() in (MONDAY, THURSDAY) else 15


def tip_off(home: Club, day: date, rng: random.Random) -> TipOff:
    """The Eastern time of the first pitch: evenings, afternoons on Sundays and some other days, by the park's clock."""
    early = {SUNDAY: 0.9, SATURDAY: 0.55, THURSDAY: 0.35, 2: 0.3}.get(day.weekday(), 0.05)
    hour, minute = (
        rng.choice(((13, 5), (13, 10), (13, 35), (14, 10)))
        if rng.random() < early
        else rng.choice(((18, 35), (18, 40), (19, 5), (19, 10)))
    )
    return hour + home.west_h, minute
