"""NBA.com schedule -> `nba_raw.nbac_schedule`: one row per game, its date moving with it when it is postponed."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Any

from pipeline.clock import eastern_date
from pipeline.raw.feed import Feed, StoredCapture
from pipeline.teams import game_key
from pipeline.warehouse import ReplaceWhen, Table

TABLE = Table(
    "nba_raw",
    "nbac_schedule",
    MappingProxyType(
        {
            "game_id": "STRING",
            "game_key": "STRING",
            "game_date": "DATE",
            "season": "STRING",
            "game_status": "INT64",
            "game_status_text": "STRING",
            "postponed": "BOOL",
            "home_team_tricode": "STRING",
            "away_team_tricode": "STRING",
            "starts_at": "TIMESTAMP",
            "data_hash": "STRING",
            "scraped_at": "TIMESTAMP",
            "processed_at": "TIMESTAMP",
        }
    ),
    keys=("game_id",),
)


def games_of(payload: Any) -> list[dict[str, Any]]:
    """The games of a schedule payload, without the columns every feed gets. Raises KeyError, TypeError, ValueError."""
    league = payload["leagueSchedule"]
    rows = []
    for entry in league["gameDates"]:
        for game in entry["games"]:
            starts_at = datetime.fromisoformat(game["gameDateTimeUTC"])
            day = eastern_date(starts_at)
            away, home = game["awayTeam"]["teamTricode"], game["homeTeam"]["teamTricode"]
            if not away or not home:
                continue  # Play-off games are listed before it is known who plays them.
            text = game["gameStatusText"].strip()
            rows.append(
                {
                    "game_id": game["gameId"],
                    "game_key": game_key(day, away, home),
                    "game_date": day,
                    "season": league["seasonYear"],
                    "game_status": int(game["gameStatus"]),
                    "game_status_text": text,
                    "postponed": game.get("postponedStatus", "N") != "N" or text.upper() in ("PPD", "POSTPONED"),
                    "home_team_tricode": home,
                    "away_team_tricode": away,
                    "starts_at": starts_at,
                }
            )
    return rows


def parse(capture: StoredCapture) -> list[dict[str, Any]]:
    """Every game of the season."""
    return games_of(capture.payload)


# Fetched every few minutes, and most of a season never changes: only what did is written, one partition or none at a
# time.
FEED = Feed("NbacScheduleProcessor", "nba-com/schedule/", TABLE, parse, ReplaceWhen.CHANGED_SINCE)
