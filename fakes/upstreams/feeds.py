"""What the upstreams have to tell, whoever invented it: the one interface between contents and front ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from fakes.upstreams.listing import Listing, Query

Json = dict[str, Any]


class Feeds(Protocol):
    """The contents of all feeds as of a moment `now_s` (seconds since the epoch), in the upstreams' own shapes."""

    def bdl(self, league: str, path: str, query: Query, now_s: float) -> Listing | None:
        """BallDontLie: what a path of `nba` or `mlb` lists; None for a path there is none of."""

    def schedule(self, now_s: float) -> Json:
        """NBA.com: the season."""

    def live(self, kind: str, game_id: str, now_s: float) -> Json | None:
        """NBA.com: the live `boxscore` or `playbyplay` of a game; None where there is none (yet)."""

    def markets(self, sport: str) -> tuple[str, ...]:
        """The Odds API: the markets of a sport."""

    def events(self, sport: str, now_s: float) -> list[Json]:
        """The Odds API: what is offered now."""

    def odds(
        self, sport: str, event_id: str, markets: tuple[str, ...], bookmakers: tuple[tuple[str, str], ...], now_s: float
    ) -> Json | None:
        """The Odds API: one event with its bookmakers (keys and titles) and American prices; None where it is not
        offered (any more).
        """

    def scores(self, sport: str, days: int, now_s: float) -> list[Json]:
        """The Odds API: games under way and to come, and those of the last `days`."""

    def snapshot(self, at_s: float, data: Any) -> Json:
        """The Odds API: `data` of a past moment as a historical answer."""
