# ruff: noqa: E501 - a rule a line
"""The SQL engine: one in-memory DuckDB, single-threaded, with helpers made on demand and errors in the vendor's words.

Knows DuckDB. Must not know datasets, jobs or HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import duckdb

from fakes.bigquery.errors import ApiError, Unsupported, invalid_query
from fakes.bigquery.sql.macros import MACROS


class Engine:
    """A DuckDB of its own. Not safe for two threads at once: its owner holds a lock."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        self._connection.execute("SET TimeZone = 'UTC'; SET default_null_order = 'nulls_first'")
        self._made: set[str] = set()
        self._journal: list[tuple[str, Any]] | None = None

    def close(self) -> None:
        """Free what the process holds."""
        self._connection.close()

    def make(self, helpers: set[str]) -> None:
        """Create the helper functions that a statement needs, and those they need.

        Outside of a transaction that is open: DuckDB would take them back with it, and never let them be made again.
        """
        missing = sorted(helpers - self._made)
        if not missing:
            return
        if self._journal is not None:
            self._connection.execute("ROLLBACK")
        for name in missing:
            self._make(name)
        if self._journal is not None:
            self._begin_again()

    def _make(self, name: str) -> None:
        if name in self._made:
            return
        self._made.add(name)
        stem, _, variant = name.rpartition("_")
        if name in MACROS or (variant in VARIANTS and stem in MACROS):
            parameters, body = MACROS[name] if name in MACROS else MACROS[stem]
            if name not in MACROS:
                body = varied(body, variant)
            for inner in sorted(set(re.findall(r"\bwt_\w+", body))):
                self._make(inner)
            self._connection.execute(f"CREATE MACRO {name}({parameters}) AS {body}")
            return
        from fakes.bigquery.sql.natives import NATIVES

        native = NATIVES.get(name)
        if native is None:
            raise AssertionError(f"no helper named {name}: a template of the function catalogue is wrong")
        self._connection.create_function(
            name,
            plain(native.call, len(native.parameters), nulls=native.nulls),
            list(native.parameters),
            native.result,
            null_handling="special",
            side_effects=name in ("wt_rand", "wt_uuid"),
        )

    def run(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows; raises the vendor's error for what went wrong."""
        try:
            rows: list[tuple[Any, ...]] = self._connection.execute(sql, parameters or None).fetchall()
        except duckdb.Error as problem:
            self._resume()
            raise translate(problem, sql) from None
        if self._journal is not None and not sql.startswith("SELECT"):
            self._journal.append((sql, parameters))
        return rows

    def _resume(self) -> None:
        """Go on with a transaction whose last statement failed: DuckDB gives up all of it, the service that one only."""
        if self._journal is None:
            return
        self._connection.execute("ROLLBACK")
        self._begin_again()

    def _begin_again(self) -> None:
        """Begin the transaction anew and do again what was done in it."""
        self._connection.execute("BEGIN TRANSACTION")
        for sql, parameters in self._journal or ():
            self._connection.execute(sql, parameters or None)

    def transaction(self, word: str) -> None:
        """BEGIN TRANSACTION, COMMIT or ROLLBACK."""
        self._journal = [] if word.startswith("BEGIN") else None
        self._connection.execute(word)


def plain(call: Callable[..., Any], arity: int, *, nulls: bool) -> Callable[..., Any]:
    """`call` with exactly `arity` parameters (DuckDB counts them); None in gives None out unless it wants `nulls`."""
    if arity == 1:
        return lambda a: call(a) if nulls or a is not None else None
    if arity == 2:
        return lambda a, b: call(a, b) if nulls or (a is not None and b is not None) else None
    if arity == 3:
        return lambda a, b, c: call(a, b, c) if nulls or None not in (a, b, c) else None
    if arity == 4:
        return lambda a, b, c, d: call(a, b, c, d) if nulls or None not in (a, b, c, d) else None
    return lambda a, b, c, d, e: call(a, b, c, d, e) if nulls or None not in (a, b, c, d, e) else None


VARIANTS = {"safe": "wt_nil", "steady": "wt_raise"}
"""Of every macro that raises errors: one that gives NULL instead, and one whose errors DuckDB does not take for volatile.

DuckDB's TRY refuses `error()`, and so do PARTITION BY and ORDER BY of a window. Not used everywhere, because DuckDB
computes what is constant beforehand, even where it is never reached.
"""


def varied(sql: str, variant: str) -> str:
    """`sql` with the errors it raises itself made another way."""
    sql = re.sub(r"\b(wt_\w+)\(", lambda m: f"{m.group(1)}_{variant}(" if m.group(1) in raising() else m.group(0), sql)
    return re.sub(r"\berror\(", f"{VARIANTS[variant]}(", sql)


def safe(sql: str) -> str:
    """`sql` with every error it raises itself made NULL."""
    return varied(sql, "safe")


def steady(sql: str) -> str:
    """`sql` as a window may partition and order by it."""
    return varied(sql, "steady")


@cache
def raising() -> frozenset[str]:
    """The macros that raise errors, by themselves or through others."""
    found = {n for n, (_, body) in MACROS.items() if re.search(r"\berror\(", body)}
    while True:
        more = {n for n, (_, body) in MACROS.items() if any(re.search(rf"\b{f}\(", body) for f in found)} | found
        if more == found:
            return frozenset(found)
        found = more


_RULES: list[tuple[str, str]] = [
    (r"Overflow in (addition|subtraction|multiplication) of INT64 \((-?\d+) ([+*-]) (-?\d+)\)", r"int64 overflow: \2 \3 \4"),
    (r"NOT NULL constraint failed: \S*?\.?(\w+)$", r"Required field \1 cannot be null"),
    (r"More than one row returned by a subquery", "Scalar subquery produced more than one element"),
    (r'column "?(\S+?)"? must appear in the GROUP BY clause',
     r"SELECT list expression references column \1 which is neither grouped nor aggregated"),
    (r"aggregate function calls cannot be nested", "Aggregations of aggregations are not allowed"),
    (r"WHERE clause cannot contain aggregates", "Aggregate function not allowed in WHERE clause"),
    (r"WHERE clause cannot contain window functions", "Analytic function not allowed in WHERE clause"),
    (r"invalid regular expression|Invalid.*regex", "Cannot parse regular expression"),
]  # fmt: skip


def refused(message: str) -> Unsupported | None:
    """The refusal that a helper function raised as text, None where `message` is another error."""
    head = "unsupported by the emulator: "
    return Unsupported(message.removeprefix(head)) if message.startswith(head) else None


def translate(problem: duckdb.Error, sql: str) -> ApiError:
    """The vendor's error for one of DuckDB's; what has no counterpart is refused as unsupported, never retryable."""
    text = str(problem)
    if found := re.search(r"while executing the UDF: \w+: (.*?)(?:\n\n|\Z)|ValueError: (.*?)(?:\n\n|\Z)", text, re.S):
        message = (found.group(1) or found.group(2)).strip()
        return refused(message) or invalid_query(message)
    kind, _, message = text.partition(": ")
    message = message.split("\n\nLINE")[0].strip()
    if error := refused(message):
        return error
    for pattern, replacement in _RULES:
        if match := re.search(pattern, message):
            return invalid_query(match.expand(replacement))
    if isinstance(problem, duckdb.OutOfRangeException):
        if ("Overflow in" in message and "INT64" in message) or "BIGINT" in message or "INT128" in message:
            return invalid_query("int64 overflow" if "DECIMAL" not in message else "numeric overflow")
        return invalid_query(message)
    if isinstance(problem, (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.ConstraintException)):
        return invalid_query(message)
    found_no = Unsupported(f"this statement ({kind}: {message[:300]})")
    found_no.debug = sql[:2000]
    return found_no
