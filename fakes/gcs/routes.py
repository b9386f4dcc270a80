"""Which request is which method: a table of paths, matched segment by segment.

Routing by hand because a call in process should cost microseconds. It knows no handler; the `json_*` modules fill it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from fakes.gcs.http import Reply

Handler = Callable[..., Reply]
"""`handler(service, request, *names)`: `names` are the path's variable segments in order."""

Standing = Literal["supported", "approximated", "refused"]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of the JSON API: `GET b/*/o/*` with `*` for a name.

    `method` is the JSON-API id that faults and the history see. `note` says what is left out or different and appears
    in docs/emulated/gcs.md. `locked` is whether the handler runs under the service's lock.
    """

    verb: str
    path: str
    method: str
    handler: Handler
    standing: Standing = "supported"
    note: str = ""
    locked: bool = True


class Table:
    """Routes by verb and number of segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._by_shape: dict[tuple[str, int], list[tuple[tuple[str | None, ...], Route]]] = {}
        for route in self.routes:
            want = tuple(None if part == "*" else part for part in route.path.split("/"))
            self._by_shape.setdefault((route.verb, len(want)), []).append((want, route))

    def find(self, verb: str, parts: list[str]) -> tuple[Route, tuple[str, ...]] | None:
        """The route of a request and its names; literal segments win over names by order in the table."""
        for want, route in self._by_shape.get((verb, len(parts)), ()):
            names = []
            for literal, part in zip(want, parts, strict=True):
                if literal is None:
                    names.append(part)
                elif literal != part:
                    break
            else:
                return route, tuple(names)
        return None

    def knows(self, parts: list[str]) -> bool:
        """Whether any verb has this path."""
        return any(self.find(verb, parts) for verb in {verb for verb, _ in self._by_shape})
