"""Which calls a fault is about. It must not know what becomes of them."""

from __future__ import annotations

from pydantic import Field, field_validator

from fakes.seam import Call
from harness.glob import Glob
from harness.strict import Strict

EDGE = "#"
"""Joins a method and one of a back end's named edges, as in `jobs.insert#committed`."""


class CallMatch(Strict):
    """Calls by shell patterns over the fields of `fakes.seam.Call`; every given pattern must fit.

    `caller` is held against the process's name and against `name#instance`. `headers` maps lower-case names to
    patterns; a header that is absent fits none.
    """

    service: str = "*"
    method: str = "*"
    resource: str = "*"
    caller: str = "*"
    headers: dict[str, str] = Field(default_factory=dict)

    @field_validator("headers")
    @classmethod
    def _lower_case(cls, headers: dict[str, str]) -> dict[str, str]:
        if odd := [name for name in headers if name != name.lower()]:
            raise ValueError(f"header names are lower case here; write {odd[0].lower()!r}")
        return headers


class Matcher:
    """A `CallMatch` made ready for hundreds of thousands of calls."""

    def __init__(self, match: CallMatch, edge: str | None = None) -> None:
        """`edge` narrows the match to a back end's named edge inside the method; without it, edges never match."""
        self._service = Glob(match.service)
        self._method = Glob(match.method)
        self._resource = Glob(match.resource)
        self._caller = Glob(match.caller)
        self._headers = tuple((name, Glob(pattern)) for name, pattern in match.headers.items())
        self._edge = edge

    def concerns(self, service: str, method: str) -> bool:
        """Whether any call of this method could match: the part that is the same for all its calls."""
        name, _, edge = method.partition(EDGE)
        return (edge or None) == self._edge and self._service.matches(service) and self._method.matches(name)

    def matches(self, call: Call) -> bool:
        """Whether `call`, whose method `concerns` has accepted, matches in all the rest."""
        return (
            self._resource.matches(call.resource)
            and (self._caller.matches(call.caller) or self._caller.matches(call.caller.partition("#")[0]))
            and all(name in call.headers and glob.matches(call.headers[name]) for name, glob in self._headers)
        )
