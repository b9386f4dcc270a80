"""What the upstreams have to tell, whoever invented it: the one interface between contents and front ends."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

Json = dict[str, Any]


class Feeds(Protocol):
    """The contents of all feeds as of a moment `now_s` (seconds since the epoch), in the upstreams' own shapes."""

    def box_scores(self, day: date, now_s: float) -> list[Json]:
        """BallDontLie: the games of a day with their lines."""

    def games(self, days: list[date], now_s: float) -> list[Json]:
        """BallDontLie: games of `days` (all days where empty), in order of their ids."""

    def injuries(self, now_s: float) -> list[Json]:
        """BallDontLie: the injured, in order of their players' ids."""

    def schedule(self, now_s: float) -> Json:
        """NBA.com: the season."""

    def events(self, now_s: float) -> list[Json]:
        """The Odds API: what is offered now."""

    def odds(self, event_id: str, markets: frozenset[str], now_s: float) -> Json | None:
        """The Odds API: one event with its bookmakers; None where it is not offered (any more)."""
