"""Which processors a changed raw table sets off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline.messages import Phase2Completion

PGS = "PlayerGameSummaryProcessor"
UPGC = "UpcomingPlayerGameContextProcessor"

BY_TABLE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "bdl_player_boxscores": (PGS, UPGC),
        "bdl_injuries": (UPGC,),
        "odds_api_player_points_props": (PGS, UPGC),
    }
)
"""The map in force on 16 January, for the tables this slice loads: one PGS date has several independent triggers."""


@dataclass(frozen=True, slots=True)
class TriggerMap:
    """Raw table -> processors, for messages of one of `statuses`; a message of another table or status sets off
    nothing.
    """

    by_table: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: BY_TABLE)
    statuses: frozenset[str] = frozenset({"success", "partial"})

    def processors_for(self, message: Phase2Completion) -> tuple[str, ...]:
        """The names of the processors to run, in order."""
        if message.status not in self.statuses:
            return ()
        return self.by_table.get(message.output_table, ())
