"""Synthetic ballplayers with plausible gifts: a name that somebody bears is chance."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from fakes.upstreams.mlb.league import CLUBS, Club
from fakes.upstreams.roster import draw_name

FIRST_NAMES = (
    "Aaron", "Adolis", "Alejandro", "Andrés", "Anthony", "Austin", "Ben", "Bo", "Brandon", "Bryan", "Cal", "Carlos",
    "César", "Chris", "Cole", "Corey", "Dylan", "Eduardo", "Eloy", "Francisco", "Framber", "Gabriel", "George", "Gio",
    "Hunter", "Ian", "Jarren", "Jazz", "Jeremy", "Jesús", "Joey", "Jordan", "José", "Josh", "Julio", "Kenta", "Kyle",
    "Lane", "Luis", "Manny", "Marcus", "Matt", "Max", "Michael", "Nico", "Nolan", "Ozzie", "Pablo", "Randy", "Ryan",
    "Salvador", "Shōta", "Taylor", "Tomás", "Trevor", "Tyler", "Will", "Yandy", "Yordan", "Zack",
)  # fmt: skip
LAST_NAMES = (
    "Abreu", "Acosta", "Adames", "Albies", "Alcántara", "Altman", "Báez", "Bassett", "Bednar", "Bell", "Benintende",
    "Bogaert", "Burnes", "Castellano", "Castillo", "Cease", "Contreras", "Cortes", "Crawford", "Cruz", "De La Rosa",
    "Devers", "Díaz", "Donovan", "Estévez", "Fernández", "Flaherty", "Fried", "Gallen", "García", "Giménez",
    "Gonsolin", "González", "Goodwin", "Gray", "Greene", "Guerrero", "Hader", "Hayes", "Hernández", "Imanaga",
    "Jansen", "Jiménez", "Kelly", "Kirby", "Lindor", "López", "Lowe", "Maeda", "Márquez", "Martínez", "McNeil",
    "Mullins", "Muncie", "Naylor", "Nimmo", "O'Hearn", "Olson", "Ortiz", "Peña", "Peralta", "Pérez", "Ramírez",
    "Realmuto", "Reynolds", "Rodón", "Rodríguez", "Ruiz", "Sánchez", "Santander", "Schwarber", "Semien", "Snell",
    "Soler", "Steele", "Strider", "Suárez", "Swanson", "Tucker", "Urías", "Valdez", "Vázquez", "Walker", "Webb",
    "Wheeler", "Winker", "Witt", "Yastrem", "Zimmer",
)  # fmt: skip

FIELDERS = ("C", "1B", "2B", "3B", "SS", "LF", "CF", "RF", "DH")
POSITIONS = (
    *FIELDERS, "C", "SS", "LF", "2B", "CF", "1B", "3B",
    *["SP"] * 7, *["RP"] * 11,
)  # fmt: skip
"""A club's forty without those who never play: sixteen hitters, best of a place first, and eighteen pitchers."""

ACTIVE_HITTERS, ACTIVE_PITCHERS = 13, 13
"""Of the twenty-six on the active roster (MLB rule since 2022: thirteen pitchers at most)."""


@dataclass(frozen=True, slots=True)
class Gifts:
    """Multipliers of the league's rates for each outcome of a plate appearance; 1 is average. `speed` is of steals."""

    strikeouts: float
    walks: float
    homers: float
    hits: float
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Ballplayer:
    """One player; `rank` is his place among the club's, `stamina` a pitcher's share of a starter's usual pitches."""

    mlb_id: int
    bdl_id: int
    first_name: str
    last_name: str
    position: str
    jersey: str
    bats: str
    throws: str
    height_in: int
    weight_lb: int
    born: date
    debut: date
    rank: int
    gifts: Gifts
    stamina: float

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def pitches(self) -> bool:
        """Whether he is a pitcher."""
        return self.position in ("SP", "RP")


def build_rosters(rng: random.Random) -> dict[str, tuple[Ballplayer, ...]]:
    """Thirty-four players for each club, by abbreviation, hitters first. No two share a name."""
    taken: set[str] = set()
    return {club.tricode: _roster(club, rng, taken) for club in CLUBS}


def _roster(club: Club, rng: random.Random, taken: set[str]) -> tuple[Ballplayer, ...]:
    players = []
    strength = rng.gauss(0, 0.035)  # what makes the best clubs win a hundred games and the worst sixty
    for rank, position in enumerate(POSITIONS):
        first, last = draw_name(rng, taken, FIRST_NAMES, LAST_NAMES)
        pitcher = position in ("SP", "RP")
        bats = rng.choices("RLS", (60, 30, 10))[0]
        throws = rng.choices("RL", (72, 28) if pitcher else (92, 8))[0]
        height = round(rng.gauss(74 if pitcher else 72.5, 2))
        born = date(2000, 1, 1) - timedelta(days=rng.randint(-1_500, 4_500))
        players.append(
            Ballplayer(
                mlb_id=600_000 + club.mlb_id * 100 + rank, bdl_id=club.bdl_id * 100 + rank, first_name=first,
                last_name=last, position=position, jersey=str(rng.randint(1, 75)), bats=bats, throws=throws,
                height_in=height, weight_lb=round(3 * height - 15 + rng.uniform(-20, 25)), born=born,
                debut=born + timedelta(days=rng.randint(8_000, 9_200)), rank=rank,
                gifts=_gifts(rng, position, rank, strength), stamina=_stamina(rng, position),
            )
        )  # fmt: skip
    return tuple(players)


def _gifts(rng: random.Random, position: str, rank: int, strength: float) -> Gifts:
    """The first nine hit better than the bench, the first starters pitch better than the last."""

    def near(mean: float, spread: float) -> float:
        return max(0.35, rng.gauss(mean, spread))

    if position in ("SP", "RP"):
        worse = 0.02 * (rank - 18 if position == "SP" else 0.5) - strength
        return Gifts(near(1 - worse, 0.14), near(1 + worse, 0.2), near(1 + worse, 0.2), near(1 + worse, 0.05))
    bench = 0.0 if rank < len(FIELDERS) else 0.06
    power = {"1B": 1.25, "DH": 1.3, "RF": 1.15, "LF": 1.1, "3B": 1.1, "C": 0.95, "SS": 0.9, "2B": 0.85, "CF": 0.9}
    speed = {"CF": 2.0, "SS": 1.6, "2B": 1.4, "LF": 1.1, "RF": 1.0, "3B": 0.7, "C": 0.3, "1B": 0.4, "DH": 0.4}
    return Gifts(
        near(1 + bench, 0.18), near(1 - bench + strength, 0.25), near(power[position] - 2 * bench + strength, 0.3),
        near(1 - bench + strength, 0.08), near(speed[position], 0.3),
    )  # fmt: skip


def _stamina(rng: random.Random, position: str) -> float:
    return rng.uniform(0.9, 1.1) if position == "SP" else rng.uniform(0.2, 0.35)
