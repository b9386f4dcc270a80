"""Text to syntax tree, with the service's syntax errors. Parsed queries are kept by text."""

from __future__ import annotations

import re
from functools import lru_cache

from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from fakes.bigquery.errors import ApiError, invalid_query
from fakes.bigquery.sql.dialect import GoogleSql

_DIALECT = GoogleSql()


def statement(text: str) -> exp.Expression:
    """The one statement of `text`; raises 400 `invalidQuery` for a syntax error."""
    try:
        tokens = _DIALECT.tokenize(text)
    except TokenError as problem:
        raise _token_error(text, problem) from None
    if not tokens:
        raise invalid_query("Syntax error: Unexpected end of statement", (1, 1))
    try:
        found = [s for s in _DIALECT.parser().parse(tokens, text) if s is not None]
    except ParseError as problem:
        raise _parse_error(text, problem) from None
    if len(found) != 1:
        raise invalid_query("Syntax error: Expected end of input")
    node = found[0]
    if isinstance(node, (exp.Column, exp.Alias, exp.Identifier)):
        first = tokens[0]
        raise invalid_query(f'Syntax error: Unexpected identifier "{first.text}"', _position(text, first.start))
    return node


@lru_cache(maxsize=512)
def query(text: str) -> exp.Expression:
    """The query of a view or a function, parsed once; callers must not change it."""
    return statement(text)


def _position(text: str, start: int) -> tuple[int, int]:
    before = text[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1


def _token_error(text: str, problem: TokenError) -> ApiError:
    for quote in ('"""', "'''", "'", '"', "`"):
        start = _unclosed(text, quote)
        if start is not None:
            what = "identifier literal" if quote == "`" else "string literal"
            if len(quote) == 3:
                what = "triple-quoted " + what
            return invalid_query(f"Syntax error: Unclosed {what}", _position(text, start))
    return invalid_query(f"Syntax error: {str(problem).splitlines()[0]}")


def _unclosed(text: str, quote: str) -> int | None:
    """Where a literal opened by `quote` starts that never closes, None if all close."""
    i, opened, mark = 0, None, ""
    while i < len(text):
        c = text[i]
        if opened is None:
            if text.startswith(("--", "#"), i):
                end = text.find("\n", i)
                i = len(text) if end < 0 else end
                continue
            triple = text[i : i + 3]
            if triple in ('"""', "'''"):
                opened, mark, i = i, triple, i + 3
                continue
            if c in "'\"`":
                opened, mark = i, c
        elif c == "\\":
            i += 1
        elif text.startswith(mark, i):
            i += len(mark)
            opened = None
            continue
        elif c == "\n" and len(mark) == 1 and mark != "`":
            break
        i += 1
    return opened if opened is not None and mark == quote else None


def _parse_error(text: str, problem: ParseError) -> ApiError:
    detail = problem.errors[0] if problem.errors else {}
    word = str(detail.get("highlight") or "")
    line, col = detail.get("line"), detail.get("col")
    at = None
    if isinstance(line, int) and isinstance(col, int):
        at = (line, max(1, col - len(word) + 1))
    if not word:
        return invalid_query("Syntax error: Unexpected end of statement", at)
    kind = "identifier" if re.fullmatch(r"[A-Za-z_]\w*", word) else ""
    if kind and word.upper() in _KEYWORDS:
        return invalid_query(f"Syntax error: Unexpected keyword {word.upper()}", at)
    shown = f'{kind} "{word}"' if kind else f'"{word}"'
    return invalid_query(f"Syntax error: Unexpected {shown}", at)


_KEYWORDS = frozenset(
    """
    ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE
    CURRENT DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH
    FOLLOWING FOR FROM FULL GROUP GROUPING GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS
    JOIN LATERAL LEFT LIKE LIMIT LOOKUP MERGE NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER OVER
    PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT
    TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH WITHIN
    """.split()  # noqa: SIM905 - a hundred words read better as text
)
"""Reserved words: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords"""
