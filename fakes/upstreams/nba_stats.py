"""stats.nba.com: tables by column, for callers who look like a browser.

Imitated: the endpoints scoreboardv2, leaguegamelog, boxscoretraditionalv2 and scheduleleaguev2int as recorded answers
have them (`resource`, `parameters`, `resultSets` with `headers` and `rowSet`); a caller without browser headers is not
answered in time by the real one, and is refused here; a missing parameter is a 400 in plain text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from fakes.seam import Refuse
from fakes.upstreams.basketball import Game, NbaSeason
from fakes.upstreams.boxscore import Line
from fakes.upstreams.exchange import Request, Response, json_response
from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN, State
from fakes.upstreams.league import Team
from fakes.upstreams.nba_columns import (
    GAME_HEADER,
    GAME_LOG,
    LAST_MEETING,
    LEADERS,
    LINE_SCORE,
    PLAYER_STATS,
    SERIES,
    STANDINGS,
    TEAM_STATS,
)
from fakes.upstreams.nba_records import NbaRecords

HOST = "stats.nba.com"
NEEDED_HEADERS = ("user-agent", "referer")

Rows = Sequence[Sequence[Any]]


class NbaStats:
    """Answers for a season."""

    def __init__(self, season: NbaSeason, schedule: Callable[[float], Json]) -> None:
        self._season = season
        self._schedule = schedule
        self._records = NbaRecords(season)

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request."""
        if request.method != "GET":
            return Response(405, b"", {"Allow": "GET"}, "methodNotAllowed")
        missing = [name for name in NEEDED_HEADERS if not request.headers.get(name)]
        if missing:
            return refuse(Refuse(403, "blocked", f"no {missing[0]} header"))
        name = request.path.removeprefix("/stats/").lower()
        routes: dict[str, Callable[[Request, float], Response]] = {
            "scoreboardv2": self._scoreboard,
            "leaguegamelog": self._game_log,
            "boxscoretraditionalv2": self._box_score,
            "scheduleleaguev2int": lambda request, now_s: json_response(200, self._schedule(now_s)),
        }
        route = routes.get(name)
        return route(request, now_s) if route else refuse(Refuse(404, "notFound", "Not Found"))

    def _scoreboard(self, request: Request, now_s: float) -> Response:
        day = _day(request.first("GameDate"))
        if day is None:
            return needed("GameDate", "YYYY-MM-DD")
        games = [game for game in self._season.of_day(day) if game.known(now_s) and not game.cancelled]
        stamp = f"{day}T00:00:00"
        sides = [(game, side) for game in games for side in (1, 0)]  # visitors first, as the league writes them
        played = [pair for pair in sides if pair[0].state(now_s) is not State.SCHEDULED]
        sets: list[tuple[str, list[str], Rows]] = [
            ("GameHeader", GAME_HEADER, [_header(game, n, stamp, now_s) for n, game in enumerate(games, 1)]),
            ("LineScore", LINE_SCORE, [self._line_score(game, side, stamp, now_s) for game, side in sides]),
            ("SeriesStandings", SERIES,
             [self._records.series(game, stamp, now_s) for game in games]),
            ("LastMeeting", LAST_MEETING,
             [row for game in games if (row := self._records.last_meeting(game, now_s))]),
            *(
                (f"{conference}ConfStandingsByDay", STANDINGS,
                 self._records.standings(conference, day, self._season, now_s))
                for conference in ("East", "West")
            ),
            ("Available", ["GAME_ID", "PT_AVAILABLE"], [[game.game_id, 0] for game in games]),
            ("TeamLeaders", LEADERS, [_leaders(game, side, now_s) for game, side in played]),
            ("TicketLinks", ["GAME_ID", "LEAG_TIX"], []),
        ]  # fmt: skip
        parameters = {"GameDate": day.isoformat(), "LeagueID": "00", "DayOffset": request.first("DayOffset", "0")}
        return table("scoreboardV2", parameters, sets)

    def _line_score(self, game: Game, side: int, stamp: str, now_s: float) -> list[Any]:
        team = (game.home, game.away)[side]
        lines = game.lines(now_s)[side]
        periods = list(game.periods(now_s)[side])
        won, lost = self._records.of(team, now_s)
        begun: list[Any] = [*periods, *[0] * (14 - len(periods))] if lines else [None] * 14
        sums: list[Any] = [None] * 7
        if lines:
            sums = [sum(periods), *_shares(lines), _sum(lines, "assists"), _sum(lines, "rebounds"),
                    _sum(lines, "turnovers")]  # fmt: skip
        return [stamp, game_sequence(game), game.game_id, team.nba_id, team.tricode, team.city, team.name,
                f"{won}-{lost}", *begun, *sums]  # fmt: skip

    def _game_log(self, request: Request, now_s: float) -> Response:
        if request.first("PlayerOrTeam", "P") != "P":
            return refuse(Refuse(501, "unsupported", "this emulator answers PlayerOrTeam=P only"))
        first, last = _day(request.first("DateFrom")), _day(request.first("DateTo"))
        counter = request.first("Counter", "1000")
        if not (counter.isascii() and counter.isdigit()):
            return needed("Counter", "a whole number")
        rows = []
        for game in self._season.games:
            if game.state(now_s) is not State.FINAL or (first and game.day < first) or (last and game.day > last):
                continue
            for side, lines in enumerate(game.lines(now_s)):
                rows += [_log_row(game, side, line, now_s) for line in lines if line.seconds]
        rows.sort(key=lambda row: (row[7], row[28]), reverse=request.first("Direction", "DESC").upper() != "ASC")
        parameters = {
            "LeagueID": "00", "Season": self._season.label, "SeasonType": "Regular Season", "PlayerOrTeam": "P",
            "Counter": int(counter), "Sorter": request.first("Sorter", "DATE"),
            "Direction": request.first("Direction", "DESC"), "DateFrom": first and first.isoformat(),
            "DateTo": last and last.isoformat(),
        }  # fmt: skip
        return table("leaguegamelog", parameters, [("LeagueGameLog", GAME_LOG, rows)])

    def _box_score(self, request: Request, now_s: float) -> Response:
        game_id = request.first("GameID")
        game = next((each for each in reversed(self._season.games) if each.game_id == game_id), None)
        if game is None:
            return needed("GameID", "ten digits of a game")
        players: list[list[Any]] = []
        teams: list[list[Any]] = []
        for side in (1, 0):
            team, lines = (game.home, game.away)[side], game.lines(now_s)[side]
            players += [_player_row(game, team, line) for line in lines]
            if lines:
                teams.append(_team_row(game, team, lines))
        sets: list[tuple[str, list[str], Rows]] = [
            ("PlayerStats", PLAYER_STATS, players), ("TeamStats", TEAM_STATS, teams),
        ]  # fmt: skip
        return table("boxscoretraditionalv2", {"GameID": game_id, "StartPeriod": 0, "EndPeriod": 10}, sets)


def game_sequence(game: Game) -> int:
    """Its place on the day's board."""
    return int(game.game_id[-2:])


def status_text(game: Game, now_s: float) -> str:
    """What the league says of a game: "7:00 pm ET", "Q3 5:32", "Final/OT", "PPD"."""
    match game.state(now_s):
        case State.LIVE:
            period, clock = game.period(now_s)
            return f"Q{period} {clock}" if period <= 4 else f"OT{period - 4} {clock}"
        case State.FINAL:
            overtimes = game.box.overtimes
            return "Final" if not overtimes else "Final/OT" if overtimes == 1 else f"Final/OT{overtimes}"
    if game.called_off(now_s):
        return "PPD"
    local = game.starts_at.astimezone(EASTERN)
    return f"{int(local.strftime('%I'))}:{local:%M} {local:%p}".lower() + " ET"


def _header(game: Game, number: int, stamp: str, now_s: float) -> list[Any]:
    state, (period, clock) = game.state(now_s), game.period(now_s)
    code = f"{game.day:%Y%m%d}/{game.away.tricode}{game.home.tricode}"
    return [stamp, number, game.game_id, int(state), status_text(game, now_s), code, game.home.nba_id, game.away.nba_id,
            str(game.season_year), period, clock if state is State.LIVE else "     ", None, "HOME", "AWAY",
            f"Q{period} {clock if state is State.LIVE else '     '}  - ", f"{game.home.city} Arena",
            1 if state is not State.SCHEDULED else 0, 0]  # fmt: skip


def _shares(lines: Sequence[Line]) -> tuple[float, float, float]:
    return (
        _share(_sum(lines, "made"), _sum(lines, "tried")),
        _share(_sum(lines, "free_throws"), _sum(lines, "free_throw_attempts")),
        _share(_sum(lines, "threes"), _sum(lines, "three_attempts")),
    )


def _sum(lines: Sequence[Line], name: str) -> int:
    return sum(getattr(line, name) for line in lines)


def _share(made: int, tried: int) -> float:
    return round(made / tried, 3) if tried else 0.0


def nba_id(line: Line) -> int:
    """NBA.com's id of a player: its own, unlike BallDontLie's."""
    return 1_600_000 + line.player.bdl_id


def _leaders(game: Game, side: int, now_s: float) -> list[Any]:
    team, lines = (game.home, game.away)[side], game.lines(now_s)[side]
    row: list[Any] = [game.game_id, team.nba_id, team.city, team.name, team.tricode]
    for name in ("points", "rebounds", "assists"):
        best = max(lines, key=lambda line: getattr(line, name))
        row += [nba_id(best), best.player.name, getattr(best, name)]
    return row


def _counts(line: Line) -> list[Any]:
    return [line.made, line.tried, _share(line.made, line.tried), line.threes, line.three_attempts,
            _share(line.threes, line.three_attempts), line.free_throws, line.free_throw_attempts,
            _share(line.free_throws, line.free_throw_attempts), line.offensive_rebounds, line.defensive_rebounds,
            line.rebounds, line.assists, line.steals, line.blocks, line.turnovers, line.fouls, line.points,
            line.plus_minus]  # fmt: skip


def _log_row(game: Game, side: int, line: Line, now_s: float) -> list[Any]:
    team = (game.home, game.away)[side]
    score = game.score(now_s)
    fantasy = line.points + 1.2 * line.rebounds + 1.5 * line.assists + 3 * (line.steals + line.blocks) - line.turnovers
    against = (
        f"{game.home.tricode} vs. {game.away.tricode}" if side == 0 else f"{game.away.tricode} @ {game.home.tricode}"
    )
    return [f"2{game.season_year}", nba_id(line), line.player.name, team.nba_id, team.tricode, team.full_name,
            game.game_id, game.day.isoformat(), against, "W" if score[side] > score[1 - side] else "L", line.minutes,
            *_counts(line), round(fantasy, 1), 1]  # fmt: skip


def _player_row(game: Game, team: Team, line: Line) -> list[Any]:
    row: list[Any] = [game.game_id, team.nba_id, team.tricode, team.city, nba_id(line), line.player.name,
                      line.player.first_name, line.player.position if line.started else ""]  # fmt: skip
    if not line.seconds:
        hurt = line.player.bdl_id in game.out
        return [*row, "DND - Injury/Illness" if hurt else "DNP - Coach's Decision", *[None] * 20]
    return [*row, "", f"{line.seconds // 60}:{line.seconds % 60:02d}", *_counts(line)]


def _team_row(game: Game, team: Team, lines: Sequence[Line]) -> list[Any]:
    seconds = _sum(lines, "seconds")
    fg, ft, three = _shares(lines)
    return [game.game_id, team.nba_id, team.name, team.tricode, team.city, f"{seconds // 60}:{seconds % 60:02d}",
            _sum(lines, "made"), _sum(lines, "tried"), fg, _sum(lines, "threes"), _sum(lines, "three_attempts"), three,
            _sum(lines, "free_throws"), _sum(lines, "free_throw_attempts"), ft, _sum(lines, "offensive_rebounds"),
            _sum(lines, "defensive_rebounds"), _sum(lines, "rebounds"), _sum(lines, "assists"), _sum(lines, "steals"),
            _sum(lines, "blocks"), _sum(lines, "turnovers"), _sum(lines, "fouls"), _sum(lines, "points"),
            _sum(lines, "plus_minus") // 5]  # fmt: skip


def table(resource: str, parameters: Json, sets: Sequence[tuple[str, list[str], Rows]]) -> Response:
    """A column store as this upstream sends it."""
    shown = [{"name": name, "headers": headers, "rowSet": rows} for name, headers, rows in sets]
    return json_response(200, {"resource": resource, "parameters": parameters, "resultSets": shown})


def needed(name: str, form: str) -> Response:
    """The 400 for a parameter that is missing or no such thing."""
    return Response(400, f"The {name} property is required ({form})".encode(), {"Content-Type": "text/plain"}, name)


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def refuse(refusal: Refuse) -> Response:
    """An error as this upstream's CDN words it."""
    body = f"<html><body><h1>{refusal.status}</h1>{refusal.message}</body></html>".encode()
    return Response(refusal.status, body, {"Content-Type": "text/html", **refusal.headers}, refusal.reason)
