"""Comparison and arithmetic operators: which types they take together, and where DuckDB decides otherwise.

https://cloud.google.com/bigquery/docs/reference/standard-sql/operators. Knows typed expressions, no syntax but for the
position of an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql import literals
from fakes.bigquery.sql.casts import text, use
from fakes.bigquery.sql.scope import Context, Expr
from fakes.bigquery.sql.types import BOOL, DATE, DATETIME, FLOAT64, INT64, INTERVAL, STRING, Type, supertype

if TYPE_CHECKING:
    from fakes.bigquery.sql.expressions import Expressions


BITWISE = {
    exp.BitwiseAnd: "and", exp.BitwiseOr: "or", exp.BitwiseXor: "xor", exp.BitwiseLeftShift: "left_shift",
    exp.BitwiseRightShift: "right_shift",
}  # fmt: skip


class Operators:
    """The operators of one statement."""

    def __init__(self, context: Context, expressions: Expressions) -> None:
        self.context = context
        self.expressions = expressions

    def comparison(self, sign: str, left: Expr, right: Expr, node: exp.Expression) -> Expr:
        """A comparison, after both sides agreed on a type."""
        pair = {left.type.kind, right.type.kind}
        if "GEOGRAPHY" in pair:
            word = "Equality" if sign in ("=", "<>") else "Less than"
            raise self.context.fail(f"{word} is not defined for arguments of type GEOGRAPHY", node)
        if pair == {"INT64", "FLOAT64"} and not (left.literal or right.literal):
            return Expr(self._numbers(sign, f"CAST({left.sql} AS DOUBLE)", f"CAST({right.sql} AS DOUBLE)"), BOOL)
        (a, b), kind = self.expressions.unify([left, right], f"operator {sign.replace('<>', '!=')}", node)
        return Expr(self.compared(sign, a, b, kind, node, literal=left.literal or right.literal), BOOL)

    def compared(self, sign: str, a: str, b: str, kind: Type, node: exp.Expression, *, literal: bool = False) -> str:
        """`a sign b` for two texts of one type; `literal` where one of them is a number and so no NaN."""
        named = {"=": "Equality", "<>": "Inequality", "<": "Less than", "<=": "Less than", ">": "Greater than",
                 ">=": "Greater than"}[sign]  # fmt: skip
        if kind.kind in ("ARRAY", "JSON") or (kind.kind == "STRUCT" and sign not in ("=", "<>")):
            raise self.context.fail(f"{named} is not defined for arguments of type {kind}", node)
        if kind.kind == "STRUCT":
            # NULL fields make a comparison NULL unless another field decides it; DuckDB takes them for equal.
            fields = " AND ".join(
                self.compared("=", f"struct_extract({a}, {text(n)})", f"struct_extract({b}, {text(n)})", t, node)
                for n, t in kind.named_fields
            )
            sql = f"(CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL ELSE {fields} END)"
            return sql if sign == "=" else f"(NOT {sql})"
        if kind.kind == "FLOAT64" and not (literal and sign in ("=", "<>", "<", "<=")):
            return self._numbers(sign, a, b)
        if kind.kind == "RANGE" and sign not in ("=", "<>"):
            a, b = (use(self.context, f"wt_range_key({x})") for x in (a, b))
        return f"({a} {sign} {b})"

    @staticmethod
    def _numbers(sign: str, a: str, b: str) -> str:
        # NaN compares with nothing, itself included; to DuckDB it equals itself and exceeds every other number.
        otherwise = "TRUE" if sign == "<>" else "FALSE"
        return f"(CASE WHEN isnan({a}) OR isnan({b}) THEN {otherwise} ELSE {a} {sign} {b} END)"

    def arithmetic(self, sign: str, left: Expr, right: Expr, node: exp.Expression) -> Expr:
        """`left sign right` for numbers, dates and intervals."""
        kinds = (left.type.kind, right.type.kind)
        if INTERVAL.kind in kinds or kinds[0] in ("DATE", "DATETIME", "TIMESTAMP") or kinds[1] == "DATE":
            return self._date_arithmetic(sign, left, right, node)
        wanted = supertype([t for t in (left.type, right.type) if t.kind != "NULL"]) or INT64
        if sign == "/" and wanted == INT64:
            wanted = FLOAT64
        numeric = all(t.numeric or t.kind == "NULL" for t in (left.type, right.type))
        if not numeric:
            if left.literal and left.type == STRING and right.type.numeric and sign in "+-":
                # Seen at the service: of the signatures of + and -, the one with DATE wins for a string literal.
                literals.typed(self.context, str(left.value), DATE, node)
            kinds_text = ", ".join(str(t.type) for t in (left, right))
            raise self.context.fail(f"No matching signature for operator {sign}\n  Argument types: {kinds_text}", node)
        if left.literal and left.type == FLOAT64 and right.type.kind in ("NUMERIC", "BIGNUMERIC"):
            wanted = right.type
        if right.literal and right.type == FLOAT64 and left.type.kind in ("NUMERIC", "BIGNUMERIC"):
            wanted = left.type
        a, b = self.expressions.coerce(left, wanted, node), self.expressions.coerce(right, wanted, node)
        context = self.context
        if sign == "/":
            if wanted == FLOAT64:
                return Expr(use(context, f"wt_divide({a}, {b})"), FLOAT64)
            word = "divide" if wanted.kind == "NUMERIC" else "quotient"
            return Expr(use(context, f"wt_{wanted.kind.lower()}_{word}({a}, {b})"), wanted)
        if sign == "*" and wanted.kind in ("NUMERIC", "BIGNUMERIC"):
            word = "multiply" if wanted.kind == "NUMERIC" else "product"
            return Expr(use(context, f"wt_{wanted.kind.lower()}_{word}({a}, {b})"), wanted)
        if wanted == FLOAT64:
            word = {"+": "add", "-": "subtract", "*": "multiply"}[sign]
            return Expr(use(context, f"wt_float_{word}({a}, {b})"), wanted)
        return Expr(f"({a} {sign} {b})", wanted)

    def bitwise(self, node: exp.Expression, left: Expr, right: Expr) -> Expr:
        """`&`, `|`, `^` of two INT64 or two BYTES of one length, `<<` and `>>` of either by an INT64."""
        word, coerce = BITWISE[type(node)], self.expressions.coerce
        shift = word.endswith("shift")
        if left.type.kind == "BYTES":
            other = coerce(right, INT64 if shift else left.type, node)
            return Expr(use(self.context, f"wt_bytes_{word}({left.sql}, {other})"), left.type)
        a, b = coerce(left, INT64, node), coerce(right, INT64, node)
        if shift:
            return Expr(use(self.context, f"wt_{word}({a}, {b})"), INT64)
        return Expr(f"xor({a}, {b})" if word == "xor" else f"({a} {'&' if word == 'and' else '|'} {b})", INT64)

    def _date_arithmetic(self, sign: str, left: Expr, right: Expr, node: exp.Expression) -> Expr:
        kinds = (left.type.kind, right.type.kind)
        context = self.context
        if kinds == ("INT64", "DATE") and sign == "+":
            return Expr(f"({right.sql} + CAST({left.sql} AS INTEGER))", DATE)
        if kinds == ("DATE", "INT64") and sign in "+-":
            return Expr(f"({left.sql} {sign} CAST({right.sql} AS INTEGER))", DATE)
        if kinds[0] == "STRING" and left.literal and kinds[1] == "DATE":
            left = literals.typed(context, str(left.value), DATE, node)
            kinds = ("DATE", "DATE")
        if sign == "-" and kinds[0] == kinds[1] and kinds[0] in ("DATE", "DATETIME", "TIMESTAMP"):
            if kinds[0] == "DATE":
                return Expr(f"to_days(CAST({left.sql} - {right.sql} AS INTEGER))", INTERVAL)
            micros = f"epoch_us({left.sql}) - epoch_us({right.sql})"
            return Expr(f"to_microseconds({micros})", INTERVAL)
        if kinds[1] == "INTERVAL" and sign in "+-" and kinds[0] in ("DATE", "DATETIME", "TIMESTAMP"):
            base = f"CAST({left.sql} AS TIMESTAMP)" if kinds[0] != "TIMESTAMP" else left.sql
            result = DATETIME if kinds[0] == "DATE" else left.type
            return Expr(f"({base} {sign} {right.sql})", result)
        if kinds[0] == "INTERVAL" and sign == "+" and kinds[1] in ("DATE", "DATETIME", "TIMESTAMP"):
            return self._date_arithmetic("+", right, left, node)
        if kinds == ("INTERVAL", "INTERVAL") and sign in "+-":
            return Expr(f"({left.sql} {sign} {right.sql})", INTERVAL)
        if kinds == ("INTERVAL", "INT64") and sign == "*":
            return Expr(f"({left.sql} * {right.sql})", INTERVAL)
        if kinds == ("INT64", "INTERVAL") and sign == "*":
            return Expr(f"({right.sql} * {left.sql})", INTERVAL)
        if kinds == ("INTERVAL", "INT64") and sign == "/":
            raise Unsupported("INTERVAL / INT64")
        raise context.fail(
            f"No matching signature for operator {sign}\n  Argument types: {left.type}, {right.type}", node
        )
