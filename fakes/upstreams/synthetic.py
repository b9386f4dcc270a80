"""The feeds of a synthetic season, in the upstreams' shapes (those of recorded answers of 2024 and 2025)."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, date, datetime
from typing import Any

from fakes.upstreams.basketball import Game, NbaSeason
from fakes.upstreams.boxscore import Line
from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN, State
from fakes.upstreams.injuries import Injury
from fakes.upstreams.league import Team
from fakes.upstreams.roster import Player

OFFERED_WITHIN_S = 2 * 86_400
"""Events are listed two days ahead; player props of an event appear a day ahead."""

PROPS_WITHIN_S = 86_400
BOOKMAKERS = (("draftkings", "DraftKings"), ("fanduel", "FanDuel"), ("betmgm", "BetMGM"))
PROP_PLAYERS = 8
ORDINALS = ("1st Qtr", "2nd Qtr", "3rd Qtr", "4th Qtr")


class SyntheticFeeds:
    """Renders a season as each upstream would."""

    def __init__(self, season: NbaSeason) -> None:
        self._season = season
        self._by_event = {event_id(game): game for game in season.games}  # the make-up game, where there is one

    def box_scores(self, day: date, now_s: float) -> list[Json]:
        """The games of `day`; their teams have no lines before the tip-off, and running ones until the end."""
        rendered = []
        for game in self._season.of_day(day):
            if not game.known(now_s) or (game.cancelled and game.called_off(now_s)):
                continue
            home, away = game.lines(now_s)
            item = _bdl_game(game, now_s)
            del item["id"], item["datetime"]  # The recorded answers of this call have neither.
            item["home_team"]["players"] = [_bdl_line(line) for line in home]
            item["visitor_team"]["players"] = [_bdl_line(line) for line in away]
            rendered.append(item)
        return rendered

    def games(self, days: list[date], now_s: float) -> list[Json]:
        """The games of `days`, or of the season."""
        wanted = set(days)
        shown = (game for game in self._season.games if game.known(now_s))
        return [
            _bdl_game(game, now_s)
            for game in shown
            if (not wanted or game.day in wanted) and not (game.cancelled and game.called_off(now_s))
        ]

    def injuries(self, now_s: float) -> list[Json]:
        """About one player in twelve; the list changes at Eastern midnight."""
        today = datetime.fromtimestamp(now_s, EASTERN).date()
        entries = []
        for _, roster in sorted(self._season.rosters.items()):
            for player in roster:
                injury = self._season.injuries.of(player.bdl_id, today)
                if injury is not None:
                    entries.append(_injury(player, injury))
        return sorted(entries, key=lambda entry: int(entry["player"]["id"]))

    def schedule(self, now_s: float) -> Json:
        """Every game of the season with its state."""
        dates: dict[date, list[Json]] = {}
        for game in self._season.games:
            if not game.known(now_s) or (game.cancelled and game.called_off(now_s)):
                continue
            dates.setdefault(game.day, []).append(_nba_game(game, now_s))
        return {
            "meta": {
                "version": 1,
                "request": f"http://nba.cloud/league/00/{self._season.label}/scheduleleaguev2?Format=json",
                "time": _zulu(now_s, "%Y-%m-%dT%H:%M:%S.000Z"),
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

    def events(self, now_s: float) -> list[Json]:
        """The games not started yet: an event vanishes with its tip-off."""
        return [_event(game) for game in self._season.upcoming(now_s, OFFERED_WITHIN_S)]

    def odds(self, event_id: str, markets: frozenset[str], now_s: float) -> Json | None:
        """Points props of the best players; a line moves once an hour."""
        game = self._by_event.get(event_id)
        if (
            game is None
            or not game.known(now_s)
            or game.called_off(now_s)
            or not now_s < game.tip_s <= now_s + OFFERED_WITHIN_S
        ):
            return None
        makers: list[Json] = []
        if "player_points" in markets and game.tip_s <= now_s + PROPS_WITHIN_S:
            makers = [self._bookmaker(game, key, title, now_s) for key, title in BOOKMAKERS]
        return {**_event(game), "bookmakers": makers}

    def _bookmaker(self, game: Game, key: str, title: str, now_s: float) -> Json:
        hour = int(now_s // 3_600)
        updated = _zulu(hour * 3_600)
        outcomes = []
        for player in (*game.home_players[:PROP_PLAYERS], *game.away_players[:PROP_PLAYERS]):
            base = random.Random(f"{self._season.seed}/line/{game.game_id}/{player.bdl_id}")
            move = random.Random(f"{self._season.seed}/line/{game.game_id}/{player.bdl_id}/{key}/{hour}")
            line = max(2, round(14 * player.shots + base.gauss(0, 2) + move.choice((-1, 0, 0, 0, 1)))) + 0.5
            tilt = move.randint(-12, 12)
            for name, price in (("Over", -113 + tilt), ("Under", -113 - tilt)):
                outcomes.append({"name": name, "description": player.name, "price": _american(price), "point": line})
        market = {"key": "player_points", "last_update": updated, "outcomes": outcomes}
        return {"key": key, "title": title, "last_update": updated, "markets": [market]}


def event_id(game: Game) -> str:
    """The Odds API's id: 32 hexadecimal digits that say nothing."""
    return hashlib.md5(f"{game.seed}/{game.game_id}".encode(), usedforsecurity=False).hexdigest()


def _american(price: int) -> int:
    """American odds know no price between -100 and +100."""
    return price if price <= -100 else 200 + price


def _event(game: Game) -> Json:
    return {
        "id": event_id(game),
        "sport_key": "basketball_nba",
        "sport_title": "NBA",
        "commence_time": _zulu(game.tip_s),
        "home_team": _odds_name(game.home),
        "away_team": _odds_name(game.away),
    }


def _odds_name(team: Team) -> str:
    return "Los Angeles Clippers" if team.tricode == "LAC" else team.full_name


def _bdl_game(game: Game, now_s: float) -> Json:
    state = game.state(now_s)
    period, clock = game.period(now_s)
    home_score, away_score = game.score(now_s)
    status, time = {
        State.SCHEDULED: (_zulu(game.tip_s), None),
        State.LIVE: (ORDINALS[period - 1] if 1 <= period <= 4 else f"OT{max(1, period - 4)}", f"Q{period} {clock}"),
        State.FINAL: ("Final", "Final"),
    }[state]
    return {
        "id": int(game.game_id) + 18_000_000,
        "date": game.day.isoformat(),
        "season": int(game.game_id[3:5]) + 2_000,
        "status": status,
        "period": period,
        "time": time,
        "postseason": False,
        "home_team_score": home_score,
        "visitor_team_score": away_score,
        "datetime": _zulu(game.tip_s, "%Y-%m-%dT%H:%M:%S.000Z"),
        "home_team": _bdl_team(game.home),
        "visitor_team": _bdl_team(game.away),
    }


def _bdl_team(team: Team) -> Json:
    return {
        "id": team.bdl_id,
        "conference": team.conference,
        "division": team.division,
        "city": team.city,
        "name": team.name,
        "full_name": team.full_name,
        "abbreviation": team.tricode,
    }


def _bdl_player(player: Player) -> Json:
    return {
        "id": player.bdl_id,
        "first_name": player.first_name,
        "last_name": player.last_name,
        "position": player.position,
        "height": player.height,
        "weight": player.weight,
        "jersey_number": player.jersey,
        "college": "Windtunnel State",
        "country": "USA",
        "draft_year": None,
        "draft_round": None,
        "draft_number": None,
    }


def _bdl_line(line: Line) -> Json:
    made, tried = line.twos + line.threes, line.two_attempts + line.three_attempts
    return {
        "min": f"{line.minutes:02d}",
        "fgm": made,
        "fga": tried,
        "fg_pct": _share(made, tried),
        "fg3m": line.threes,
        "fg3a": line.three_attempts,
        "fg3_pct": _share(line.threes, line.three_attempts),
        "ftm": line.free_throws,
        "fta": line.free_throw_attempts,
        "ft_pct": _share(line.free_throws, line.free_throw_attempts),
        "oreb": line.offensive_rebounds,
        "dreb": line.defensive_rebounds,
        "reb": line.offensive_rebounds + line.defensive_rebounds,
        "ast": line.assists,
        "stl": line.steals,
        "blk": line.blocks,
        "turnover": line.turnovers,
        "pf": line.fouls,
        "pts": line.points,
        "player": _bdl_player(line.player),
    }


def _share(made: int, tried: int) -> float:
    return round(made / tried, 7) if tried else 0


def _injury(player: Player, injury: Injury) -> Json:
    since, back = injury.since, injury.back
    return {
        "player": {**_bdl_player(player), "team_id": player.bdl_id // 1_000},
        "return_date": f"{back:%b} {back.day}",
        "description": f"{since:%b} {since.day}: {player.last_name} ({injury.part}) is listed as "
        f"{injury.status.lower()}.",
        "status": injury.status,
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


def _zulu(moment_s: float, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    return datetime.fromtimestamp(moment_s, UTC).strftime(form)
