# ruff: noqa: E501 - templates are long
"""Functions that take a date part or an INTERVAL: adding, subtracting, counting, truncating and extracting.

Rules are the vendor's reference (date, datetime, time and timestamp functions). Knows types, not tables.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.sql.casts import use
from fakes.bigquery.sql.scope import Expr, Scope
from fakes.bigquery.sql.types import (
    DATE,
    DATETIME,
    INT64,
    INTERVAL,
    STRING,
    TIME,
    TIMESTAMP,
    Type,
    array,
)

if TYPE_CHECKING:
    from fakes.bigquery.sql.calls import Calls

WEEKDAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
DATE_PARTS = {"DAY", "WEEK", "ISOWEEK", "MONTH", "QUARTER", "YEAR", "ISOYEAR"}
TIME_PARTS = {"MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR"}
MICROS = {
    "MICROSECOND": 1, "MILLISECOND": 1_000, "SECOND": 1_000_000, "MINUTE": 60_000_000, "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
}  # fmt: skip
INTERVAL_UNITS = {
    "MICROSECOND": "to_microseconds({})", "MILLISECOND": "to_microseconds({} * 1000)",
    "SECOND": "to_microseconds({} * 1000000)", "MINUTE": "to_microseconds({} * 60000000)",
    "HOUR": "to_microseconds({} * 3600000000)", "DAY": "to_days(CAST({} AS INTEGER))",
    "WEEK": "to_days(CAST({} * 7 AS INTEGER))", "MONTH": "to_months(CAST({} AS INTEGER))",
    "QUARTER": "to_months(CAST({} * 3 AS INTEGER))", "YEAR": "to_months(CAST({} * 12 AS INTEGER))",
}  # fmt: skip
SPAN = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"]


def part(calls: Calls, node: exp.Expression, allowed: set[str]) -> tuple[str, int]:
    """(part, first weekday) that `node` names, e.g. ("WEEK", 1) for `WEEK(MONDAY)`; Sunday is 0."""
    if isinstance(node, exp.Anonymous) and node.name.upper() == "WEEK" and len(node.expressions) == 1:
        day = node.expressions[0].name.upper()
        if day in WEEKDAYS and "WEEK" in allowed:
            return "WEEK", WEEKDAYS.index(day)
        raise calls.context.fail(f"Invalid date part: WEEK({day})", node)
    name = node.name.upper()
    if name not in allowed:
        raise calls.context.fail(f"A valid date part name is required but found {node.name}", node)
    return ("WEEK", 1) if name == "ISOWEEK" else (name, 0)


# --------------------------------------------------------------------------------------------------------------------
# Intervals


def interval(calls: Calls, node: exp.Interval, scope: Scope) -> Expr:
    """An INTERVAL as a value."""
    unit = node.args.get("unit")
    if isinstance(unit, exp.IntervalSpan):
        if not (isinstance(node.this, exp.Literal) and node.this.is_string):
            raise calls.context.fail("INTERVAL with a range of parts needs a string literal", node)
        months, days, micros = parse_span(node.this.this, unit.this.name.upper(), unit.expression.name.upper(), calls)
        return Expr(f"(to_months({months}) + to_days({days}) + to_microseconds({micros}))", INTERVAL)
    count, name = amount(calls, node, scope)
    if name == "SECOND" and isinstance(node.this, exp.Literal) and "." in node.this.this:
        return Expr(f"to_microseconds({round(float(node.this.this) * 1e6)})", INTERVAL)
    return Expr(INTERVAL_UNITS[name].format(count), INTERVAL)


def amount(calls: Calls, node: exp.Interval, scope: Scope) -> tuple[str, str]:
    """(count in DuckDB, part) of an INTERVAL of one part."""
    unit = node.args.get("unit")
    if unit is None:
        raise calls.context.fail("Syntax error: INTERVAL needs a date part", node)
    name = unit.name.upper()
    if name not in INTERVAL_UNITS:
        raise calls.context.fail(f"A valid date part name is required but found {unit.name}", node)
    value = node.this
    if isinstance(value, exp.Literal):
        # The grammar turns INTERVAL 5 DAY into INTERVAL '5' DAY, so a string may well be a number here.
        if re.fullmatch(r"\s*[+-]?\d+\s*", value.this):
            return f"CAST({int(value.this)} AS BIGINT)", name
        if re.fullmatch(r"\s*[+-]?\d+\.\d*\s*", value.this) and name == "SECOND":
            return f"CAST({round(float(value.this))} AS BIGINT)", name
        raise calls.context.fail(f"Invalid INTERVAL value '{value.this}'", node)
    return calls.expressions.coerced(value, scope, INT64), name


def parse_span(value: str, first: str, last: str, calls: Calls) -> tuple[int, int, int]:
    """(months, days, microseconds) of an interval literal such as `'1-2 3 4:5:6.5'` YEAR TO SECOND."""
    wanted = SPAN[SPAN.index(first) : SPAN.index(last) + 1]
    shapes = {"YEAR": r"(?P<YEAR>[+-]?\d+)", "MONTH": r"(?P<MONTH>[+-]?\d+)", "DAY": r"(?P<DAY>[+-]?\d+)",
              "HOUR": r"(?P<HOUR>[+-]?\d+)", "MINUTE": r"(?P<MINUTE>\d+)", "SECOND": r"(?P<SECOND>\d+(?:\.\d+)?)"}  # fmt: skip
    joints = {("YEAR", "MONTH"): "-", ("MONTH", "DAY"): r"\s+", ("DAY", "HOUR"): r"\s+", ("HOUR", "MINUTE"): ":",
              ("MINUTE", "SECOND"): ":"}  # fmt: skip
    pattern = shapes[wanted[0]]
    for before, after in itertools.pairwise(wanted):
        pattern += joints[before, after] + shapes[after]
    found = re.fullmatch(r"\s*" + pattern + r"\s*", value)
    if not found:
        raise calls.context.fail(f"Invalid INTERVAL value '{value}'")
    got = {k: v for k, v in found.groupdict().items() if v is not None}

    def signed(major: str, minor_value: float) -> float:
        return -minor_value if got.get(major, "").startswith("-") else minor_value

    months = int(got.get("YEAR", 0)) * 12 + int(signed("YEAR", int(got.get("MONTH", 0))))
    time = abs(int(got.get("HOUR", 0))) * 3_600_000_000 + int(got.get("MINUTE", 0)) * 60_000_000
    time += round(float(got.get("SECOND", 0)) * 1_000_000)
    return months, int(got.get("DAY", 0)), int(signed("HOUR", time))


# --------------------------------------------------------------------------------------------------------------------
# X_ADD, X_SUB, X_DIFF, X_TRUNC


def _adder(kind: Type, sign: str) -> Callable[[Calls, exp.Anonymous, Scope], Expr]:
    def special(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
        if len(node.expressions) != 2 or not isinstance(node.expressions[1], exp.Interval):
            raise calls.context.fail(f"No matching signature for function {node.name.upper()}", node)
        base = calls.expressions.compile(node.expressions[0], scope)
        result = kind
        if kind == DATE and base.type in (DATETIME, TIMESTAMP):
            result = base.type
        elif kind == DATETIME and base.type == DATE:
            pass
        elif kind == TIMESTAMP and base.type == DATETIME:
            result = DATETIME
        sql = calls.expressions.coerce(base, result, node.expressions[0])
        span = node.expressions[1]
        count, name = amount(calls, span, scope)
        step = INTERVAL_UNITS[name].format(count)
        if result == DATE:
            if name not in ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR"):
                raise calls.context.fail(f"DATE_{'ADD' if sign == '+' else 'SUB'} does not support the {name} date"
                                         " part when the argument is DATE type", node)  # fmt: skip
            return Expr(f"CAST({sql} {sign} {step} AS DATE)", DATE)
        if result == TIMESTAMP and name not in MICROS:
            raise calls.context.fail(f"TIMESTAMP_{'ADD' if sign == '+' else 'SUB'} does not support the {name} date"
                                     " part", node)  # fmt: skip
        if result == TIME:
            if name not in TIME_PARTS:
                raise calls.context.fail(f"TIME_ADD does not support the {name} date part", node)
            return Expr(f"({sql} {sign} {step})", TIME)
        return Expr(f"({sql} {sign} {step})", result)

    return special


def _differ(kind: Type) -> Callable[[Calls, exp.Anonymous, Scope], Expr]:
    def special(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
        if len(node.expressions) != 3:
            raise calls.context.fail(f"No matching signature for function {node.name.upper()}", node)
        left = calls.expressions.compile(node.expressions[0], scope)
        right = calls.expressions.compile(node.expressions[1], scope)
        target = kind
        if kind == DATE and DATETIME in (left.type, right.type):
            target = DATETIME
        if kind == DATE and TIMESTAMP in (left.type, right.type):
            target = TIMESTAMP
        allowed = DATE_PARTS if target == DATE else TIME_PARTS if target == TIME else DATE_PARTS | TIME_PARTS
        if target == TIMESTAMP:
            allowed = TIME_PARTS | {"DAY"}
        name, first = part(calls, node.expressions[2], allowed)
        a = calls.expressions.coerce(left, target, node.expressions[0])
        b = calls.expressions.coerce(right, target, node.expressions[1])
        return Expr(use(calls.context, difference(name, first, a, b, target)), INT64)

    return special


def difference(name: str, first: int, a: str, b: str, kind: Type) -> str:
    """`a - b` in parts: boundaries crossed for DATE and DATETIME, whole parts elapsed for TIMESTAMP and TIME."""
    if kind in (TIMESTAMP, TIME):
        micros = f"(epoch_us({a}) - epoch_us({b}))"
        return micros if name == "MICROSECOND" else f"({micros} // {MICROS[name]})"
    if kind == DATETIME and name in TIME_PARTS:
        unit = MICROS[name]
        return f"(wt_floor_div(epoch_us({a}), {unit}) - wt_floor_div(epoch_us({b}), {unit}))"
    days_a, days_b = (f"CAST(CAST({x} AS DATE) - DATE '1970-01-01' AS BIGINT)" for x in (a, b))
    match name:
        case "DAY":
            return f"({days_a} - {days_b})"
        case "WEEK":
            # 1970-01-01 was a Thursday (4): days since the last `first` weekday before it.
            shift = (4 - first) % 7
            return f"(wt_floor_div({days_a} + {shift}, 7) - wt_floor_div({days_b} + {shift}, 7))"
        case "MONTH":
            return f"((year({a}) - year({b})) * 12 + month({a}) - month({b}))"
        case "QUARTER":
            return f"((year({a}) - year({b})) * 4 + quarter({a}) - quarter({b}))"
        case "YEAR":
            return f"(year({a}) - year({b}))"
        case _:
            return f"(isoyear({a}) - isoyear({b}))"


def _truncator(kind: Type) -> Callable[[Calls, exp.Anonymous, Scope], Expr]:
    def special(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
        if len(node.expressions) not in (2, 3):
            raise calls.context.fail(f"No matching signature for function {node.name.upper()}", node)
        base = calls.expressions.compile(node.expressions[0], scope)
        target = base.type if kind == DATE and base.type in (DATETIME, TIMESTAMP) else kind
        if kind == TIMESTAMP and base.type == DATETIME:
            target = DATETIME
        sql = calls.expressions.coerce(base, target, node.expressions[0])
        allowed = DATE_PARTS if target == DATE else TIME_PARTS if target == TIME else DATE_PARTS | TIME_PARTS
        name, first = part(calls, node.expressions[1], allowed)
        zone = calls.expressions.coerced(node.expressions[2], scope, STRING) if len(node.expressions) == 3 else ""
        if target == TIMESTAMP:
            if zone:
                local = truncate(name, first, f"wt_local({sql}, {zone})", DATETIME)
                return Expr(use(calls.context, f"wt_zoned({local}, {zone})"), TIMESTAMP)
            return Expr(
                f"CAST({truncate(name, first, f'CAST({sql} AS TIMESTAMP)', DATETIME)} AS TIMESTAMPTZ)", TIMESTAMP
            )
        return Expr(truncate(name, first, sql, target), target)

    return special


def truncate(name: str, first: int, sql: str, kind: Type) -> str:
    """`sql`, a DATE, DATETIME or TIME, cut down to its part."""
    if kind == TIME:
        unit = MICROS[name]
        return f"CAST(make_timestamp(epoch_us({sql}) // {unit} * {unit}) AS TIME)"
    if name == "WEEK":
        cut = f"(CAST({sql} AS DATE) - CAST((dayofweek({sql}) + 7 - {first}) % 7 AS INTEGER))"
    elif name == "ISOYEAR":
        fourth = f"make_date(isoyear({sql}), 1, 4)"
        cut = f"({fourth} - CAST((dayofweek({fourth}) + 6) % 7 AS INTEGER))"
    else:
        cut = f"date_trunc('{name.lower()}', {sql})"
    return f"CAST({cut} AS {kind.duck})"


def last_day(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """LAST_DAY(date[, part])."""
    base = calls.expressions.compile(node.expressions[0], scope)
    sql = calls.expressions.coerce(base, DATE if base.type != DATETIME else DATETIME, node)
    sql = f"CAST({sql} AS DATE)"
    name, first = part(calls, node.expressions[1], DATE_PARTS) if len(node.expressions) > 1 else ("MONTH", 0)
    start = truncate(name, first, sql, DATE)
    step = {"WEEK": "to_days(7)", "MONTH": "to_months(1)", "QUARTER": "to_months(3)", "YEAR": "to_months(12)"}
    if name == "ISOYEAR":
        fourth = f"make_date(isoyear({sql}) + 1, 1, 4)"
        return Expr(f"({fourth} - CAST((dayofweek({fourth}) + 6) % 7 + 1 AS INTEGER))", DATE)
    if name not in step:
        raise calls.context.fail(f"LAST_DAY does not support the {name} date part", node)
    return Expr(f"CAST({start} + {step[name]} - to_days(1) AS DATE)", DATE)


def extract(calls: Calls, node: exp.Extract, scope: Scope) -> Expr:
    """EXTRACT(part FROM x [AT TIME ZONE z])."""
    inner = node.expression
    zone = None
    if isinstance(inner, exp.AtTimeZone):
        zone, inner = calls.expressions.coerced(inner.args["zone"], scope, STRING), inner.this
    value = calls.expressions.compile(inner, scope)
    sql, kind = value.sql, value.type
    if kind == TIMESTAMP:
        sql = use(calls.context, f"wt_local({sql}, {zone})") if zone else f"CAST({sql} AS TIMESTAMP)"
        kind = DATETIME
    elif zone:
        raise calls.context.fail(f"EXTRACT from {kind} does not support AT TIME ZONE", node)
    if kind.kind == "NULL":
        kind, sql = DATE, "CAST(NULL AS DATE)"
    name_node = node.this
    name = name_node.name.upper()
    if name == "DATE" and kind == DATETIME:
        return Expr(f"CAST({sql} AS DATE)", DATE)
    if name == "TIME" and kind == DATETIME:
        return Expr(f"CAST({sql} AS TIME)", TIME)
    if name == "DATETIME" and kind == DATETIME:
        return Expr(sql, DATETIME)
    if kind == INTERVAL:
        return Expr(_from_interval(calls, name, sql, node), INT64)
    if name in ("WEEK", "WEEKDAY") or isinstance(name_node, exp.Anonymous):
        _, first = part(calls, name_node, {"WEEK"})
        return Expr(_week(sql, first), INT64)
    rules = {
        "YEAR": "year({})", "QUARTER": "quarter({})", "MONTH": "month({})", "DAY": "day({})",
        "DAYOFWEEK": "(dayofweek({}) + 1)", "DAYOFYEAR": "dayofyear({})", "ISOWEEK": "week({})",
        "ISOYEAR": "isoyear({})", "HOUR": "hour({})", "MINUTE": "minute({})", "SECOND": "second({})",
        "MILLISECOND": "(millisecond({}) % 1000)", "MICROSECOND": "(microsecond({}) % 1000000)",
    }  # fmt: skip
    day_parts = {"YEAR", "QUARTER", "MONTH", "DAY", "DAYOFWEEK", "DAYOFYEAR", "ISOWEEK", "ISOYEAR"}
    fits = {"DATE": day_parts, "DATETIME": set(rules), "TIME": set(rules) - day_parts}.get(kind.kind)
    if fits is None or name not in fits:
        raise calls.context.fail(f"EXTRACT from {kind} does not support the {name} date part", node)
    return Expr(f"CAST({rules[name].format(sql)} AS BIGINT)", INT64)


def _week(sql: str, first: int) -> str:
    # Weeks begin on `first`; days before the year's first such day are in week 0.
    return f"CAST((dayofyear({sql}) + 6 - ((dayofweek({sql}) + 7 - {first}) % 7)) // 7 AS BIGINT)"


def _from_interval(calls: Calls, name: str, sql: str, node: exp.Expression) -> str:
    rules = {
        "YEAR": "datepart('year', {})", "MONTH": "datepart('month', {})", "DAY": "datepart('day', {})",
        "HOUR": "datepart('hour', {})", "MINUTE": "datepart('minute', {})", "SECOND": "datepart('second', {})",
        "MILLISECOND": "(datepart('millisecond', {}) % 1000)", "MICROSECOND": "(datepart('microsecond', {}) % 1000000)",
    }  # fmt: skip
    if name not in rules:
        raise calls.context.fail(f"EXTRACT from INTERVAL does not support the {name} date part", node)
    return f"CAST({rules[name].format(sql)} AS BIGINT)"


def _series(kind: Type) -> Callable[[Calls, exp.Anonymous, Scope], Expr]:
    def special(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
        arguments = node.expressions
        start, end = (calls.expressions.coerced(a, scope, kind) for a in arguments[:2])
        if len(arguments) > 2:
            if not isinstance(arguments[2], exp.Interval):
                raise calls.context.fail(f"No matching signature for function {node.name.upper()}", node)
            count, name = amount(calls, arguments[2], scope)
            count = use(calls.context, f"wt_step({count})")
            step = INTERVAL_UNITS[name].format(count)
        else:
            step = "to_days(1)"
        if kind == DATE:
            sql = f"list_transform(generate_series(CAST({start} AS TIMESTAMP), CAST({end} AS TIMESTAMP), {step}), lambda _x: CAST(_x AS DATE))"
        else:
            sql = f"generate_series({start}, {end}, {step})"
        return Expr(f"CASE WHEN {start} IS NULL OR {end} IS NULL THEN NULL ELSE {sql} END", array(kind))

    return special


def _current(kind: Type, sql: str) -> Callable[[Calls, exp.Anonymous, Scope], Expr]:
    def special(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
        calls.context.used["now"] = None
        if node.expressions and kind != TIMESTAMP:
            zone = calls.expressions.coerced(node.expressions[0], scope, STRING)
            moment = use(calls.context, f"wt_local(CAST($now AS TIMESTAMPTZ), {zone})")
        else:
            moment = "CAST($now AS TIMESTAMP)"
        return Expr(sql.format(moment), kind)

    return special


def make_interval(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """MAKE_INTERVAL([year][, month][, day][, hour][, minute][, second]), by position or by name."""
    names = ["year", "month", "day", "hour", "minute", "second"]
    given: dict[str, str] = {}
    for i, argument in enumerate(node.expressions):
        if isinstance(argument, exp.Kwarg):
            given[argument.this.name.lower()] = calls.expressions.coerced(argument.expression, scope, INT64)
        else:
            given[names[i]] = calls.expressions.coerced(argument, scope, INT64)
    if unknown := set(given) - set(names):
        raise calls.context.fail(f"Named argument {sorted(unknown)[0]} not found in signature for MAKE_INTERVAL", node)
    parts = [INTERVAL_UNITS[n.upper()].format(v) for n, v in given.items()] or ["to_days(0)"]
    return Expr("(" + " + ".join(parts) + ")", INTERVAL)


def typed_constructor(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """DATE(…), DATETIME(…), TIME(…) of something that may be a string literal."""
    from fakes.bigquery.sql import catalogue
    from fakes.bigquery.sql.types import SCALARS

    name = node.name.upper()
    arguments = [calls.expressions.compile(a, scope) for a in node.expressions]
    first = arguments[0] if arguments else None
    if len(arguments) == 1 and first and first.type == STRING and first.literal and first.value is not None:
        from fakes.bigquery.sql import literals

        return literals.typed(calls.context, str(first.value), SCALARS[name], node)
    return calls.fill(name, catalogue.scalars()[name], arguments, node)


SPECIAL: dict[str, Callable[[Calls, exp.Anonymous, Scope], Expr]] = {
    "DATE": typed_constructor, "DATETIME": typed_constructor, "TIME": typed_constructor,
    "DATE_ADD": _adder(DATE, "+"), "DATE_SUB": _adder(DATE, "-"),
    "DATETIME_ADD": _adder(DATETIME, "+"), "DATETIME_SUB": _adder(DATETIME, "-"),
    "TIMESTAMP_ADD": _adder(TIMESTAMP, "+"), "TIMESTAMP_SUB": _adder(TIMESTAMP, "-"),
    "TIME_ADD": _adder(TIME, "+"), "TIME_SUB": _adder(TIME, "-"),
    "DATE_DIFF": _differ(DATE), "DATETIME_DIFF": _differ(DATETIME), "TIMESTAMP_DIFF": _differ(TIMESTAMP),
    "TIME_DIFF": _differ(TIME),
    "DATE_TRUNC": _truncator(DATE), "DATETIME_TRUNC": _truncator(DATETIME),
    "TIMESTAMP_TRUNC": _truncator(TIMESTAMP), "TIME_TRUNC": _truncator(TIME),
    "LAST_DAY": last_day, "MAKE_INTERVAL": make_interval,
    "GENERATE_DATE_ARRAY": _series(DATE), "GENERATE_TIMESTAMP_ARRAY": _series(TIMESTAMP),
    "CURRENT_DATE": _current(DATE, "CAST({} AS DATE)"), "CURRENT_TIME": _current(TIME, "CAST({} AS TIME)"),
    "CURRENT_DATETIME": _current(DATETIME, "{}"),
    "CURRENT_TIMESTAMP": _current(TIMESTAMP, "CAST({} AS TIMESTAMPTZ)"),
}  # fmt: skip
