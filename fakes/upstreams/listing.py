"""What BallDontLie's front asks of its contents: a path's items, and how a query narrows them.

It must know neither sport.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from fakes.upstreams.exchange import Request
from fakes.upstreams.feeds import Json
from fakes.upstreams.names import unaccented


class BadQueryError(Exception):
    """A parameter that the upstream would refuse, and what it says."""


def by_id(item: Json) -> int:
    """The cursor of most items."""
    return int(item["id"])


@dataclass(frozen=True, slots=True)
class Listing:
    """The items of a path. `cursor` gives each item's place for paging, None for what comes whole; `one` is an object
    asked for by its id, None for an unknown one.
    """

    items: list[Json]
    cursor: Callable[[Json], int] | None = by_id
    one: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a request as BallDontLie spells them; each raises `BadQueryError` for what is no such thing."""

    request: Request

    def numbers(self, name: str) -> set[int]:
        """`name[]` (or `name`), all of them whole numbers."""
        texts = [*self.request.query.get(f"{name}[]", []), *self.request.query.get(name, [])]
        if not all(text.isascii() and text.isdigit() and len(text) < 16 for text in texts):
            raise BadQueryError(f"{name} must be integers")
        return {int(text) for text in texts}

    def number(self, name: str) -> int:
        """`name`, which is needed."""
        found = self.numbers(name)
        if len(found) != 1:
            raise BadQueryError(f"{name} is required")
        return found.pop()

    def day(self, name: str) -> date | None:
        """`name` as a day, None where it is not given."""
        text = self.request.first(name)
        return _day(text, name) if text else None

    def in_days(self, day: date) -> bool:
        """Whether `dates[]`, `start_date` and `end_date` allow a day."""
        wanted = {_day(text, "dates[]") for text in self.request.query.get("dates[]", [])}
        first, last = self.day("start_date"), self.day("end_date")
        return (not wanted or day in wanted) and (first is None or day >= first) and (last is None or day <= last)

    def allows(self, name: str, values: Iterable[int]) -> bool:
        """Whether one of `values` is among `name[]`, or none is asked for."""
        wanted = self.numbers(name)
        return not wanted or not wanted.isdisjoint(values)

    def wants(self, game: Any) -> bool:
        """Whether it asks for `game` of either sport: by day, season, team, and regular season or not."""
        return (
            self.in_days(game.day)
            and self.allows("seasons", (game.season_year,))
            and self.allows("team_ids", (game.home.bdl_id, game.away.bdl_id))
            and self.is_("postseason", "false")
        )

    def named(self, player: Any) -> bool:
        """Whether `search`, `first_name` and `last_name` fit a player."""
        first, last = unaccented(player.first_name).lower(), unaccented(player.last_name).lower()
        search = self.request.first("search").lower()
        return (
            (search in first or search in last)
            and self.request.first("first_name", first).lower() == first
            and self.request.first("last_name", last).lower() == last
        )

    def is_(self, name: str, value: str) -> bool:
        """Whether `name` is `value`, or not asked for."""
        return self.request.first(name, value).lower() == value.lower()


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadQueryError(f"{name} must be given as YYYY-MM-DD") from None
