"""Text to syntax tree, with the service's syntax errors. Parsed queries are kept by text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from fakes.bigquery.errors import ApiError, Unsupported, invalid_query
from fakes.bigquery.sql import escapes, pipes
from fakes.bigquery.sql.dialect import GoogleSql, ScriptSql

_DIALECT = GoogleSql()
_SCRIPT = ScriptSql()
_REFUSED = re.compile(r"\b(GAP_FILL|VECTOR_SEARCH|APPENDS|CHANGES|EXTERNAL_QUERY)\s*\(\s*(?:TABLE\b|\()", re.I)
_UNNEST_FIRST = re.compile(r"\(\s*UNNEST\s*\(", re.I)
_WITH_EXPRESSION = re.compile(r"\bWITH\s*\(\s*\w+\s+AS\b", re.I)
_MODEL = re.compile(r"\b((?:ML|AI)\.\w+)\s*\(\s*(?:MODEL|TABLE)\b", re.I)
_TABLE_ARGUMENT = re.compile(r"\b(RANGE_SESSIONIZE\s*\(\s*)TABLE\s+((?:`[^`]+`|[\w-]+)(?:\.(?:`[^`]+`|[\w-]+))*)", re.I)
_OPTIONS_OF = re.compile(
    r"^(\s*ALTER\s+)(?:(SCHEMA)\b|TABLE\b(.*?)\bALTER\s+COLUMN\s+(?:IF\s+EXISTS\s+)?`?(\w+)`?)(?=.*?\bSET\s+OPTIONS\b)",
    re.I | re.S,
)
_SNAPSHOT = re.compile(r"^(\s*(?:CREATE(?:\s+OR\s+REPLACE)?|DROP)\s+)(SNAPSHOT\s+)(?=TABLE\b)", re.I)


def tokens(text: str) -> list[Any]:
    """The tokens of `text`; raises sqlglot's TokenError."""
    found: list[Any] = _SCRIPT.tokenize(text)
    return found


def statement(text: str) -> exp.Expression:
    """The one statement of `text`; raises 400 `invalidQuery` for a syntax error."""
    # The grammar does not know snapshots; they differ from tables in kind only.
    text = _SNAPSHOT.sub(lambda m: m.group(1) + " " * len(m.group(2)), text)
    altered = _OPTIONS_OF.match(text)
    if altered is not None:
        # Nor options of schemas and columns: they are read as a table's.
        text = f"{altered.group(1)}TABLE{altered.group(3) or ''}{text[altered.end() :]}"
    # Nor a table as an argument.
    text = _TABLE_ARGUMENT.sub(r"\1(SELECT * FROM \2)", text)
    if refused := _REFUSED.search(text) or _MODEL.search(text):
        raise Unsupported(f"{refused.group(1).upper()}(…)")
    try:
        tokens = escapes.decoded(_DIALECT.tokenize(text), text)
    except TokenError as problem:
        raise _token_error(text, problem) from None
    if not tokens:
        raise invalid_query("Syntax error: Unexpected end of statement", (1, 1))
    if "|>" in text:
        pipes.check(tokens)
    try:
        found = [s for s in _DIALECT.parser().parse(tokens, text) if not isinstance(s, (exp.Semicolon, type(None)))]
    except ParseError as problem:
        if _UNNEST_FIRST.search(text):
            raise Unsupported(
                "UNNEST as the first item of a join in parentheses", "leave the parentheses out"
            ) from None
        if _WITH_EXPRESSION.search(text):
            raise Unsupported("the WITH expression", "use a subquery") from None
        first = tokens[0]
        if first.token_type.name == "VAR" and first.text.upper() not in _STATEMENTS:
            raise invalid_query(
                f'Syntax error: Unexpected identifier "{first.text}"', position(text, first.start)
            ) from None
        raise _parse_error(text, problem) from None
    if len(found) != 1:
        raise invalid_query("Syntax error: Expected end of input")
    node = found[0]
    if altered is not None and isinstance(node, exp.Alter):
        if altered.group(2):
            node.set("kind", "SCHEMA")
        else:
            node.args["actions"][0].set("column", altered.group(4))
    if isinstance(node, (exp.Column, exp.Alias, exp.Identifier)):
        first = tokens[0]
        raise invalid_query(f'Syntax error: Unexpected identifier "{first.text}"', position(text, first.start))
    return node


@lru_cache(maxsize=512)
def query(text: str) -> exp.Expression:
    """The query of a view or a function, parsed once; callers must not change it."""
    return statement(text)


def type_of(text: str) -> exp.DataType:
    """The type that `text` spells; raises 400 `invalidQuery`."""
    node = query(f"SELECT CAST(NULL AS {text})")
    cast = node.expressions[0]
    if not isinstance(cast, exp.Cast):
        raise invalid_query(f"Syntax error: {text} is no type")
    return cast.to


def after_as(text: str) -> str:
    """The query of a `CREATE … AS query`: what follows the first AS outside parentheses."""
    depth = 0
    for token in tokens(text):
        word = token.text.upper()
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
        elif depth == 0 and word == "AS" and token.token_type.name == "ALIAS":
            return text[token.end + 1 :].strip()
    raise invalid_query("Syntax error: Expected keyword AS")


def qualified(text: str, project: str, dataset: str) -> str:
    """A view's query with its tables named in full, so that it means the same wherever it is used from."""
    node = statement(text)
    names = {cte.alias.lower() for cte in node.find_all(exp.CTE)}
    edits = []
    for table in node.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or (len(table.parts) == 1 and table.name.lower() in names):
            continue
        parts = [p.name for p in table.parts]
        if len(parts) >= 3 or "INFORMATION_SCHEMA" in table.name.upper() or _aliased(table, parts):
            continue
        head = [project, dataset][: 3 - len(parts)] if dataset or len(parts) == 2 else []
        if not head:
            continue
        places = [p.meta for p in table.parts if p.meta.get("start") is not None]
        if not places:
            continue
        start, end = min(m["start"] for m in places), max(m["end"] for m in places)
        edits.append((start, end, "`" + ".".join([*head, *parts]) + "`"))
    for start, end, name in sorted(set(edits), reverse=True):
        text = text[:start] + name + text[end + 1 :]
    return text


def _aliased(table: exp.Table, parts: list[str]) -> bool:
    """Whether the first part of a dotted name is another relation's alias (`FROM t, t.items`)."""
    select = table.find_ancestor(exp.Select)
    if select is None or len(parts) < 2:
        return False
    aliases = {t.alias_or_name.lower() for t in select.find_all(exp.Table) if t is not table}
    return parts[0].lower() in aliases


def position(text: str, start: int) -> tuple[int, int]:
    """(line, column), both from 1, of the character at `start`."""
    before = text[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1


def _token_error(text: str, problem: TokenError) -> ApiError:
    for quote in ('"""', "'''", "'", '"', "`"):
        start = _unclosed(text, quote)
        if start is not None:
            what = "identifier literal" if quote == "`" else "string literal"
            if len(quote) == 3:
                what = "triple-quoted " + what
            return invalid_query(f"Syntax error: Unclosed {what}", position(text, start))
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


_STATEMENTS = {"ASSERT", "CALL", "EXPORT", "CREATE", "DROP", "ALTER", "TRUNCATE", "MERGE", "LOAD", "GRANT", "REVOKE"}
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
