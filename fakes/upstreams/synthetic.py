"""The feeds of synthetic seasons, in the upstreams' shapes (those of recorded answers of 2024 and 2025)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from fakes.upstreams.basketball import Game, NbaSeason
from fakes.upstreams.bdl_nba import BdlNba, zulu
from fakes.upstreams.betting import Betting, event_id, sports, team_name
from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN, Fixture, State
from fakes.upstreams.league import Team
from fakes.upstreams.listing import Listing, Query
from fakes.upstreams.mlb.balldontlie import BdlMlb
from fakes.upstreams.mlb.season import MlbSeason
from fakes.upstreams.names import plain
from fakes.upstreams.nba_live import live_file
from fakes.upstreams.odds_api import SNAPSHOT_S, SPORTS

DAY_S = 86_400


class SyntheticFeeds:
    """Renders both seasons as each upstream would; MLB's is asked for when it is first needed."""

    def __init__(self, nba: NbaSeason, mlb: Callable[[], MlbSeason]) -> None:
        self._season = nba
        self._seasons: dict[str, Callable[[], Any]] = {"basketball_nba": lambda: nba, "baseball_mlb": mlb}
        self._bdl: dict[str, BdlNba | BdlMlb] = {"nba": BdlNba(nba), "mlb": BdlMlb(mlb)}
        self._betting = {key: Betting(sport) for key, sport in sports(nba, mlb).items()}

    def bdl(self, league: str, path: str, query: Query, now_s: float) -> Listing | None:
        """What BallDontLie lists."""
        return self._bdl[league].listing(path, query, now_s)

    def schedule(self, now_s: float) -> Json:
        """Every game of the season with its state."""
        dates: dict[date, list[Json]] = {}
        for game in self._season.shown(now_s):
            dates.setdefault(game.day, []).append(_nba_game(game, now_s))
        return {
            "meta": {
                "version": 1,
                "request": f"http://nba.cloud/league/00/{self._season.label}/scheduleleaguev2?Format=json",
                "time": zulu(now_s, "%Y-%m-%dT%H:%M:%S.000Z"),
            },
            "leagueSchedule": {
                "seasonYear": self._season.label,
                "leagueId": "00",
                "gameDates": [
                    {"gameDate": day.strftime("%m/%d/%Y 00:00:00"), "games": games}
                    for day, games in sorted(dates.items())
                ],
                "weeks": [],
                "broadcasterList": [],
            },
        }

    def live(self, kind: str, game_id: str, now_s: float) -> Json | None:
        """A game's live file."""
        game = self._season.of_id(game_id)
        return live_file(game, kind, now_s) if game is not None else None

    def markets(self, sport: str) -> tuple[str, ...]:
        """The markets of a sport."""
        return self._betting[sport].markets

    def events(self, sport: str, now_s: float) -> list[Json]:
        """The games not started yet: an event vanishes with its tip-off."""
        return [_event(sport, game) for game in self._betting[sport].upcoming(now_s)]

    def odds(
        self, sport: str, event_id: str, markets: tuple[str, ...], bookmakers: tuple[tuple[str, str], ...], now_s: float
    ) -> Json | None:
        """One event; lines move once an hour."""
        betting = self._betting[sport]
        game = betting.of_id(event_id, now_s)
        if game is None:
            return None
        updated, makers = zulu(now_s // 3_600 * 3_600), []
        for key, title in bookmakers:
            offered: list[Json] = []
            for market in markets:
                outcomes = [
                    {
                        "name": offer.name,
                        **({"description": plain(offer.player)} if offer.player else {}),
                        "price": offer.price,
                        **({} if offer.point is None else {"point": offer.point}),
                    }
                    for offer in betting.offers(game, market, key, now_s)
                ]
                if outcomes:
                    offered.append({"key": market, "last_update": updated, "outcomes": outcomes})
            if offered:
                makers.append({"key": key, "title": title, "last_update": updated, "markets": offered})
        return {**_event(sport, game), "bookmakers": makers}

    def scores(self, sport: str, days: int, now_s: float) -> list[Json]:
        """Games under way and to come, and those of the last `days`."""
        shown = []
        for game in self._seasons[sport]().shown(now_s):
            over = game.state(now_s) is State.FINAL
            ahead = now_s - (days + 1) * DAY_S * over <= game.tip_s <= now_s + 2 * DAY_S
            if game.called_off(now_s) or not (game.state(now_s) is State.LIVE or (ahead and (days or not over))):
                continue
            begun = game.state(now_s) is not State.SCHEDULED
            names = team_name(game.home), team_name(game.away)
            scores = [{"name": n, "score": str(s)} for n, s in zip(names, game.score(now_s), strict=True)]
            shown.append(
                {
                    **_event(sport, game), "completed": over, "scores": scores if begun else None,
                    "last_update": zulu(now_s // 30 * 30) if begun else None,
                }
            )  # fmt: skip
        return shown

    def snapshot(self, at_s: float, data: Any) -> Json:
        """A historical answer with the moments of its neighbours."""
        around = {"timestamp": 0, "previous_timestamp": -SNAPSHOT_S, "next_timestamp": SNAPSHOT_S}
        return {**{key: zulu(at_s + apart) for key, apart in around.items()}, "data": data}


def _event(sport: str, game: Fixture) -> Json:
    return {
        "id": event_id(game),
        "sport_key": sport,
        "sport_title": SPORTS[sport][1],
        "commence_time": zulu(game.tip_s),
        "home_team": team_name(game.home),
        "away_team": team_name(game.away),
    }


def _nba_game(game: Game, now_s: float) -> Json:
    state = game.state(now_s)
    period, clock = game.period(now_s)
    local = game.starts_at.astimezone(EASTERN)
    utc = game.starts_at.astimezone(UTC)
    overtime = "/OT" if state is State.FINAL and game.box.overtimes else ""
    text = {
        State.SCHEDULED: "PPD"
        if game.called_off(now_s)
        else f"{int(local.strftime('%I'))}:{local:%M} {local:%p}".lower() + " ET",
        State.LIVE: f"Q{period} {clock}",
        State.FINAL: f"Final{overtime}",
    }[state]
    home_score, away_score = game.score(now_s)
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    return {
        "gameId": game.game_id,
        "gameCode": f"{game.day:%Y%m%d}/{game.away.tricode}{game.home.tricode}",
        "gameStatus": int(state),
        "gameStatusText": text,
        "gameSequence": int(game.game_id[-2:]),
        "gameDateEst": f"{game.day}T00:00:00Z",
        "gameTimeEst": local.strftime("1900-01-01T%H:%M:%SZ"),
        "gameDateTimeEst": local.strftime(stamp),
        "gameDateUTC": datetime(game.day.year, game.day.month, game.day.day, tzinfo=EASTERN)
        .astimezone(UTC)
        .strftime(stamp),
        "gameTimeUTC": utc.strftime("1900-01-01T%H:%M:%SZ"),
        "gameDateTimeUTC": utc.strftime(stamp),
        "day": f"{game.day:%a}",
        "monthNum": game.day.month,
        "weekNumber": 0,
        "weekName": "",
        "ifNecessary": False,
        "gameLabel": "",
        "gameSubLabel": "",
        "seriesText": "",
        "arenaName": f"{game.home.city} Arena",
        "arenaCity": game.home.city,
        "postponedStatus": "Y" if game.called_off(now_s) else "N",
        "homeTeam": _nba_team(game.home, home_score),
        "awayTeam": _nba_team(game.away, away_score),
        "pointsLeaders": [],
    }


def _nba_team(team: Team, score: int) -> dict[str, Any]:
    return {
        "teamId": team.nba_id,
        "teamName": team.name,
        "teamCity": team.city,
        "teamTricode": team.tricode,
        "teamSlug": team.name.lower().replace(" ", ""),
        "wins": 0,
        "losses": 0,
        "score": score,
        "seed": 0,
    }
