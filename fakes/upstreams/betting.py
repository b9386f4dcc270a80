"""What bookmakers offer on the games of either sport: who wins, by how much, how many points, and what players do.

Lines are drawn from the seed, bookmaker and hour: asked twice they agree, and they move once an hour. It must not know
any upstream's paths or keys.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fakes.upstreams.basketball import Game, NbaSeason
from fakes.upstreams.fixture import Fixture
from fakes.upstreams.mlb.season import BallGame, MlbSeason

OFFERED_WITHIN_S = 2 * 86_400
"""Events are listed two days ahead; player props of an event appear a day ahead."""

PROPS_WITHIN_S = 86_400
PROP_PLAYERS = 8
GAME_MARKETS = ("h2h", "spreads", "totals")

BOOKMAKERS: Mapping[str, Sequence[tuple[str, str]]] = {
    "us": (("draftkings", "DraftKings"), ("fanduel", "FanDuel"), ("betmgm", "BetMGM")),
    "us2": (("espnbet", "ESPN BET"), ("hardrockbet", "Hard Rock Bet")),
    "uk": (("paddypower", "Paddy Power"), ("skybet", "Sky Bet")),
    "eu": (("pinnacle", "Pinnacle"), ("unibet_eu", "Unibet")),
    "au": (("sportsbet", "SportsBet"), ("tab", "TAB")),
}
"""By region, as The Odds API names them; a few of each."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One outcome and its American price; `player` and `point` where the market has them."""

    name: str
    price: int
    player: str = ""
    point: float | None = None


@dataclass(frozen=True, slots=True)
class PropMarket:
    """A market on what players do: of `who` (all, hitters, pitchers), its mean by player, and the line's spread."""

    key: str
    mean: Callable[[Any], float]
    spread: float = 0.5
    pitchers: bool = False


NBA_PROPS = {
    market.key: market
    for market in (
        PropMarket("player_points", lambda player: 14 * player.shots, 2.0),
        PropMarket("player_rebounds", lambda player: 4.3 * player.rebounds * (1.5 - 0.05 * player.rank)),
        PropMarket("player_assists", lambda player: 2.9 * player.assists * (1.5 - 0.05 * player.rank)),
        PropMarket("player_threes", lambda player: 5.5 * player.shots * player.threes * 0.37),
        PropMarket("player_steals", lambda _: 0.8, 0.3),
        PropMarket("player_blocks", lambda player: 0.6 * player.rebounds, 0.3),
    )
}
MLB_PROPS = {
    market.key: market
    for market in (
        PropMarket("pitcher_strikeouts", lambda p: 5.2 * p.gifts.strikeouts * p.stamina, 0.6, pitchers=True),
        PropMarket("pitcher_outs", lambda p: 15.5 * p.stamina, 0.8, pitchers=True),
        PropMarket("pitcher_hits_allowed", lambda p: 4.8 * p.gifts.hits, 0.5, pitchers=True),
        PropMarket("pitcher_earned_runs", lambda p: 2.4 * p.gifts.hits, 0.4, pitchers=True),
        PropMarket("pitcher_walks", lambda p: 1.7 * p.gifts.walks, 0.3, pitchers=True),
        PropMarket("batter_hits", lambda p: 0.9 * p.gifts.hits, 0.2),
        PropMarket("batter_total_bases", lambda p: 1.4 * (p.gifts.hits + 0.3 * p.gifts.homers - 0.3), 0.3),
        PropMarket("batter_home_runs", lambda _: 0.2, 0.05),
        PropMarket("batter_rbis", lambda p: 0.5 * p.gifts.homers, 0.1),
        PropMarket("batter_runs_scored", lambda p: 0.5 * p.gifts.hits, 0.1),
        PropMarket("batter_strikeouts", lambda p: 0.9 * p.gifts.strikeouts, 0.2),
        PropMarket("batter_stolen_bases", lambda p: 0.1 * p.gifts.speed, 0.05),
    )
}


@dataclass(frozen=True, slots=True)
class Sport:
    """A sport as a bookmaker sees it: its season, its markets, and the usual sum and margin of a game."""

    season: Callable[[], Any]
    props: Mapping[str, PropMarket]
    total: tuple[float, float]
    spread: float
    """The run line of baseball is 1.5 always; 0 where the margin is drawn."""

    def markets(self) -> tuple[str, ...]:
        """All there are."""
        return (*GAME_MARKETS, *self.props)


def sports(nba: NbaSeason, mlb: Callable[[], MlbSeason]) -> dict[str, Sport]:
    """Both sports by The Odds API's keys."""
    return {
        "basketball_nba": Sport(lambda: nba, NBA_PROPS, (228.0, 7.0), 0.0),
        "baseball_mlb": Sport(mlb, MLB_PROPS, (8.5, 0.8), 1.5),
    }


class Betting:
    """The offers of one sport."""

    def __init__(self, sport: Sport) -> None:
        self._sport = sport
        self._events: dict[str, Fixture] = {}

    @property
    def markets(self) -> tuple[str, ...]:
        """All markets there are."""
        return self._sport.markets()

    def upcoming(self, now_s: float) -> Sequence[Fixture]:
        """The games offered: an event vanishes with its start."""
        found: Sequence[Fixture] = self._sport.season().upcoming(now_s, OFFERED_WITHIN_S)
        return found

    def of_id(self, event: str, now_s: float) -> Fixture | None:
        """The game of an event's id while it is offered."""
        if not self._events:  # the make-up game, where there is one
            self._events = {event_id(game): game for game in self._sport.season().games}
        game = self._events.get(event)
        if game is None or not game.known(now_s) or game.called_off(now_s):
            return None
        return game if now_s < game.tip_s <= now_s + OFFERED_WITHIN_S else None

    def offers(self, game: Fixture, market: str, bookmaker: str, now_s: float) -> list[Offer]:
        """What a bookmaker offers in a market; nothing where he has none (yet)."""
        if market in GAME_MARKETS:
            return self._game_lines(game, market, bookmaker, int(now_s // 3_600))
        if market not in self._sport.props or game.tip_s > now_s + PROPS_WITHIN_S:
            return []
        return list(self._props(game, self._sport.props[market], bookmaker, int(now_s // 3_600)))

    def _game_lines(self, game: Fixture, market: str, bookmaker: str, hour: int) -> list[Offer]:
        base = random.Random(f"{game.seed}/odds/{game.game_id}")
        move = random.Random(f"{game.seed}/odds/{game.game_id}/{market}/{bookmaker}/{hour}")
        edge = base.gauss(0.04, 0.12)  # by how much the home team is likelier to win
        mean, spread = self._sport.total
        total = base.gauss(mean, spread)
        names = team_name(game.home), team_name(game.away)
        vig, tilt = 1.045, move.uniform(-0.01, 0.01)
        if market == "h2h":
            home = min(0.9, max(0.1, 0.5 + edge + tilt))
            prices = american(home * vig), american((1 - home) * vig)
            return [Offer(name, price) for name, price in zip(names, prices, strict=True)]
        even = american((0.5 + tilt) * vig), american((0.5 - tilt) * vig)
        if market == "totals":
            point = round(total + move.choice((-0.5, 0, 0, 0.5))) + 0.5
            return [Offer(name, price, point=point) for name, price in zip(("Over", "Under"), even, strict=True)]
        margin = self._sport.spread or max(1, round(abs(edge) * 38 + move.choice((-0.5, 0, 0, 0.5)))) - 0.5
        points = (-margin, margin) if edge > 0 else (margin, -margin)
        return [Offer(n, p, point=each) for n, p, each in zip(names, even, points, strict=True)]

    def _props(self, game: Fixture, market: PropMarket, bookmaker: str, hour: int) -> Iterator[Offer]:
        seed = game.seed
        kind = "" if market.key == "player_points" else f"/{market.key}"
        for player in _players(game, market):
            base = random.Random(f"{seed}/line/{game.game_id}/{player.bdl_id}{kind}")
            move = random.Random(f"{seed}/line/{game.game_id}/{player.bdl_id}/{bookmaker}/{hour}{kind}")
            if not kind:
                line = max(2, round(market.mean(player) + base.gauss(0, 2) + move.choice((-1, 0, 0, 0, 1)))) + 0.5
            else:
                step = move.choice((-0.3, 0, 0, 0, 0.3)) * market.spread
                line = max(0, round(market.mean(player) + base.gauss(0, market.spread) + step - 0.5)) + 0.5
            tilt = move.randint(-12, 12)
            for name, price in (("Over", -113 + tilt), ("Under", -113 - tilt)):
                yield Offer(name, price if price <= -100 else 200 + price, player.name, line)


def _players(game: Fixture, market: PropMarket) -> list[Any]:
    if isinstance(game, Game):
        return [*game.home_players[:PROP_PLAYERS], *game.away_players[:PROP_PLAYERS]]
    assert isinstance(game, BallGame)
    if market.pitchers:
        return [starter for side in (0, 1) if (starter := game.starter(side, float("inf")))]
    return [game.rosters[side][place] for side in (0, 1) for place, _ in game.squads[side].order]


def event_id(game: Fixture) -> str:
    """The Odds API's id: 32 hexadecimal digits that say nothing."""
    return hashlib.md5(f"{game.seed}/{game.game_id}".encode(), usedforsecurity=False).hexdigest()


def american(chance: float) -> int:
    """The American price of a chance: -100 and less for favourites, +100 and more for others."""
    chance = min(0.97, max(0.03, chance))
    return round(-100 * chance / (1 - chance)) if chance >= 0.5 else round(100 * (1 - chance) / chance)


def decimal(price: int) -> float:
    """An American price as a decimal one."""
    return round(1 + (price / 100 if price > 0 else 100 / -price), 2)


def team_name(team: Any) -> str:
    """A team as bookmakers write it: "Los Angeles Clippers", where the league says "LA Clippers"."""
    return "Los Angeles Clippers" if team.tricode == "LAC" else str(team.full_name)
