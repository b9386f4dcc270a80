"""BallDontLie box scores -> `nba_raw.bdl_player_boxscores`: one row per player and finished game.

Only finished games are loaded: lines of a live game are true for a minute, and whatever reads this table takes them
for the result. What is live has its own feed.
"""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import Any

from pipeline.players import player_lookup
from pipeline.raw.feed import Feed, StoredCapture
from pipeline.teams import game_key, tricode
from pipeline.warehouse import Table

COUNTS = MappingProxyType(
    {
        "points": "pts",
        "field_goals_made": "fgm",
        "field_goals_attempted": "fga",
        "three_pointers_made": "fg3m",
        "three_pointers_attempted": "fg3a",
        "free_throws_made": "ftm",
        "free_throws_attempted": "fta",
        "offensive_rebounds": "oreb",
        "defensive_rebounds": "dreb",
        "assists": "ast",
        "steals": "stl",
        "blocks": "blk",
        "turnovers": "turnover",
        "personal_fouls": "pf",
    }
)
"""Our column -> BallDontLie's field."""

TABLE = Table(
    "nba_raw",
    "bdl_player_boxscores",
    MappingProxyType(
        {
            "game_id": "STRING",
            "game_date": "DATE",
            "player_lookup": "STRING",
            "player_full_name": "STRING",
            "bdl_player_id": "INT64",
            "team_abbr": "STRING",
            "opponent_team_abbr": "STRING",
            "team_score": "INT64",
            "opponent_score": "INT64",
            "minutes": "INT64",
            **dict.fromkeys(COUNTS, "INT64"),
            "data_hash": "STRING",
            "scraped_at": "TIMESTAMP",
            "processed_at": "TIMESTAMP",
        }
    ),
    keys=("game_id", "bdl_player_id"),
)

FINAL = "Final"


def minutes_of(text: str | None) -> int:
    """Whole minutes of "28", "28:30" (rounded to the nearest), "00", "" or null. Raises ValueError for anything
    else.
    """
    if not text:
        return 0
    minutes, _, seconds = str(text).partition(":")
    return int(minutes) + (int(seconds or 0) >= 30)


def parse(capture: StoredCapture) -> list[dict[str, Any]]:
    """The lines of the finished games; none where none is finished."""
    rows = []
    for game in capture.payload:
        if game["status"] != FINAL:
            continue
        day = date.fromisoformat(game["date"][:10])
        home, visitor = game["home_team"], game["visitor_team"]
        key = game_key(day, visitor["abbreviation"], home["abbreviation"])
        sides = (
            (home, visitor, (game["home_team_score"], game["visitor_team_score"])),
            (visitor, home, (game["visitor_team_score"], game["home_team_score"])),
        )
        for team, opponent, score in sides:
            common = {
                "game_id": key,
                "game_date": day,
                "team_abbr": tricode(team["abbreviation"]),
                "opponent_team_abbr": tricode(opponent["abbreviation"]),
                "team_score": int(score[0]),
                "opponent_score": int(score[1]),
            }
            rows += [{**common, **_line(line)} for line in team["players"]]
    return rows


def _line(line: dict[str, Any]) -> dict[str, Any]:
    player = line["player"]
    name = f"{player['first_name']} {player['last_name']}".strip()
    return {
        "player_lookup": player_lookup(name),
        "player_full_name": name,
        "bdl_player_id": int(player["id"]),
        "minutes": minutes_of(line["min"]),
        **{column: int(line[field] or 0) for column, field in COUNTS.items()},
    }


FEED = Feed("BdlBoxscoresProcessor", "ball-dont-lie/boxscores/", TABLE, parse)
