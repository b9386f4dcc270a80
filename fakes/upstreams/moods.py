"""A world's standing habits: hosts that misbehave in the same way as long as the world lasts, without a fault planned.

They are the legal course of that world. A fault that rules on a call goes first. It must not know any single upstream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from fakes.seam import Call, Delay, LoseReply, Pass, Refuse, Ruling, ServeStale, Surroundings, Verdict
from fakes.upstreams.habits import HABITS

VERDICTS: Mapping[str, Verdict] = {
    **{name: LoseReply(200, name) for name, habit in HABITS.items() if habit.spoil is not None},
    "cloud-block": Refuse(403, "cloud-block"),
    "retry-after-seconds": Refuse(429, "retry-after-seconds"),
    "retry-after-date": Refuse(429, "retry-after-date"),
    "page-fails": Refuse(500, "page-fails"),
    "slow": Delay(35.0),
    "stale": ServeStale(7_200.0),
}
LATER_PAGES = ("cursor=", "page=", "offset=")


@dataclass(frozen=True, slots=True)
class Mood:
    """One habit of one host: of the calls to `path` (a glob), the `share` (above 0, at most 1) that meets it."""

    host: str
    habit: str
    path: str = "*"
    share: float = 1.0

    def meets(self, call: Call) -> bool:
        """Whether it is about such a call."""
        host, slash, path = call.resource.partition("/")
        query = call.headers.get(":query", "")
        later = any(key in query for key in LATER_PAGES) and "page=1" not in query.split("&")
        return fnmatchcase(host, self.host) and fnmatchcase(slash + path, self.path) and (
            self.habit != "page-fails" or later
        )  # fmt: skip


def moods(given: Mapping[str, Any], hosts: Sequence[str]) -> tuple[Mood, ...]:
    """The option `habits`: by host (or a glob), a habit's name, {habit, path, share}, or a list of these.

    Raises `ValueError` naming the host or habit that there is none of, or what is no mapping.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f'habits: {given!r}; give hosts and their habits, as in {{"api.balldontlie.io": "empty"}}')
    found = []
    for host, wanted in given.items():
        if not any(fnmatchcase(one, host) for one in hosts):
            raise ValueError(f"habits: {host!r} is none of the hosts {', '.join(sorted(hosts))}")
        for one in wanted if isinstance(wanted, list | tuple) else [wanted]:
            entry: dict[str, Any] = {"habit": one} if isinstance(one, str) else dict(one)
            try:
                mood = Mood(host, **entry)
            except TypeError:
                raise ValueError(f"habits: {host}: {one!r}; give a habit's name, or habit, path and share") from None
            if mood.habit not in VERDICTS:
                raise ValueError(f"habits: {host}: {mood.habit!r} is none of {', '.join(VERDICTS)}")
            if not isinstance(mood.share, int | float) or not 0 < mood.share <= 1:
                raise ValueError(f"habits: {host}: share {mood.share}; give more than 0 and at most 1")
            found.append(mood)
    return tuple(found)


class Moody:
    """Surroundings whose rulings know a world's habits."""

    def __init__(self, around: Surroundings, kept: Sequence[Mood]) -> None:
        self._around = around
        self._kept = kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._around, name)

    def rule(self, call: Call) -> Ruling:
        """What becomes of a call: a fault's verdict, or the first habit that meets it."""
        ruling = self._around.rule(call)
        if not isinstance(ruling.verdict, Pass):
            return ruling
        for mood in self._kept:
            if mood.meets(call) and (mood.share == 1 or self._around.rng("habits").random() < mood.share):
                return Ruling(VERDICTS[mood.habit])
        return ruling
