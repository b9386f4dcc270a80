"""JavaScript functions: QuickJS (the `dukpy` package) called with JSON in and JSON out.

The engine's clock and dice are taken away, since a simulation owns both. Knows types; must not know tables.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.casts import text, use
from fakes.bigquery.sql.scope import Expr
from fakes.bigquery.sql.types import Type

if TYPE_CHECKING:
    from fakes.bigquery.sql.calls import Calls

PRELUDE = """
Math.random = function () { throw new Error("unsupported by the emulator: Math.random in a JavaScript function"); };
(function (Real) {
  Date = function (...given) {
    if (given.length === 0) throw new Error("unsupported by the emulator: the clock in a JavaScript function");
    return new Real(...given);
  };
  Date.UTC = Real.UTC; Date.parse = Real.parse; Date.prototype = Real.prototype;
  Date.now = function () { throw new Error("unsupported by the emulator: the clock in a JavaScript function"); };
})(Date);
"""


def call(calls: Calls, names: Sequence[str], arguments: Sequence[Expr], body: str, returns: Type) -> Expr:
    """A call of the function with `body`, as an expression of type `returns`."""
    from fakes.bigquery.sql.json_calls import as_json

    parts = " || ',' || ".join(as_json(calls, a) for a in arguments) or "''"
    code = f"(function({', '.join(names)}) {{{body}\n}})"
    sql = f"wt_js({text(code)}, '[' || {parts} || ']')"
    return Expr(use(calls.context, _typed(sql, returns)), returns)


def _typed(sql: str, kind: Type) -> str:
    if kind.kind == "STRING":
        return f"json_extract_string(CAST({sql} AS JSON), '$')"
    if kind.kind in ("INT64", "FLOAT64", "BOOL", "NUMERIC", "ARRAY", "STRUCT"):
        return f"CAST(from_json({sql}, '{shape(kind)}') AS {kind.duck})"
    if kind.kind == "JSON":
        return f"CAST({sql} AS JSON)"
    raise Unsupported(f"JavaScript functions that return {kind}")


def shape(kind: Type) -> str:
    """DuckDB's description of the JSON that holds a value of `kind`."""
    if kind.kind == "ARRAY":
        assert kind.item
        return f"[{shape(kind.item)}]"
    if kind.kind == "STRUCT":
        return "{" + ", ".join(f'"{n}": {shape(t)}' for n, t in kind.named_fields) + "}"
    return f'"{kind.duck}"'


@lru_cache(maxsize=64)
def _interpreter(code: str) -> Any:
    try:
        import dukpy  # type: ignore[import-untyped] # it ships no types
    except ImportError:
        raise ValueError("unsupported by the emulator: JavaScript functions; install dukpy") from None
    interpreter = dukpy.JSInterpreter()
    interpreter.evaljs(PRELUDE + f"\nvar called = {code}; null")
    return interpreter


def run(code: str, arguments: str) -> str | None:
    """The JSON text of what the function `code` gives for a JSON array of arguments; None for null."""
    try:
        result = _interpreter(code).evaljs("called(...JSON.parse(dukpy['arguments']))", arguments=arguments)
    except Exception as problem:  # noqa: BLE001 - the engine's own exceptions are not importable without it
        raise ValueError(str(problem).splitlines()[0]) from None
    return None if result is None else json.dumps(result)
