"""Synthetic players: made-up people with plausible parts to play. None of them exists."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from fakes.upstreams.league import TEAMS, Team

FIRST_NAMES = (
    "Aaron", "Andre", "Bojan", "Caleb", "Chris", "Darius", "DeShawn", "Dillon", "Elijah", "Evan", "Franz", "Gabe",
    "Goran", "Harrison", "Isaiah", "Jalen", "Jaylen", "Jordan", "José", "Josh", "Julius", "Keegan", "Kelly",
    "Kenrich", "Kevin", "Kyle", "Luka", "Malik", "Marcus", "Marko", "Micah", "Miles", "Naz", "Nikola", "Oscar",
    "Patrick", "Rui", "Saddiq", "Sandro", "Santi", "Scottie", "Tari", "Terance", "Théo", "Trey", "Tyrese", "Vít",
    "Walker", "Xavier", "Zach",
)  # fmt: skip
LAST_NAMES = (
    "Adebola", "Alvarado", "Anderson", "Bagley", "Barnes", "Batum", "Bitadze", "Bogdanović", "Braun", "Brooks",
    "Champagnie", "Clarke", "Craig", "Dieng", "Dončev", "Dosunmu", "Edwards", "Fontecchio", "Fultz", "Garza",
    "Grant", "Green", "Hachimura", "Hauser", "Holmes", "Jović", "Kessler", "Knecht", "Looney", "Lyles", "Mann",
    "Martin", "McBride", "Micić", "Nance", "Nesmith", "Nurkić", "Okogie", "Okoro", "Plumlee", "Poeltl",
    "Porziņģis", "Reath", "Richards", "Šarić", "Sensabaugh", "Sharpe", "Smart", "Thybulle", "Toppin", "Vučević",
    "Vassell", "Wallace", "Ware", "Wembley", "Williams", "Yabusele", "Zeller",
)  # fmt: skip
SUFFIXES = ("", "", "", "", "", "", "", "", " Jr.", " III")

POSITIONS = ("G", "F", "C", "G", "F", "G", "F", "C", "G", "F", "G", "F", "C", "G", "F")
"""By rank on the team: starters first."""

ROSTER = len(POSITIONS)


@dataclass(frozen=True, slots=True)
class Player:
    """One player; `shots`, `rebounds`, `assists` are shares of the team's when on the floor, `threes` of his own
    shots.
    """

    bdl_id: int
    first_name: str
    last_name: str
    position: str
    height: str
    weight: str
    jersey: str
    rank: int
    shots: float
    threes: float
    rebounds: float
    assists: float

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.first_name} {self.last_name}"


def build_rosters(rng: random.Random) -> dict[str, tuple[Player, ...]]:
    """Fifteen players for each team, by tricode, best first. No two players share a name."""
    taken: set[str] = set()
    return {team.tricode: _roster(team, rng, taken) for team in TEAMS}


def _roster(team: Team, rng: random.Random, taken: set[str]) -> tuple[Player, ...]:
    players = []
    for rank, position in enumerate(POSITIONS):
        first, last = draw_name(rng, taken)
        inches = {"G": 75, "F": 80, "C": 83}[position] + rng.randint(-2, 2)
        players.append(
            Player(
                bdl_id=team.bdl_id * 1_000 + rank + 1,
                first_name=first,
                last_name=last,
                position=position,
                height=f"{inches // 12}-{inches % 12}",
                weight=str(round(2.9 * inches - 15 + rng.uniform(-12, 12))),
                jersey=str(rng.randint(0, 55)),
                rank=rank,
                shots=rng.uniform(0.8, 1.2) * (1.7 - 0.08 * rank),
                threes={"G": 0.46, "F": 0.40, "C": 0.15}[position] * rng.uniform(0.7, 1.25),
                rebounds={"G": 0.7, "F": 1.2, "C": 2.0}[position] * rng.uniform(0.8, 1.2),
                assists={"G": 1.8, "F": 0.9, "C": 0.7}[position] * rng.uniform(0.7, 1.4),
            )
        )
    return tuple(players)


def draw_name(
    rng: random.Random, taken: set[str], firsts: Sequence[str] = FIRST_NAMES, lasts: Sequence[str] = LAST_NAMES
) -> tuple[str, str]:
    """A given and a family name that nobody of `taken` has; some are juniors or third of their names."""
    while True:
        first, last = rng.choice(firsts), rng.choice(lasts)
        if f"{first} {last}" not in taken:
            taken.add(f"{first} {last}")
            return first, last + rng.choice(SUFFIXES)
