"""statsapi.mlb.com's schedule: games by day, with what a request hydrates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import State
from fakes.upstreams.mlb.bodies import NOTICE, club_body, person, person_body, reference, stamp, status, venue_reference
from fakes.upstreams.mlb.game_box import SIDES, line_score
from fakes.upstreams.mlb.game_feed import day_night, decisions, double_header
from fakes.upstreams.mlb.season import BallGame, MlbSeason
from fakes.upstreams.records import Records

_WORD = re.compile(r"[A-Za-z]+|[(),]")


def hydrations(text: str) -> set[str]:
    """The names a `hydrate` parameter asks for at any depth: "team(venue),linescore" is team, venue and linescore."""
    return {word for word in _WORD.findall(text) if word not in "(),"}


@dataclass(frozen=True, slots=True)
class Row:
    """A game on a day of the schedule; a suspended one has a second on the day on which it is resumed."""

    day: date
    game: BallGame
    resumed: bool = False


def rows(season: MlbSeason, now_s: float) -> list[Row]:
    """Everything in the schedule by now."""
    found = []
    for game in season.games:
        if game.known(now_s):
            found.append(Row(game.day, game))
            if now_s >= game.halted_s:
                found.append(Row(game.day + timedelta(days=1), game, resumed=True))
    return found


def schedule(shown: Iterable[Row], hydrate: set[str], records: Records[BallGame], now_s: float) -> Json:
    """The schedule of these rows, by day."""
    days: dict[date, list[Json]] = {}
    live = 0
    for row in sorted(shown, key=lambda row: (row.day, row.game.tip_s, row.game.game_id)):
        days.setdefault(row.day, []).append(_game(row, hydrate, records, now_s))
        live += row.game.state(now_s) is State.LIVE
    total = sum(len(games) for games in days.values())
    return {
        "copyright": NOTICE,
        "totalItems": total,
        "totalEvents": 0,
        "totalGames": total,
        "totalGamesInProgress": live,
        "dates": [
            {
                "date": day.isoformat(),
                "totalItems": len(games),
                "totalEvents": 0,
                "totalGames": len(games),
                "totalGamesInProgress": sum(game["status"]["codedGameState"] == "I" for game in games),
                "games": games,
                "events": [],
            }
            for day, games in days.items()
        ],
    }


def _game(row: Row, hydrate: set[str], records: Records[BallGame], now_s: float) -> Json:
    game = row.game
    final = game.state(now_s) is State.FINAL
    shown: Json = {
        "gamePk": int(game.game_id),
        "gameGuid": f"00000000-0000-4000-8000-{int(game.game_id):012d}",
        "link": f"/api/v1.1/game/{game.game_id}/feed/live",
        "gameType": "R",
        "season": str(game.season_year),
        "gameDate": stamp(game.resumes_s if row.resumed else game.tip_s),
        "officialDate": game.day.isoformat(),
        "status": status(game, now_s),
        "teams": {name: _team(game, side, hydrate, records, now_s) for side, name in reversed(list(enumerate(SIDES)))},
        "venue": venue_reference(game.home),
        "content": {"link": f"/api/v1/game/{game.game_id}/content"},
    }
    if final:
        shown["isTie"] = False
    shown |= {
        "gameNumber": game.number_of_day,
        "publicFacing": True,
        "doubleHeader": double_header(game),
        "gamedayType": "P",
        "tiebreaker": "N",
        "calendarEventID": f"14-{game.game_id}-{game.day}",
        "seasonDisplay": str(game.season_year),
        "dayNight": day_night(game),
        "scheduledInnings": 9,
        "reverseHomeAwayStatus": False,
        "inningBreakLength": 120,
        "gamesInSeries": game.series_games,
        "seriesGameNumber": game.series_game,
        "seriesDescription": "Regular Season",
        "recordSource": "S",
        "ifNecessary": "N",
        "ifNecessaryDescription": "Normal Game",
    }
    shown |= _moved(row, now_s)
    if "linescore" in hydrate:
        shown["linescore"] = line_score(game, now_s)
    if "decisions" in hydrate and final:
        shown["decisions"] = decisions(game)
    if "seriesStatus" in hydrate:
        shown["seriesStatus"] = {"gameNumber": game.series_game, "totalGames": game.series_games, "result": ""}
    if "broadcasts" in hydrate:
        shown["broadcasts"] = []
    if "lineups" in hydrate:
        shown["lineups"] = _lineups(game, now_s)
    if "weather" in hydrate:
        shown["weather"] = {}
    return shown


def _moved(row: Row, now_s: float) -> Json:
    """Where a game went that is not played (to its end) on its day, and where it came from."""
    game = row.game
    shown: Json = {}
    if game.called_off(now_s) and game.made_up:
        shown |= {"rescheduleDate": f"{game.made_up}T00:00:00Z", "rescheduleGameDate": game.made_up.isoformat()}
    if game.made_up_from:
        shown |= {"rescheduledFrom": f"{game.made_up_from}T00:00:00Z", "rescheduledFromDate": f"{game.made_up_from}"}
    if now_s >= game.halted_s:
        resumes, began = stamp(game.resumes_s), stamp(game.tip_s)
        if row.resumed:
            shown |= {"resumedFrom": began, "resumedFromDate": game.day.isoformat()}
        else:
            shown |= {"resumeDate": resumes, "resumeGameDate": (game.day + timedelta(days=1)).isoformat()}
    return shown


def _team(game: BallGame, side: int, hydrate: set[str], records: Records[BallGame], now_s: float) -> Json:
    club = (game.home, game.away)[side]
    won, lost = records.of(club, now_s)
    shown: Json = {
        "leagueRecord": {"wins": won, "losses": lost, "pct": share(won, lost)},
        "team": club_body(club, game.season_year) if "team" in hydrate else reference(club),
        "splitSquad": False,
        "seriesNumber": 1,
    }
    if game.played_at_all and now_s >= game.begins_s:
        shown["score"] = game.score(now_s)[side]
    if game.state(now_s) is State.FINAL:
        shown["isWinner"] = game.final_score[side] > game.final_score[1 - side]
    if "probablePitcher" in hydrate and (starter := game.starter(side, now_s)):
        shown["probablePitcher"] = person_body(starter, game.day) if "person" in hydrate else person(starter)
    return shown


def share(won: int, lost: int) -> str:
    """Games won of those played: ".583", "1.000", ".---" before the first."""
    if not won + lost:
        return ".---"
    text = f"{won / (won + lost):.3f}"
    return text if won and not lost else text.removeprefix("0")


def _lineups(game: BallGame, now_s: float) -> Json:
    if not game.lineup_known(now_s):
        return {}
    sides: Sequence[str] = ("homePlayers", "awayPlayers")
    return {
        name: [person(game.rosters[side][place]) for place, _ in game.squads[side].order]
        for side, name in enumerate(sides)
    }
