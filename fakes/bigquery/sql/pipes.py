"""Pipe syntax (`FROM t |> WHERE …`): which chains of operators the grammar's rewriting keeps right, all others refused.

The grammar folds a chain into one SELECT where it can, which goes wrong where an operator must see what an earlier one
left: WHERE after LIMIT, AGGREGATE after ORDER BY. Knows tokens only.
https://cloud.google.com/bigquery/docs/reference/standard-sql/pipe-syntax
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fakes.bigquery.errors import Unsupported

KNOWN = {"SELECT", "EXTEND", "WHERE", "AGGREGATE", "ORDER", "LIMIT", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS",
         "UNION", "INTERSECT", "EXCEPT", "DISTINCT", "PIVOT", "UNPIVOT", "DROP", "SET"}  # fmt: skip
"""The first words of operators that are understood at all."""
AFTER: dict[str, frozenset[str]] = {
    "LIMIT": frozenset(),
    "ORDER": frozenset(["LIMIT"]),
    "DISTINCT": frozenset(["ORDER", "LIMIT"]),
    **dict.fromkeys(("UNION", "INTERSECT", "EXCEPT", "PIVOT", "UNPIVOT"), frozenset[str]()),
}
"""What may follow an operator; anything where it is not listed."""


def check(tokens: Sequence[Any]) -> None:
    """Raise `Unsupported` for a chain that is not understood; `tokens` are those of one statement."""
    depth = 0
    last: dict[int, str] = {}
    for i, token in enumerate(tokens):
        if token.text == "(":
            depth += 1
            last.pop(depth, None)
        elif token.text == ")":
            depth -= 1
        elif token.text == "|>":
            words = [t.text.upper() for t in tokens[i + 1 : i + 3]] + ["", ""]
            word = "DISTINCT" if words[:2] == ["SELECT", "DISTINCT"] else words[0].split(" ")[0]
            if word not in KNOWN:
                raise Unsupported(f"the pipe operator {word}")
            before = last.get(depth, "")
            if before and word not in AFTER.get(before, KNOWN):
                raise Unsupported(f"the pipe operator {word} after {before}", "use a subquery")
            last[depth] = word
