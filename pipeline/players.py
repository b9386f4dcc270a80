"""Player names brought to one form, so that upstreams that spell them differently still join."""

from __future__ import annotations

import re
import unicodedata

_NOT_LETTERS = re.compile(r"[^a-z0-9]")
_SUFFIX = re.compile(r"\s+(jr|sr|ii|iii|iv|v)\.?$", re.IGNORECASE)


def player_lookup(name: str) -> str:
    """`name` in lower-case ASCII letters, without accents, punctuation and suffix: "Luka Dončić" -> "lukadoncic".

    Suffixes go because upstreams disagree on them (Jr./III were 6,000 failed joins, incident 38).
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _NOT_LETTERS.sub("", _SUFFIX.sub("", plain.strip()).lower())
