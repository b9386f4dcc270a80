"""Player game summary: what each player did in each finished game of a date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pipeline import fingerprint, telemetry
from pipeline.analytics.triggers import PGS
from pipeline.clock import Clock
from pipeline.raw.bdl_player_boxscores import COUNTS
from pipeline.safeguards.early_exit import Games
from pipeline.safeguards.upstream_check import Source
from pipeline.slate import SCHEDULE
from pipeline.warehouse import Row, Table, Warehouse
from pipeline.work import Outcome, Status, Work

TABLE = Table(
    "nba_analytics",
    "player_game_summary",
    MappingProxyType(
        {
            "game_id": "STRING",
            "game_date": "DATE",
            "player_lookup": "STRING",
            "player_full_name": "STRING",
            "team_abbr": "STRING",
            "opponent_team_abbr": "STRING",
            "win_flag": "BOOL",
            "minutes_played": "INT64",
            **dict.fromkeys(COUNTS, "INT64"),
            "usage_rate": "FLOAT64",
            "ts_pct": "FLOAT64",
            "data_hash": "STRING",
            "processed_at": "TIMESTAMP",
        }
    ),
    keys=("game_id", "player_lookup"),
)

RAW = "nba_raw.bdl_player_boxscores"
COLUMNS = (
    "game_id", "game_date", "player_lookup", "player_full_name", "team_abbr", "opponent_team_abbr",
    "team_score", "opponent_score", "minutes", *COUNTS,
)  # fmt: skip
UNHASHED = frozenset({"data_hash", "processed_at"})


def usage_rate(line: Row, team: Sequence[Row]) -> float | None:
    """Share of the team's plays a player used while on the floor, in percent (Basketball Reference's USG%); None off
    it.

    100 * ((FGA + 0.44 FTA + TOV) * team minutes / 5) / (minutes * (team FGA + 0.44 team FTA + team TOV))
    """
    plays = sum(_plays(mate) for mate in team)
    team_minutes = sum(mate["minutes"] for mate in team)
    if not line["minutes"] or not plays:
        return None
    share = _plays(line) * (float(team_minutes) / 5) / (float(line["minutes"]) * plays)
    return round(min(100.0, 100.0 * share), 2)


def true_shooting(line: Row) -> float | None:
    """Points per two shooting possessions: PTS / (2 (FGA + 0.44 FTA)); None without an attempt."""
    attempts = line["field_goals_attempted"] + 0.44 * line["free_throws_attempted"]
    return round(line["points"] / (2 * attempts), 4) if attempts else None


def _plays(line: Row) -> float:
    return float(line["field_goals_attempted"] + 0.44 * line["free_throws_attempted"] + line["turnovers"])


def summarise(lines: Sequence[Row], now: datetime) -> list[dict[str, Any]]:
    """One row per player who was on the floor. Pure; `lines` are raw box-score rows, any number of games."""
    teams: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for line in lines:
        teams[line["game_id"], line["team_abbr"]].append(line)
    rows = []
    for line in lines:
        if not line["minutes"]:
            continue
        row = {
            "game_id": line["game_id"],
            "game_date": line["game_date"],
            "player_lookup": line["player_lookup"],
            "player_full_name": line["player_full_name"],
            "team_abbr": line["team_abbr"],
            "opponent_team_abbr": line["opponent_team_abbr"],
            "win_flag": line["team_score"] > line["opponent_score"],
            "minutes_played": line["minutes"],
            **{column: line[column] for column in COUNTS},
            "usage_rate": usage_rate(line, teams[line["game_id"], line["team_abbr"]]),
            "ts_pct": true_shooting(line),
        }
        rows.append({**row, "data_hash": fingerprint.of_row(row, UNHASHED), "processed_at": now})
    return rows


class PlayerGameSummary:
    """The processor: one query to extract, one MERGE to load, one query to see whether the date is complete."""

    name = PGS
    table = TABLE
    sources = (Source(RAW),)
    needs: Games = "over"

    def __init__(self, warehouse: Warehouse, clock: Clock) -> None:
        self._warehouse = warehouse
        self._clock = clock

    def process(self, work: Work) -> Outcome:
        """Summarise what the raw table holds of the date. Without a line it has failed: there was nothing to
        extract.
        """
        lines = self._warehouse.rows(
            f"SELECT {', '.join(COLUMNS)} FROM {RAW} WHERE game_date = @day", {"day": work.game_date}
        )
        rows = summarise(lines, self._clock())
        if not rows:
            return Outcome(work.processor, Status.FAILED, "no data extracted", error_type="no_data_available")
        self._warehouse.upsert(TABLE, rows)
        self._mark_complete(work)
        version = fingerprint.of_rows(row["data_hash"] for row in rows)
        return Outcome(work.processor, Status.SUCCESS, "", len(rows), True, version)

    def _mark_complete(self, work: Work) -> None:
        """Say so when all games of the date are summarised: also when an attempt whose end nobody saw had done it."""
        day = {"day": work.game_date}
        counted = self._warehouse.rows(
            "SELECT COUNT(*) AS games, COUNTIF(summary.game_id IS NULL) AS missing "
            f"FROM {SCHEDULE} AS schedule LEFT JOIN "
            f"(SELECT DISTINCT game_id FROM {TABLE.id} WHERE game_date = @day) AS summary "
            "ON summary.game_id = schedule.game_key "
            "WHERE schedule.game_date = @day AND NOT schedule.postponed",
            day,
        )[0]
        if counted["games"] and not counted["missing"]:
            telemetry.mark("recovered", name=TABLE.name, key=work.game_date.isoformat())
