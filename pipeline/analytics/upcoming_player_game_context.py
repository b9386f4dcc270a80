"""Upcoming player game context: what is known before the game of each player a line is offered for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from statistics import fmean, median
from types import MappingProxyType
from typing import Any

from pipeline import fingerprint
from pipeline.analytics.triggers import UPGC
from pipeline.clock import Clock
from pipeline.safeguards.early_exit import Games
from pipeline.safeguards.upstream_check import Source
from pipeline.warehouse import Row, Table, Warehouse
from pipeline.work import Outcome, Status, Work

HISTORY = timedelta(days=30)

TABLE = Table(
    "nba_analytics",
    "upcoming_player_game_context",
    MappingProxyType(
        {
            "game_id": "STRING",
            "game_date": "DATE",
            "player_lookup": "STRING",
            "team_abbr": "STRING",
            "opponent_team_abbr": "STRING",
            "home_game": "BOOL",
            "current_points_line": "FLOAT64",
            "bookmakers": "INT64",
            "games_last_30_days": "INT64",
            "days_rest": "INT64",
            "points_avg_last_5": "FLOAT64",
            "points_avg_last_10": "FLOAT64",
            "minutes_avg_last_5": "FLOAT64",
            "injury_status": "STRING",
            "data_hash": "STRING",
            "processed_at": "TIMESTAMP",
        }
    ),
    keys=("game_id", "player_lookup"),
)
UNHASHED = frozenset({"data_hash", "processed_at"})

PROPS = "nba_raw.odds_api_player_points_props"
INJURIES = "nba_raw.bdl_injuries"
SUMMARY = "nba_analytics.player_game_summary"


def contexts(
    day: date, props: Sequence[Row], history: Sequence[Row], injuries: Sequence[Row], now: datetime
) -> list[dict[str, Any]]:
    """One row per player and game with a line. Pure.

    `props` is the newest line per player and bookmaker, `history` the player's games of the last 30 days, `injuries`
    the newest list. The line is the median over bookmakers. The team is that of the player's last game, None for a
    newcomer.
    """
    past: dict[str, list[Row]] = defaultdict(list)
    for game in sorted(history, key=lambda row: row["game_date"], reverse=True):
        past[game["player_lookup"]].append(game)
    status = {row["player_lookup"]: row["injury_status_normalized"] for row in injuries}
    offers: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for prop in props:
        offers[prop["game_id"], prop["player_lookup"]].append(prop)
    rows = []
    for (game_id, player), lines in sorted(offers.items()):
        home, away = lines[0]["home_team_tricode"], lines[0]["away_team_tricode"]
        games = past[player]
        team = games[0]["team_abbr"] if games and games[0]["team_abbr"] in (home, away) else None
        row = {
            "game_id": game_id,
            "game_date": day,
            "player_lookup": player,
            "team_abbr": team,
            "opponent_team_abbr": None if team is None else away if team == home else home,
            "home_game": None if team is None else team == home,
            "current_points_line": float(median(line["points_line"] for line in lines)),
            "bookmakers": len(lines),
            "games_last_30_days": len(games),
            "days_rest": (day - games[0]["game_date"]).days - 1 if games else None,
            "points_avg_last_5": _mean(games[:5], "points"),
            "points_avg_last_10": _mean(games[:10], "points"),
            "minutes_avg_last_5": _mean(games[:5], "minutes_played"),
            "injury_status": status.get(player),
        }
        rows.append({**row, "data_hash": fingerprint.of_row(row, UNHASHED), "processed_at": now})
    return rows


def _mean(games: Sequence[Row], column: str) -> float | None:
    return round(fmean(game[column] for game in games), 2) if games else None


class UpcomingPlayerGameContext:
    """The processor: three queries to extract, one MERGE to load."""

    name = UPGC
    table = TABLE
    sources = (Source(PROPS),)
    needs: Games = "ahead"

    def __init__(self, warehouse: Warehouse, clock: Clock) -> None:
        self._warehouse = warehouse
        self._clock = clock

    def process(self, work: Work) -> Outcome:
        """Write the context of every player with a line on the date. Before there are lines it is not ready: the scrape
        that brings them triggers it again.
        """
        day = {"day": work.game_date}
        props = self._warehouse.rows(
            "SELECT game_id, player_lookup, bookmaker, points_line, home_team_tricode, away_team_tricode "
            f"FROM {PROPS} WHERE game_date = @day "
            "QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id, bookmaker, player_lookup ORDER BY snapshot_at DESC) = 1",
            day,
        )
        if not props:
            return Outcome(work.processor, Status.NOT_READY, "no lines yet")
        history = self._warehouse.rows(
            "SELECT player_lookup, game_date, team_abbr, points, minutes_played "
            f"FROM {SUMMARY} WHERE game_date BETWEEN @first_day AND @last_day",
            {"first_day": work.game_date - HISTORY, "last_day": work.game_date - timedelta(days=1)},
        )
        injuries = self._warehouse.rows(
            f"SELECT player_lookup, injury_status_normalized FROM {INJURIES} WHERE scrape_date = @day", day
        )
        rows = contexts(work.game_date, props, history, injuries, self._clock())
        self._warehouse.upsert(TABLE, rows)
        version = fingerprint.of_rows(row["data_hash"] for row in rows)
        return Outcome(work.processor, Status.SUCCESS, "", len(rows), True, version)
