"""ESPN's players: rosters with injuries, and the box score of a game's summary, as recorded answers have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from fakes.upstreams.basketball import Game, NbaSeason
from fakes.upstreams.boxscore import Line
from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN
from fakes.upstreams.league import Team
from fakes.upstreams.names import unaccented
from fakes.upstreams.roster import Player

POSITIONS = {"G": ("3", "Guard"), "F": ("7", "Forward"), "C": ("9", "Center")}
LABELS = ("MIN", "FG", "3PT", "FT", "OREB", "DREB", "REB", "AST", "STL", "BLK", "TO", "PF", "+/-", "PTS")
KEYS = (
    "minutes", "fieldGoalsMade-fieldGoalsAttempted", "threePointFieldGoalsMade-threePointFieldGoalsAttempted",
    "freeThrowsMade-freeThrowsAttempted", "offensiveRebounds", "defensiveRebounds", "rebounds", "assists", "steals",
    "blocks", "turnovers", "fouls", "plusMinus", "points",
)  # fmt: skip


def athlete_id(player: Player) -> str:
    """ESPN's id of a player."""
    return str(4_000_000 + player.bdl_id)


def athletes(season: NbaSeason, team: Team, now_s: float) -> list[Json]:
    """A team's players, without accents, with what they suffer from."""
    today = datetime.fromtimestamp(now_s, EASTERN).date()
    return [_athlete(season, player, today) for player in season.rosters[team.tricode]]


def _athlete(season: NbaSeason, player: Player, today: date) -> Json:
    first, last = unaccented(player.first_name), unaccented(player.last_name)
    feet, inches = (int(part) for part in player.height.split("-"))
    number, position = POSITIONS[player.position]
    injury = season.injuries.of(player.bdl_id, today)
    shown: Json = {
        "id": athlete_id(player), "uid": f"s:40~l:46~a:{athlete_id(player)}", "type": "basketball",
        "firstName": first, "lastName": last, "fullName": f"{first} {last}", "displayName": f"{first} {last}",
        "shortName": f"{first[0]}. {last}", "weight": float(player.weight), "displayWeight": f"{player.weight} lbs",
        "height": float(12 * feet + inches), "displayHeight": f"{feet}' {inches}\"",
        "age": 20 + 7 * player.bdl_id % 17, "slug": f"{first} {last}".lower().replace(" ", "-").replace(".", ""),
        "jersey": player.jersey,
        "position": {"id": number, "name": position, "displayName": position, "abbreviation": player.position,
                     "leaf": False},
        "injuries": [], "linked": True, "experience": {"years": 7 * player.bdl_id % 15}, "active": True,
        "status": {"id": "1", "name": "Active", "type": "active", "abbreviation": "Active"},
    }  # fmt: skip
    if injury is not None:
        text = f"{last} ({injury.part}) is {injury.status.lower()}."
        shown["injuries"] = [
            {"id": str(400_000 + player.bdl_id), "longComment": text, "shortComment": text,
             "status": "Day-To-Day" if injury.status == "Day-To-Day" else "Out",
             "date": f"{injury.since}T15:30Z"}
        ]  # fmt: skip
    return shown


def box_players(game: Game, shown_teams: Sequence[Json], now_s: float) -> list[Json]:
    """The box score of a summary, visitors first; `shown_teams` are home and away."""
    blocks = []
    for side in (1, 0):
        lines = game.lines(now_s)[side]
        blocks.append(
            {
                "team": shown_teams[side], "displayOrder": 2 - side,
                "statistics": [
                    {
                        "names": list(LABELS), "keys": list(KEYS), "labels": list(LABELS),
                        "athletes": [_box_line(line) for line in lines],
                        "totals": _totals(lines) if lines else [],
                    }
                ],
            }
        )  # fmt: skip
    return blocks


def _box_line(line: Line) -> Json:
    player = line.player
    name, family = unaccented(player.name), unaccented(player.last_name)
    return {
        "active": False,
        "athlete": {"id": athlete_id(player), "displayName": name, "shortName": f"{name[0]}. {family}",
                    "jersey": player.jersey, "position": {"abbreviation": player.position}},
        "starter": line.started, "didNotPlay": not line.seconds,
        "reason": "" if line.seconds else "COACH'S DECISION", "ejected": False,
        "stats": _stats([line]) if line.seconds else [],
    }  # fmt: skip


def _stats(lines: Sequence[Line]) -> list[str]:
    def count(name: str) -> int:
        return sum(getattr(line, name) for line in lines)

    plus = count("plus_minus")
    return [
        str(count("minutes")), f"{count('made')}-{count('tried')}", f"{count('threes')}-{count('three_attempts')}",
        f"{count('free_throws')}-{count('free_throw_attempts')}",
        *(str(count(name)) for name in ("offensive_rebounds", "defensive_rebounds", "rebounds", "assists", "steals",
                                        "blocks", "turnovers", "fouls")),
        f"{plus:+d}" if plus else "0", str(count("points")),
    ]  # fmt: skip


def _totals(lines: Sequence[Line]) -> list[str]:
    """A team's: without minutes and plus-minus."""
    return [("" if label in ("MIN", "+/-") else value) for label, value in zip(LABELS, _stats(lines), strict=True)]
