"""The Odds API player props -> `nba_raw.odds_api_player_points_props`: one row per player, bookmaker and snapshot."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Any

from pipeline.clock import eastern_date
from pipeline.players import player_lookup
from pipeline.raw.feed import Feed, StoredCapture
from pipeline.teams import TRICODE_OF_NAME, game_key
from pipeline.warehouse import Table

TABLE = Table(
    "nba_raw",
    "odds_api_player_points_props",
    MappingProxyType(
        {
            "game_id": "STRING",
            "game_date": "DATE",
            "event_id": "STRING",
            "snapshot_at": "TIMESTAMP",
            "bookmaker": "STRING",
            "player_lookup": "STRING",
            "player_full_name": "STRING",
            "points_line": "FLOAT64",
            "over_price": "INT64",
            "under_price": "INT64",
            "home_team_tricode": "STRING",
            "away_team_tricode": "STRING",
            "data_hash": "STRING",
            "scraped_at": "TIMESTAMP",
            "processed_at": "TIMESTAMP",
        }
    ),
    keys=("event_id", "bookmaker", "player_lookup", "snapshot_at"),
)

MARKET = "player_points"


def parse(capture: StoredCapture) -> list[dict[str, Any]]:
    """Over and Under of one player at one bookmaker become one row; a side that is not offered is null."""
    event = capture.payload
    day = eastern_date(datetime.fromisoformat(event["commence_time"]))
    home, away = TRICODE_OF_NAME[event["home_team"]], TRICODE_OF_NAME[event["away_team"]]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for maker in event["bookmakers"]:
        for market in maker["markets"]:
            if market["key"] != MARKET:
                continue
            for outcome in market["outcomes"]:
                name = outcome["description"]
                row = rows.setdefault(
                    (maker["key"], player_lookup(name)),
                    {
                        "game_id": game_key(day, away, home),
                        "game_date": day,
                        "event_id": event["id"],
                        "snapshot_at": capture.scraped_at,
                        "bookmaker": maker["key"],
                        "player_lookup": player_lookup(name),
                        "player_full_name": name,
                        "points_line": float(outcome["point"]),
                        "over_price": None,
                        "under_price": None,
                        "home_team_tricode": home,
                        "away_team_tricode": away,
                    },
                )
                row["over_price" if outcome["name"] == "Over" else "under_price"] = int(outcome["price"])
    return list(rows.values())


FEED = Feed("OddsApiPropsProcessor", "odds-api/player-props/", TABLE, parse)
