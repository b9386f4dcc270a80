"""BallDontLie injuries -> `nba_raw.bdl_injuries`: one row per player and day of scraping."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from pipeline.players import player_lookup
from pipeline.raw.feed import Feed, StoredCapture
from pipeline.warehouse import Table

TABLE = Table(
    "nba_raw",
    "bdl_injuries",
    MappingProxyType(
        {
            "scrape_date": "DATE",
            "bdl_player_id": "INT64",
            "player_lookup": "STRING",
            "player_full_name": "STRING",
            "bdl_team_id": "INT64",
            "injury_status": "STRING",
            "injury_status_normalized": "STRING",
            "return_date": "STRING",
            "reason": "STRING",
            "data_hash": "STRING",
            "scraped_at": "TIMESTAMP",
            "processed_at": "TIMESTAMP",
        }
    ),
    keys=("scrape_date", "bdl_player_id"),
    partition="scrape_date",
)

NORMALIZED = MappingProxyType(
    {"out": "out", "out for season": "out", "doubtful": "doubtful", "questionable": "questionable",
     "day-to-day": "questionable", "probable": "probable"}
)  # fmt: skip


def parse(capture: StoredCapture) -> list[dict[str, Any]]:
    """One row per entry. `return_date` stays text: the upstream gives it without a year ("Oct 1")."""
    rows = []
    for entry in capture.payload:
        player = entry["player"]
        name = f"{player['first_name']} {player['last_name']}".strip()
        rows.append(
            {
                "scrape_date": capture.game_date,
                "bdl_player_id": int(player["id"]),
                "player_lookup": player_lookup(name),
                "player_full_name": name,
                "bdl_team_id": int(player["team_id"]) if player.get("team_id") is not None else None,
                "injury_status": entry["status"],
                "injury_status_normalized": NORMALIZED.get(entry["status"].lower(), "unknown"),
                "return_date": entry.get("return_date"),
                "reason": entry.get("description"),
            }
        )
    return rows


FEED = Feed("BdlInjuriesProcessor", "ball-dont-lie/injuries/", TABLE, parse)
