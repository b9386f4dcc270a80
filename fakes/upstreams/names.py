"""How sites write the same name: with accents or without, with or without a suffix and its dot.

NBA.com and MLB keep accents and dots; BallDontLie and ESPN drop accents (as recorded); bookmakers drop the dot of a
suffix too (ours). Joins by name fail on `Jr.`, `III` and accents. It must not know any site's paths.
"""

from __future__ import annotations

import re
import unicodedata

_SUFFIX = re.compile(r" (Jr|Sr|II|III|IV)\.?$")
_WHOLE = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ß": "ss", "ı": "i"})
"""Letters that no accent makes."""


def unaccented(name: str) -> str:
    """The name in plain Latin letters: "Luka Dončić" is "Luka Doncic"."""
    parts = unicodedata.normalize("NFKD", name.translate(_WHOLE))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def undotted(name: str) -> str:
    """The suffix without its dot: "Jaren Jackson Jr" for "Jaren Jackson Jr."."""
    return _SUFFIX.sub(lambda match: f" {match[1]}", name)


def unsuffixed(name: str) -> str:
    """Without the suffix: "Jaren Jackson" for "Jaren Jackson Jr."."""
    return _SUFFIX.sub("", name)


def plain(name: str) -> str:
    """Without accents, and the suffix without its dot."""
    return undotted(unaccented(name))
