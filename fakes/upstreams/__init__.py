"""The upstreams of the sports pipeline: BallDontLie, ESPN, NBA.com, MLB, The Odds API, SendGrid and Slack's webhooks.

They serve a synthetic season of each league that goes live and final with the clock, or a folder of recorded answers.
Contents and front ends know each other only through `feeds` and the seasons; a season knows no upstream.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

from fakes.gate import Gate
from fakes.seam import GrpcMethod, Surroundings, WsgiApp
from fakes.upstreams import (
    balldontlie,
    basketball,
    bettingpros,
    espn,
    injury_report,
    nba_com,
    nba_stats,
    odds_api,
    sendgrid,
    slack,
)
from fakes.upstreams.basketball import NbaSeason
from fakes.upstreams.captures import CapturedFeeds, Folder, Recorded
from fakes.upstreams.feeds import Feeds
from fakes.upstreams.fixture import Fixture
from fakes.upstreams.mlb import calendar, statsapi
from fakes.upstreams.mlb import season as baseball
from fakes.upstreams.mlb.season import MlbSeason
from fakes.upstreams.moods import Mood, Moody, moods
from fakes.upstreams.options import DEFAULT_FIRST_DAY, SeasonOptions
from fakes.upstreams.synthetic import SyntheticFeeds
from fakes.upstreams.web import Handler, Site, app

LONGEST_S = 2 * 86_400
"""No game ends so long after its beginning, be it suspended to the next day."""

KEYS = ("balldontlie", "bettingpros", "odds_api", "sendgrid")
RECORDABLE = (balldontlie, bettingpros, espn, nba_com, nba_stats, odds_api, statsapi)
HOSTS = tuple(site.HOST for site in (*RECORDABLE, injury_report, sendgrid, slack))


@dataclass(frozen=True, slots=True)
class Seasons:
    """Both seasons and what the upstreams make of them; MLB's is built when it is first asked for."""

    nba: NbaSeason
    mlb: Callable[[], MlbSeason]
    feeds: SyntheticFeeds


class Upstreams:
    """All upstreams of one world, on their own host names: `folders` (by host) hold recordings, the others show
    `seasons`, None where every host has recordings.
    """

    name = "upstreams"

    def __init__(
        self,
        around: Surroundings,
        seasons: Seasons | None,
        folders: Mapping[str, Folder],
        *,
        keys: Mapping[str, str],
        limited: bool,
        kept: Sequence[Mood],
    ) -> None:
        self.season = None if seasons is None else seasons.nba
        self._mlb = None if seasons is None else seasons.mlb
        self.slack = slack.SlackHooks(1 if limited else None)
        self.sendgrid = sendgrid.SendGrid(keys.get("sendgrid", ""), sendgrid.PER_MINUTE if limited else None)
        gate = Gate(Moody(around, kept))
        handlers: dict[ModuleType, Handler] = {
            injury_report: injury_report.answer, sendgrid: self.sendgrid, slack: self.slack
        }  # fmt: skip
        paging: dict[ModuleType, Callable[[Feeds], Handler]] = {
            balldontlie: lambda feeds: balldontlie.BallDontLie(
                feeds, keys.get("balldontlie", ""), balldontlie.PER_MINUTE if limited else None
            ),
            nba_com: nba_com.NbaCdn,
            odds_api: lambda feeds: odds_api.OddsApi(
                feeds, keys.get("odds_api", ""), odds_api.CREDITS if limited else None
            ),
        }
        for site in RECORDABLE:
            folder = folders.get(site.HOST)
            if folder is not None:
                page = paging.get(site)
                handlers[site] = Recorded(site.HOST, folder) if page is None else page(CapturedFeeds(folder))
            elif seasons is not None and site in paging:
                handlers[site] = paging[site](seasons.feeds)
        if seasons is not None:
            shown: dict[ModuleType, Handler] = {
                bettingpros: bettingpros.BettingPros(seasons.nba, seasons.mlb, keys.get("bettingpros", "")),
                espn: espn.Espn(seasons.nba),
                nba_stats: nba_stats.NbaStats(seasons.nba, seasons.feeds.schedule),
                statsapi: statsapi.StatsApi(seasons.mlb),
            }
            handlers = {**shown, **handlers}
            _announce_finals(around, seasons.nba.games, "slate_final")
        self._apps = {
            site.HOST: app(Site(site.HOST, around, gate, handle, site.refuse)) for site, handle in handlers.items()
        }

    @property
    def mlb(self) -> MlbSeason:
        """MLB's season; raises `ValueError` where there is none but recorded answers."""
        if self._mlb is None:
            raise ValueError("captures: recorded answers have no MLB season")
        return self._mlb()

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


def _announce_finals(around: Surroundings, games: Sequence[Fixture], mark: str) -> None:
    """Mark the end of a slate (key: the league's day) when the last game of a day has its final horn: the truth that no
    client can know before it asks, for checks that count from it.

    A day's games are played no sooner than its last one begins, and not at all where the day is long over: playing a
    season takes a second of processor time.
    """
    now_s = around.now_ns() / 1e9
    slates: dict[date, list[Fixture]] = {}
    for game in games:
        if game.played_at_all:
            slates.setdefault(game.day, []).append(game)
    for day, slate in slates.items():
        begins_s = max(game.begins_s for game in slate)
        if begins_s + LONGEST_S > now_s:
            around.call_later(max(0.0, begins_s - now_s), partial(_announce_final, around, day, slate, mark))


def _announce_final(around: Surroundings, day: date, slate: Sequence[Fixture], mark: str) -> None:
    final_s, now_s = max(game.final_s for game in slate), around.now_ns() / 1e9
    if final_s > now_s:
        fields = {"key": day.isoformat()}
        around.call_later(final_s - now_s, partial(around.record, "mark", name=mark, fields=fields))


def create(
    around: Surroundings,
    *,
    first_day: str | date = DEFAULT_FIRST_DAY,
    slates: Sequence[int] | None = None,
    days: int = 14,
    games_per_day: tuple[int, int] = (4, 11),
    first_number: int = 1,
    postponed: Sequence[str] | Mapping[str, str] = (),
    cancelled: Sequence[str] = (),
    late: Mapping[str, int] | None = None,
    corrected: Sequence[str] = (),
    extra: Sequence[Mapping[str, str]] = (),
    mlb: Mapping[str, Any] | None = None,
    habits: Mapping[str, Any] | None = None,
    captures: str | Path | Mapping[str, str | Path] | None = None,
    keys: Mapping[str, str] | None = None,
    limits: str = "service",
) -> Upstreams:
    """The upstreams over synthetic seasons, or over `captures`: a folder for all hosts, or host (or glob) -> folder,
    and then the other hosts show the seasons.

    The NBA's season starts on `first_day` (the league's, Eastern). `slates` gives the number of games of each day;
    without it there are `days` days with a number drawn from `games_per_day` (both ends included, 0..15), none in the
    off-season and the all-star break. Game ids count from `first_number`. By id: `postponed` games are called off (a
    mapping says the day on which each is made up, "" for none), `cancelled` ones vanish, `late` ones begin so many
    minutes late, `corrected` ones have their statistics changed the next day. `extra` games {day, home, away, at} come
    on top.

    `mlb` has the same options for MLB, whose `first_day` and `days` are those above where it says nothing, and
    `suspended` (games broken off and resumed the next day) and `rain` (whether some are called off by chance).

    `habits` switches on failure habits for good, by host or glob: a habit's name, {habit, path, share}, or a list.

    `keys` {balldontlie, bettingpros, odds_api, sendgrid}: the one key each accepts (any where not given). `limits` is
    "service" (their rate limits) or "none". Raises `ValueError` naming the option.
    """
    if limits not in ("service", "none"):
        raise ValueError(f"limits: {limits!r}; give 'service' or 'none'")
    unknown = sorted(set(keys or {}) - set(KEYS))
    if unknown:
        raise ValueError(f"keys: {unknown} unknown; there are {', '.join(KEYS)}")
    limited = limits == "service"
    kept = moods(habits or {}, HOSTS)
    folders = _folders(captures)
    if len(folders) == len(RECORDABLE):
        return Upstreams(around, None, folders, keys=keys or {}, limited=limited, kept=kept)
    options = SeasonOptions(
        first_day, slates, days, games_per_day, first_number, postponed, cancelled, late, corrected, (), extra
    )
    season = _nba(around, options)
    of_mlb = SeasonOptions.of("mlb", mlb or {}, first_day=first_day, days=days)
    lazily = cache(partial(_mlb, around, of_mlb))
    seasons = Seasons(season, lazily, SyntheticFeeds(season, lazily))
    upstreams = Upstreams(around, seasons, folders, keys=keys or {}, limited=limited, kept=kept)
    if mlb is not None:
        _announce_finals(around, lazily().games, "mlb_slate_final")
    return upstreams


def _folders(captures: str | Path | Mapping[str, str | Path] | None) -> dict[str, Folder]:
    """The folder of each host that has recordings; of several globs that fit one, the first counts."""
    if captures is None:
        return {}
    hosts = [site.HOST for site in RECORDABLE]
    if not isinstance(captures, Mapping):
        return dict.fromkeys(hosts, Folder(Path(captures)))
    found: dict[str, Folder] = {}
    for pattern, path in captures.items():
        fitting = [host for host in hosts if fnmatchcase(host, pattern)]
        if not fitting:
            raise ValueError(f"captures: {pattern!r} is no host with recordings; there are {', '.join(hosts)}")
        folder = Folder(Path(path))
        for host in fitting:
            found.setdefault(host, folder)
    return found


def _nba(around: Surroundings, options: SeasonOptions) -> NbaSeason:
    rng = around.rng("season")
    seed = f"{rng.getrandbits(64):016x}"
    counts = options.counts(rng, basketball.plays_on, lambda day: 0)
    try:
        return basketball.build_season(
            seed, options.first(), counts, first_number=options.first_number or 1, course=options.course()
        )
    except ValueError as error:
        raise ValueError(f"slates, postponed, cancelled, late, corrected, extra: {error}") from None


def _mlb(around: Surroundings, options: SeasonOptions) -> MlbSeason:
    rng = around.rng("mlb season")
    seed = f"{rng.getrandbits(64):016x}"
    counts = options.counts(rng, baseball.plays_on, partial(calendar.slate, rng=rng))
    numbered = {} if options.first_number is None else {"first_number": options.first_number}
    try:
        return baseball.build_season(
            seed, options.first(), counts, course=options.course(), rain=options.rain, **numbered
        )
    except ValueError as error:
        raise ValueError(f"mlb: slates, postponed, cancelled, late, corrected, suspended, extra: {error}") from None
