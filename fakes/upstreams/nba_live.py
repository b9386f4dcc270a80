"""cdn.nba.com's live files of a game: box score and play by play. There are none before the tip-off.

Imitated: `/static/json/liveData/boxscore/boxscore_ID.json` and `…/playbyplay/playbyplay_ID.json`, their keys as the
public client nba_api reads them (scores are texts in actions, clocks ISO durations). Shots have no places.
"""

from __future__ import annotations

from collections.abc import Iterator

from fakes.upstreams.basketball import Game
from fakes.upstreams.bdl_nba import zulu
from fakes.upstreams.boxscore import Line, Play, period_at
from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import State
from fakes.upstreams.league import Team
from fakes.upstreams.nba_stats import nba_id

ACTIONS = {
    "twos": ("2pt", "", "Made"), "two_attempts": ("2pt", "", "Missed"), "threes": ("3pt", "Jump Shot", "Made"),
    "three_attempts": ("3pt", "Jump Shot", "Missed"), "free_throws": ("freethrow", "1 of 1", "Made"),
    "free_throw_attempts": ("freethrow", "1 of 1", "Missed"), "offensive_rebounds": ("rebound", "offensive", ""),
    "defensive_rebounds": ("rebound", "defensive", ""), "steals": ("steal", "", ""), "blocks": ("block", "", ""),
    "turnovers": ("turnover", "bad pass", ""), "fouls": ("foul", "personal", ""),
}  # fmt: skip
"""Type, subtype and result by what a play counts first; an assist is told with its shot."""


def live_file(game: Game, kind: str, now_s: float) -> Json | None:
    """The file of `kind` (`boxscore`, `playbyplay`); None before the tip-off."""
    if game.state(now_s) is State.SCHEDULED:
        return None
    meta = {
        "version": 1, "code": 200, "time": zulu(now_s, "%Y-%m-%d %H:%M:%S.000000"),
        "request": f"http://nba.cloud/games/{game.game_id}/{kind}?Format=json",
    }  # fmt: skip
    if kind == "playbyplay":
        return {"meta": meta, "game": {"gameId": game.game_id, "actions": list(_actions(game, now_s))}}
    return {"meta": meta, "game": _box_score(game, now_s)}


def _clock(seconds: float) -> str:
    return f"PT{int(seconds) // 60:02d}M{seconds % 60:05.2f}S"


def _box_score(game: Game, now_s: float) -> Json:
    period, clock = game.period(now_s)
    minutes, _, seconds = clock.partition(":")
    final = game.state(now_s) is State.FINAL
    sides = [_team(game, side, team, now_s) for side, team in enumerate((game.home, game.away))]
    return {
        "gameId": game.game_id, "gameTimeUTC": zulu(game.tip_s), "gameCode": f"{game.day:%Y%m%d}/"
        f"{game.away.tricode}{game.home.tricode}", "gameStatusText": "Final" if final else f"Q{period} {clock}",
        "gameStatus": int(game.state(now_s)), "regulationPeriods": 4, "period": period,
        "gameClock": "" if final else _clock(60 * int(minutes) + int(seconds)), "attendance": 0, "sellout": "0",
        "arena": {"arenaName": f"{game.home.city} Arena", "arenaCity": game.home.city}, "officials": [],
        "homeTeam": sides[0], "awayTeam": sides[1],
    }  # fmt: skip


def _team(game: Game, side: int, team: Team, now_s: float) -> Json:
    lines = game.lines(now_s)[side]
    periods = game.periods(now_s)[side]
    return {
        "teamId": team.nba_id, "teamName": team.name, "teamCity": team.city, "teamTricode": team.tricode,
        "score": game.score(now_s)[side],
        "periods": [
            {"period": n, "periodType": "REGULAR" if n <= 4 else "OVERTIME", "score": points}
            for n, points in enumerate(periods, 1)
        ],
        "players": [_player(game, line, order) for order, line in enumerate(lines, 1)],
        "statistics": _statistics(lines),
    }  # fmt: skip


def _player(game: Game, line: Line, order: int) -> Json:
    player = line.player
    return {
        "status": "INACTIVE" if player.bdl_id in game.out else "ACTIVE", "order": order,
        "personId": nba_id(line), "jerseyNum": player.jersey, "position": player.position if line.started else "",
        "starter": str(int(line.started)), "oncourt": "0", "played": str(int(line.seconds > 0)),
        "statistics": {**_statistics((line,)), "minutes": _clock(line.seconds), "plusMinusPoints": line.plus_minus},
        "name": player.name, "nameI": f"{player.first_name[0]}. {player.last_name}",
        "firstName": player.first_name, "familyName": player.last_name,
    }  # fmt: skip


def _statistics(lines: tuple[Line, ...]) -> Json:
    def count(name: str) -> int:
        return sum(getattr(line, name) for line in lines)

    return {
        "assists": count("assists"), "blocks": count("blocks"), "fieldGoalsAttempted": count("tried"),
        "fieldGoalsMade": count("made"), "foulsPersonal": count("fouls"),
        "freeThrowsAttempted": count("free_throw_attempts"), "freeThrowsMade": count("free_throws"),
        "points": count("points"), "reboundsDefensive": count("defensive_rebounds"),
        "reboundsOffensive": count("offensive_rebounds"), "reboundsTotal": count("rebounds"),
        "steals": count("steals"), "threePointersAttempted": count("three_attempts"),
        "threePointersMade": count("threes"), "turnovers": count("turnovers"),
        "twoPointersAttempted": count("two_attempts"), "twoPointersMade": count("twos"),
    }  # fmt: skip


def _actions(game: Game, now_s: float) -> Iterator[Json]:
    box, elapsed_s = game.box_at(now_s), game.elapsed_s(now_s)
    teams, score, number, period = (game.home, game.away), [0, 0], 0, 0
    lines = game.lines(now_s)
    shot: Json | None = None
    for play in box.until(elapsed_s):
        now_in, left_s = period_at(min(play.at_s, box.length_s - 0.01))
        if period < now_in and shot is not None:
            yield shot
            shot = None
        while period < now_in:
            period += 1
            number += 1
            yield _marker(game, number, period, "start", 720.0 if period <= 4 else 300.0, score)
        score[play.side] += play.points
        line = lines[play.side][play.who]
        if play.counts[0] == "assists":
            if shot is not None:
                shot["assistPersonId"] = nba_id(line)
            continue
        if shot is not None:
            yield shot
        number += 1
        shot = _action(game, play, line, number, period, left_s, teams[play.side], score)
    if shot is not None:
        yield shot
    if game.state(now_s) is State.FINAL:
        yield _marker(game, number + 1, period, "end", 0.0, score, "game")


def _marker(
    game: Game, number: int, period: int, what: str, left_s: float, score: list[int], kind: str = "period"
) -> Json:
    return {
        "actionNumber": number, "orderNumber": 10_000 * number, "clock": _clock(left_s), "period": period,
        "periodType": "REGULAR" if period <= 4 else "OVERTIME", "actionType": kind, "subType": what,
        "timeActual": zulu(game.begins_s), "personId": 0, "scoreHome": str(score[0]), "scoreAway": str(score[1]),
        "description": f"{kind.capitalize()} {what}",
    }  # fmt: skip


def _action(
    game: Game, play: Play, line: Line, number: int, period: int, left_s: float, team: Team, score: list[int]
) -> Json:
    kind, sub, result = ACTIONS[play.counts[0]]
    share = play.at_s / game.box.length_s
    shown: Json = {
        "actionNumber": number, "orderNumber": 10_000 * number, "clock": _clock(left_s), "period": period,
        "periodType": "REGULAR" if period <= 4 else "OVERTIME", "actionType": kind, "subType": sub,
        "timeActual": zulu(game.begins_s + share * (game.final_s - game.begins_s)), "teamId": team.nba_id,
        "teamTricode": team.tricode, "personId": nba_id(line), "playerName": line.player.last_name,
        "playerNameI": f"{line.player.first_name[0]}. {line.player.last_name}", "scoreHome": str(score[0]),
        "scoreAway": str(score[1]), "isFieldGoal": int(kind in ("2pt", "3pt")), "description":
        f"{line.player.last_name} {kind} {result or sub}".strip(),
    }  # fmt: skip
    return {**shown, "shotResult": result} if result else shown
