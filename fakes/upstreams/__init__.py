"""The upstreams of the sports pipeline: BallDontLie, ESPN, NBA.com, The Odds API, SendGrid and Slack's webhooks.

They serve a synthetic season that goes live and final with the clock, or a folder of recorded answers. Contents and
front ends know each other only through `feeds`; the season knows no upstream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from fakes.gate import Gate
from fakes.seam import GrpcMethod, Surroundings, WsgiApp
from fakes.upstreams import balldontlie, espn, nba_com, nba_stats, odds_api, sendgrid, slack
from fakes.upstreams.captures import CapturedFeeds
from fakes.upstreams.feeds import Feeds
from fakes.upstreams.season import MOST_GAMES, Course, Season, build_season, plays_on
from fakes.upstreams.synthetic import SyntheticFeeds
from fakes.upstreams.web import Site, app


class Upstreams:
    """All upstreams of one world, on their own host names."""

    name = "upstreams"

    def __init__(
        self, around: Surroundings, feeds: Feeds, season: Season | None, *, keys: Mapping[str, str], limited: bool
    ) -> None:
        self.season = season
        self.slack = slack.SlackHooks(1 if limited else None)
        gate = Gate(around)
        bdl = balldontlie.BallDontLie(feeds, keys.get("balldontlie", ""), balldontlie.PER_MINUTE if limited else None)
        odds = odds_api.OddsApi(feeds, keys.get("odds_api", ""), odds_api.CREDITS if limited else None)
        sites: tuple[Site, ...] = (
            Site(balldontlie.HOST, around, gate, bdl, balldontlie.refuse),
            Site(nba_com.HOST, around, gate, nba_com.NbaCdn(feeds), nba_com.refuse),
            Site(odds_api.HOST, around, gate, odds, odds_api.refuse),
            Site(slack.HOST, around, gate, self.slack, slack.refuse),
        )
        self.sendgrid = sendgrid.SendGrid(keys.get("sendgrid", ""), sendgrid.PER_MINUTE if limited else None)
        sites += (Site(sendgrid.HOST, around, gate, self.sendgrid, sendgrid.refuse),)
        if season is not None:
            stats = nba_stats.NbaStats(season, feeds.schedule)
            sites += (
                Site(espn.HOST, around, gate, espn.Espn(season), espn.refuse),
                Site(nba_stats.HOST, around, gate, stats, nba_stats.refuse),
            )
        self._apps = {site.host: app(site) for site in sites}
        if season is not None:
            _announce_finals(around, season)

    def http(self) -> Mapping[str, WsgiApp]:
        """Each upstream's own host."""
        return self._apps

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """None of them speaks gRPC."""
        return {}

    def environment(self, address: str | None) -> Mapping[str, str]:
        """Nothing: there is no emulator variable for them; on the wire a client is given another base URL."""
        return {}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Nothing of a topology is theirs."""

    def close(self) -> None:
        """Nothing is held."""


def _announce_finals(around: Surroundings, season: Season) -> None:
    """Mark `slate_final` (key: the league's day) when the last game of a day has its final horn: the truth that no
    client can know before it asks, for checks that count from it.
    """
    now_s = around.now_ns() / 1e9
    ends: dict[date, float] = {}
    for game in season.games:
        if game.played_at_all:
            ends[game.day] = max(ends.get(game.day, 0.0), game.final_s)
    for day, final_s in ends.items():
        if final_s > now_s:
            fields = {"key": day.isoformat()}
            around.call_later(final_s - now_s, partial(around.record, "mark", name="slate_final", fields=fields))


def create(
    around: Surroundings,
    *,
    first_day: str | date = "2026-01-10",
    slates: Sequence[int] | None = None,
    days: int = 14,
    games_per_day: tuple[int, int] = (4, 11),
    first_number: int = 1,
    postponed: Sequence[str] | Mapping[str, str] = (),
    cancelled: Sequence[str] = (),
    late: Mapping[str, int] | None = None,
    corrected: Sequence[str] = (),
    extra: Sequence[Mapping[str, str]] = (),
    captures: str | Path | None = None,
    keys: Mapping[str, str] | None = None,
    limits: str = "service",
) -> Upstreams:
    """The upstreams over a synthetic season, or over a folder of `captures`.

    The season starts on `first_day` (the league's, Eastern). `slates` gives the number of games of each day; without it
    there are `days` days with a number drawn from `games_per_day` (both ends included, 0..15), none in the off-season
    and the all-star break. Game ids count from `first_number`. By id: `postponed` games are called off (a mapping says
    the day on which each is made up, "" for none), `cancelled` ones vanish, `late` ones begin so many minutes late,
    `corrected` ones have their statistics changed the next day. `extra` games {day, home, away, at} come on top.

    `keys` {balldontlie, odds_api, sendgrid}: the one key each accepts (any
    where not given). `limits` is "service" (their rate limits) or "none". Raises `ValueError` naming the option.
    """
    if limits not in ("service", "none"):
        raise ValueError(f"limits: {limits!r}; give 'service' or 'none'")
    unknown = sorted(set(keys or {}) - {"balldontlie", "odds_api", "sendgrid"})
    if unknown:
        raise ValueError(f"keys: {unknown} unknown; there are balldontlie, odds_api and sendgrid")
    limited = limits == "service"
    if captures is not None:
        return Upstreams(around, CapturedFeeds(Path(captures)), None, keys=keys or {}, limited=limited)
    low, high = games_per_day
    if not 0 <= low <= high <= MOST_GAMES:
        raise ValueError(f"games_per_day: {games_per_day}; give two numbers in order, 0 to {MOST_GAMES}")
    if days < 1:
        raise ValueError(f"days: {days}; a season has at least one")
    try:
        first = date.fromisoformat(first_day) if isinstance(first_day, str) else first_day
    except ValueError:
        raise ValueError(f"first_day: {first_day!r} is no date; give YYYY-MM-DD") from None
    rng = around.rng("season")
    seed = f"{rng.getrandbits(64):016x}"
    if slates is not None:
        counts = list(slates)
    else:
        counts = [rng.randint(low, high) if plays_on(first + timedelta(days=day)) else 0 for day in range(days)]
    try:
        course = Course(
            postponed={
                game: date.fromisoformat(day) if day else None
                for game, day in (postponed.items() if isinstance(postponed, Mapping) else [(g, "") for g in postponed])
            },
            cancelled=frozenset(cancelled),
            late={game: 60 * minutes for game, minutes in (late or {}).items()},
            corrected=frozenset(corrected),
            extra=tuple(extra),
        )
        season = build_season(seed, first, counts, first_number=first_number, course=course)
    except ValueError as error:
        raise ValueError(f"slates, postponed, cancelled, late, corrected, extra: {error}") from None
    return Upstreams(around, SyntheticFeeds(season), season, keys=keys or {}, limited=limited)
