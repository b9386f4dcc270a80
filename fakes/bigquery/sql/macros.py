# ruff: noqa: E501 - one SQL body a line or two
"""Helper functions written in DuckDB's own SQL: name → (parameters, body).

An engine creates one when the first statement needs it, so that a fresh engine costs nothing. A body may use other
helpers. Where DuckDB and the service differ (division by zero, rounding, element access) the difference is here.
"""

from __future__ import annotations

MACROS: dict[str, tuple[str, str]] = {
    # numbers
    "wt_divide": (
        "a, b",
        "CASE WHEN b = 0 THEN error('division by zero: ' || wt_float_text(a) || ' / ' || wt_float_text(b))"
        " WHEN isinf(a / b) AND NOT isinf(a) THEN error('double overflow: ' || wt_float_text(a) || ' / ' || wt_float_text(b))"
        " ELSE a / b END",
    ),
    **{
        f"wt_float_{word}": (
            "a, b",
            f"CASE WHEN isinf(a {sign} b) AND NOT isinf(a) AND NOT isinf(b) THEN error('double overflow: '"
            f" || wt_float_text(a) || ' {sign} ' || wt_float_text(b)) ELSE a {sign} b END",
        )
        for word, sign in (("add", "+"), ("subtract", "-"), ("multiply", "*"))
    },
    "wt_ieee_divide": ("a, b", "a / b"),
    "wt_numeric_multiply": (
        "a, b",
        "CASE WHEN abs(CAST(a AS DOUBLE) * CAST(b AS DOUBLE)) < 1e18 THEN CAST(a * b AS DECIMAL(38,9))"
        " ELSE wt_numeric_product(a, b) END",
    ),
    "wt_range_key": (
        "r",
        "CASE WHEN r IS NULL THEN NULL ELSE struct_pack(s := struct_extract(r, 'start') IS NOT NULL,"
        " sv := struct_extract(r, 'start'), e := struct_extract(r, 'end') IS NULL, ev := struct_extract(r, 'end')) END",
    ),
    **{
        f"wt_{word}": (
            "a, b",
            f"CASE WHEN b = 0 THEN error('division by zero: ' || a || ' / ' || b) ELSE a {sign} b END",
        )
        for word, sign in (("div", "//"), ("mod", "%"))
    },
    # A shift by 64 places or more leaves nothing, and the places of a negative number are filled with zeros.
    "wt_left_shift": (
        "a, n",
        "CASE WHEN n < 0 THEN error('Bitwise shift by negative offset.') WHEN n > 63 THEN 0 ELSE wt_signed(("
        "wt_unsigned(a) << CAST(greatest(n, 0) AS UHUGEINT)) & 18446744073709551615::UHUGEINT) END",
    ),
    "wt_right_shift": (
        "a, n",
        "CASE WHEN n < 0 THEN error('Bitwise shift by negative offset.') WHEN n > 63 THEN 0 ELSE"
        " wt_signed(wt_unsigned(a) >> CAST(greatest(n, 0) AS UHUGEINT)) END",
    ),
    "wt_unsigned": ("a", "CAST(CASE WHEN a < 0 THEN CAST(a AS HUGEINT) + 18446744073709551616 ELSE a END AS UHUGEINT)"),
    "wt_signed": (
        "a",
        "CAST(CASE WHEN a > 9223372036854775807 THEN CAST(a AS HUGEINT) - 18446744073709551616 ELSE CAST(a AS HUGEINT)"
        " END AS BIGINT)",
    ),
    "wt_floor_div": (
        "a, b",
        "CAST(CASE WHEN a % b <> 0 AND a < 0 THEN a // b - 1 ELSE a // b END AS BIGINT)",
    ),
    "wt_numeric_units": ("a", "CAST(a * 1000000000::DECIMAL(10,0) AS HUGEINT)"),
    "wt_numeric_divide": (
        "a, b",
        "CASE WHEN b = 0 THEN error('division by zero: ' || wt_numeric_text(a) || ' / ' || wt_numeric_text(b)) ELSE"
        " CAST(CAST((abs(wt_numeric_units(a)) * 2000000000 + abs(wt_numeric_units(b)))"
        " // (abs(wt_numeric_units(b)) * 2) AS DECIMAL(38,0)) * 0.000000001::DECIMAL(10,9)"
        " * CASE WHEN (a < 0) <> (b < 0) THEN -1 ELSE 1 END AS DECIMAL(38,9)) END",
    ),
    "wt_numeric_safe": (
        "a",
        "CASE WHEN abs(TRY(a)) < 100000000000000000000000000000::DECIMAL(38,9) THEN TRY(CAST(a AS DECIMAL(38,9))) END",
    ),
    "wt_float_safe": ("a", "CASE WHEN isinf(a) THEN NULL ELSE a END"),
    "wt_numeric_text": ("a", "rtrim(rtrim(CAST(a AS VARCHAR), '0'), '.')"),
    "wt_float_to_int": (
        "a",
        "CASE WHEN isnan(a) OR isinf(a) OR abs(a) >= 9223372036854775808e0 THEN"
        " error('Illegal conversion of value to INT64: ' || wt_float_text(a)) ELSE CAST(round(a) AS BIGINT) END",
    ),
    "wt_float_to_numeric": (
        "a",
        "CASE WHEN isnan(a) OR isinf(a) OR abs(a) >= 1e29 THEN error('Illegal conversion of value to NUMERIC: '"
        " || wt_float_text(a)) ELSE CAST(wt_float_text9(a) AS DECIMAL(38,9)) END",
    ),
    "wt_round": (
        "a, n",
        "CASE WHEN n > 15 THEN a ELSE round(a, CAST(n AS INTEGER)) END",
    ),
    "wt_trunc": ("a, n", "CASE WHEN n > 15 THEN a ELSE trunc(a * pow(10, n)) / pow(10, n) END"),
    "wt_sqrt": (
        "a",
        "CASE WHEN a < 0 THEN error('Argument to SQRT cannot be negative: ' || wt_float_text(a)) ELSE sqrt(a) END",
    ),
    **{
        f"wt_{name.lower()}": (
            "a",
            f"CASE WHEN a <= 0 THEN error('Floating point error in function: {name}(' || wt_float_text(a) || ')')"
            f" ELSE {name.lower()}(a) END",
        )
        for name in ("LN", "LOG10")
    },
    "wt_log": (
        "a, b",
        "CASE WHEN a <= 0 OR b <= 0 OR b = 1 THEN error('Floating point error in function: LOG(' || wt_float_text(a)"
        " || ', ' || wt_float_text(b) || ')') ELSE wt_py_log(a, b) END",
    ),
    "wt_exp": (
        "a",
        "CASE WHEN a > 709.78 AND NOT isinf(a) THEN error('Floating point error in function: EXP') ELSE exp(a) END",
    ),
    "wt_pow": (
        "a, b",
        "CASE WHEN a < 0 AND b <> trunc(b) AND NOT isinf(b) THEN error('Floating point error in function: POW('"
        " || wt_float_text(a) || ', ' || wt_float_text(b) || ')') ELSE pow(a, b) END",
    ),
    **{
        f"wt_{name.lower()}": (
            "a",
            f"CASE WHEN abs(a) > 1 THEN error('Floating point error in function: {name}') ELSE {name.lower()}(a) END",
        )
        for name in ("ASIN", "ACOS")
    },
    "wt_greatest": ("l", "CASE WHEN list_count(l) < len(l) THEN NULL ELSE list_max(l) END"),
    "wt_least": ("l", "CASE WHEN list_count(l) < len(l) THEN NULL ELSE list_min(l) END"),
    "wt_least_float": (
        "l",
        "CASE WHEN list_count(l) < len(l) THEN NULL WHEN list_contains(l, 'nan'::DOUBLE) THEN 'nan'::DOUBLE"
        " ELSE list_min(l) END",
    ),
    "wt_finite": (
        "v, infinite",
        "CASE WHEN isinf(v) AND NOT coalesce(infinite, FALSE)"
        " THEN error('unsupported by the emulator: a SUM or AVG of FLOAT64 that overflows') ELSE v END",
    ),
    "wt_range_bucket": (
        "p, l",
        "CASE WHEN p IS NULL OR l IS NULL THEN NULL WHEN list_count(l) < len(l)"
        " THEN error('Elements in input array to RANGE_BUCKET cannot be NULL') WHEN list_sort(l) <> l"
        " THEN error('Elements in input array to RANGE_BUCKET must be in ascending order')"
        " ELSE CAST(len(list_filter(l, lambda _b: _b <= p)) AS BIGINT) END",
    ),
    "wt_nan_null": ("a", "CASE WHEN isnan(a) THEN NULL ELSE a END"),
    "wt_nil": ("m", "NULL"),
    "wt_raise": ("m", "CASE WHEN wt_fail(m) THEN NULL END"),
    # text
    "wt_concat": ("l", "CASE WHEN list_count(l) < len(l) THEN NULL ELSE array_to_string(l, '') END"),
    "wt_substr2": (
        "s, p",
        "CASE WHEN p = 0 THEN s WHEN p < 0 AND -p > length(s) THEN s ELSE substring(s, p) END",
    ),
    "wt_substr3": (
        "s, p, n",
        "CASE WHEN n < 0 THEN error('Third argument in SUBSTR() cannot be negative') WHEN p = 0 THEN substring(s, 1, n)"
        " WHEN p < 0 AND -p > length(s) THEN substring(s, 1, n) ELSE substring(s, p, n) END",
    ),
    **{
        f"wt_{name.lower()}": (
            "s, n",
            f"CASE WHEN n < 0 THEN error('Second argument in {name}() cannot be negative') ELSE {name.lower()}(s, n) END",
        )
        for name in ("LEFT", "RIGHT", "REPEAT")
    },
    **{
        f"wt_{side}pad": (
            "s, n, p",
            "CASE WHEN n < 0 THEN error('Second argument (output size) for LPAD/RPAD cannot be negative') WHEN p = ''"
            f" THEN error('Third argument (pad pattern) for LPAD/RPAD cannot be empty') ELSE {side}pad(s, CAST(n AS"
            " INTEGER), p) END",
        )
        for side in "lr"
    },
    # casts
    "wt_at_most": (
        "v, n, kind, most",
        "CASE WHEN n > most THEN error(kind || '(' || most || ') has maximum length ' || most || ' but got a value with"
        " length ' || n) ELSE v END",
    ),
    "wt_text_to_int": (
        "s",
        "CASE WHEN regexp_full_match(trim(s), '[+-]?[0-9]+') THEN CAST(trim(s) AS BIGINT) WHEN"
        " regexp_full_match(trim(s), '[+-]?0[xX][0-9a-fA-F]+') THEN wt_hex_int(trim(s))"
        " WHEN s IS NULL THEN NULL ELSE error('Bad int64 value: ' || s) END",
    ),
    "wt_text_to_float": (
        "s",
        "CASE WHEN s IS NULL THEN NULL ELSE coalesce(TRY_CAST(trim(s) AS DOUBLE), error('Bad double value: ' || s)) END",
    ),
    "wt_text_to_numeric": ("s", "wt_numeric_of(s)"),
    "wt_text_to_bool": (
        "s",
        "CASE lower(s) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE ELSE CASE WHEN s IS NULL THEN NULL"
        " ELSE error('Bad bool value: ' || s) END END",
    ),
    "wt_text_to_date": ("s", "CAST(make_timestamp(wt_parse_date(s)) AS DATE)"),
    "wt_text_to_datetime": ("s", "make_timestamp(wt_parse_datetime(s))"),
    "wt_text_to_timestamp": ("s", "CAST(make_timestamp(wt_parse_timestamp(s, 'UTC')) AS TIMESTAMPTZ)"),
    "wt_text_to_timestamp_in": ("s, z", "CAST(make_timestamp(wt_parse_timestamp(s, z)) AS TIMESTAMPTZ)"),
    "wt_text_to_time": ("s", "CAST(make_timestamp(wt_parse_time(s)) AS TIME)"),
    "wt_datetime_text": ("d", "wt_text_of_datetime(epoch_us(d))"),
    "wt_timestamp_text": ("t", "wt_text_of_timestamp(epoch_us(t), 'UTC')"),
    "wt_timestamp_text_in": ("t, z", "wt_text_of_timestamp(epoch_us(t), z)"),
    "wt_time_text": ("t", "wt_text_of_time(epoch_us(t))"),
    "wt_interval_text": (
        "i",
        "wt_text_of_interval(datepart('year', i) * 12 + datepart('month', i), datepart('day', i),"
        " datepart('hour', i) * 3600000000 + datepart('minute', i) * 60000000 + datepart('microsecond', i))",
    ),
    # zones
    "wt_local": ("t, z", "make_timestamp(wt_local_us(epoch_us(t), z))"),
    "wt_zoned": ("d, z", "CAST(make_timestamp(wt_zoned_us(epoch_us(d), z)) AS TIMESTAMPTZ)"),
    # arrays
    "wt_any_of": (
        "l",
        "CASE WHEN l IS NULL THEN FALSE WHEN list_contains(l, TRUE) THEN TRUE"
        " WHEN list_count(l) < len(l) THEN NULL ELSE FALSE END",
    ),
    "wt_in_array": (
        "x, l",
        "CASE WHEN len(coalesce(l, [])) = 0 THEN FALSE WHEN x IS NULL THEN NULL WHEN list_contains(l, x) THEN TRUE"
        " WHEN list_count(l) < len(l) THEN NULL ELSE FALSE END",
    ),
    "wt_element": (
        "l, i, shown",
        "CASE WHEN l IS NULL THEN NULL WHEN i < 1 OR i > len(l) THEN error('Array index ' || shown || ' is out of bounds') ELSE l[i] END",
    ),
    **{
        f"wt_array_{side}": (
            "l",
            f"CASE WHEN len(l) = 0 THEN error('ARRAY_{side.upper()} cannot get the {side} element of an empty array')"
            f" ELSE l[{index}] END",
        )
        for side, index in (("first", 1), ("last", -1))
    },
    "wt_array_slice": (
        "l, a, b",
        "list_slice(l, CASE WHEN a < 0 THEN greatest(len(l) + a, 0) ELSE a END + 1,"
        " CASE WHEN b < 0 THEN len(l) + b ELSE b END + 1)",
    ),
    "wt_array_text": ("l, d", "array_to_string(list_filter(l, lambda _x: _x IS NOT NULL), d)"),
    "wt_array_text_null": ("l, d, n", "array_to_string(list_transform(l, lambda _x: coalesce(_x, n)), d)"),
    "wt_step": ("n", "CASE WHEN n = 0 THEN error('Sequence step cannot be 0.') ELSE n END"),
    "wt_generate": (
        "a, b, s",
        "CASE WHEN s = 0 THEN error('Sequence step cannot be 0.') ELSE generate_series(a, b, s) END",
    ),
    "wt_generate_float": (
        "a, b, s",
        "list_transform(generate_series(0, CAST(floor((b - a) / s + 1e-9) AS BIGINT)), lambda _i: a + _i * s)",
    ),
    "wt_generate_numeric": (
        "a, b, s",
        "list_transform(generate_series(0, CAST(floor(CAST(b - a AS DOUBLE) / CAST(s AS DOUBLE) + 1e-9) AS BIGINT)),"
        " lambda _i: CAST(a + CAST(_i AS DECIMAL(19,0)) * CAST(s AS DECIMAL(18,9)) AS DECIMAL(38,9)))",
    ),
    "wt_first": ("x", "any_value(x)"),
    "wt_quantiles": (
        "l, n",
        "list_transform(generate_series(0, n), lambda _q: list_sort(list_filter(l, lambda _x: _x IS NOT NULL))"
        "[greatest(1, CAST(ceil(_q * list_count(l) / n) AS BIGINT))])",
    ),
    "wt_top": (
        "l, n",
        "(SELECT list(struct_pack(v := v, w := w) ORDER BY w DESC NULLS LAST, v ASC NULLS LAST) FROM (SELECT e.v AS v,"
        " sum(e.w) AS w FROM (SELECT unnest(l) AS e) GROUP BY e.v ORDER BY w DESC NULLS LAST, v ASC NULLS LAST LIMIT n))",
    ),
    # ranges
    "wt_range": (
        "a, b",
        "CASE WHEN a >= b THEN error('Range start element must be smaller than range end element: [' || a || ', ' || b"
        ' || \')\') ELSE struct_pack("start" := a, "end" := b) END',
    ),
    "wt_range_contains": (
        "r, x",
        "coalesce(x >= struct_extract(r, 'start'), TRUE) AND coalesce(x < struct_extract(r, 'end'), TRUE)",
    ),
    "wt_range_covers": (
        "r, x",
        "(struct_extract(r, 'start') IS NULL OR coalesce(struct_extract(x, 'start') >= struct_extract(r, 'start'), FALSE))"
        " AND (struct_extract(r, 'end') IS NULL OR coalesce(struct_extract(x, 'end') <= struct_extract(r, 'end'), FALSE))",
    ),
    "wt_range_overlaps": (
        "a, b",
        "coalesce(struct_extract(a, 'start') < struct_extract(b, 'end'), TRUE)"
        " AND coalesce(struct_extract(b, 'start') < struct_extract(a, 'end'), TRUE)",
    ),
    "wt_range_intersect": (
        "a, b",
        "struct_pack(\"start\" := greatest(struct_extract(a, 'start'), struct_extract(b, 'start')),"
        " \"end\" := least(struct_extract(a, 'end'), struct_extract(b, 'end')))",
    ),
    "wt_range_pieces": (
        "a, b, s, last",
        "CASE WHEN a IS NULL OR b IS NULL THEN error('GENERATE_RANGE_ARRAY needs a range with a start and an end') ELSE"
        " list_transform(list_filter(generate_series(0, CAST(len(generate_series(a, b - to_microseconds(1), s)) AS"
        ' BIGINT) - 1), lambda _i: last OR a + s * (_i + 1) <= b), lambda _i: struct_pack("start" := a + s * _i,'
        ' "end" := least(a + s * (_i + 1), b))) END',
    ),
    "wt_positive": ("n", "CASE WHEN n <= 0 THEN error('The width of an interval here must be positive') ELSE n END"),
    # intervals
    "wt_justify_hours": (
        "i",
        "to_months(CAST(datepart('year', i) * 12 + datepart('month', i) AS INTEGER)) + to_days(CAST(datepart('day', i) +"
        " wt_interval_micros(i) // 86400000000 AS INTEGER)) + to_microseconds(wt_interval_micros(i) % 86400000000)",
    ),
    "wt_justify_days": (
        "i",
        "to_months(CAST(datepart('year', i) * 12 + datepart('month', i) + datepart('day', i) // 30 AS INTEGER))"
        " + to_days(CAST(datepart('day', i) % 30 AS INTEGER)) + to_microseconds(wt_interval_micros(i))",
    ),
    "wt_interval_micros": (
        "i",
        "(datepart('hour', i) * 3600000000 + datepart('minute', i) * 60000000 + datepart('microsecond', i))",
    ),
}
"""Every helper macro. Bodies are DuckDB SQL."""
