"""FORMAT: the service's printf. Values arrive as text with a letter for their type in front.

https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#format_string
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal

from fakes.bigquery.sql import moments
from fakes.bigquery.sql.native import BOOL, TEXT, TEXTS, Native

_SPEC = re.compile(r"%(?P<flags>['+\- 0#]*)(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d+))?(?P<kind>[a-zA-Z%])")


def show(pattern: str | None, values: Sequence[str | None]) -> str | None:
    """`pattern` filled with `values`; None where a plain specifier meets NULL."""
    if pattern is None:
        return None
    out: list[str] = []
    at = used = 0
    for spec in _SPEC.finditer(pattern):
        out.append(pattern[at : spec.start()])
        at = spec.end()
        if spec["kind"] == "%":
            out.append("%")
            continue
        width, precision = spec["width"], spec["precision"]
        if width == "*":
            width, used = str(_take(values, used))[1:], used + 1
        if precision == "*":
            precision, used = str(_take(values, used))[1:], used + 1
        value = _take(values, used)
        used += 1
        shown = _one(spec["kind"], spec["flags"], precision, value)
        if shown is None:
            return None
        out.append(_pad(shown, spec["flags"], int(width) if width else 0, spec["kind"]))
    if used < len(values):
        raise ValueError(
            f'Too many arguments to FORMAT for pattern "{pattern}"; Expected {used + 1}; Got {len(values) + 1}'
        )
    return "".join([*out, pattern[at:]])


def _take(values: Sequence[str | None], index: int) -> str | None:
    if index >= len(values):
        raise ValueError(f"Too few arguments to FORMAT; Expected more than {len(values) + 1}")
    return values[index]


def _one(kind: str, flags: str, precision: str | None, value: str | None) -> str | None:
    if kind in "tT":
        if value is None:
            return "NULL"
        if value[0] == "V":
            return value[1:].split("\x1e")[1 if kind == "T" else 0]
        return printed(value[0], value[1:], kind == "T")
    if value is None:
        return None
    tag, text = value[0], value[1:]
    if kind in "di":
        _expect(tag, "I", kind)
        number = int(text)
        return _signed(_group(str(abs(number)), flags), number < 0, flags)
    if kind in "xXo":
        _expect(tag, "I", kind)
        number = int(text)
        body = {"x": f"{abs(number):x}", "X": f"{abs(number):X}", "o": f"{abs(number):o}"}[kind]
        prefix = {"x": "0x", "X": "0X", "o": "0"}[kind] if "#" in flags else ""
        return _signed(prefix + body, number < 0, flags)
    if kind in "fFeEgG":
        _expect(tag, "FNG", kind)
        digits = 6 if precision is None else int(precision)
        if tag == "F" and text in ("nan", "inf", "-inf"):
            return text.upper() if kind in "FEG" else text
        number_d = Decimal(text) if tag in "NG" else Decimal(float(text))
        if kind in "fF":
            body = f"{abs(number_d).quantize(Decimal(1).scaleb(-digits), 'ROUND_HALF_EVEN', moments.WIDE):f}"
        else:
            body = f"{abs(float(number_d)):.{digits}{kind}}"
        return _signed(_group(body, flags), number_d < 0, flags)
    if kind == "s":
        _expect(tag, "S", kind)
        return text[: int(precision)] if precision is not None else text
    if kind in "pP":
        _expect(tag, "J", kind)
        parsed = json.loads(text)
        if kind == "P":
            return json.dumps(parsed, indent=2, ensure_ascii=False)
        return json.dumps(parsed, separators=(",", ":"), ensure_ascii=False)
    raise ValueError(f"Invalid FORMAT specifier character '{kind}'")


def _expect(tag: str, wanted: str, kind: str) -> None:
    if tag not in wanted:
        names = {
            "I": "INT64",
            "F": "FLOAT64",
            "N": "NUMERIC",
            "S": "STRING",
            "J": "JSON",
            "B": "BOOL",
            "T": "DATE",
            "G": "BIGNUMERIC",
            "V": "ARRAY, STRUCT or BYTES",
            "L": "INTERVAL",
        }
        raise ValueError(f"Invalid type for argument to FORMAT specifier %{kind}; Expected "
                         f"{names[wanted[0]]}; Got {names.get(tag, tag)}")  # fmt: skip


def _signed(body: str, negative: bool, flags: str) -> str:
    return ("-" if negative else "+" if "+" in flags else " " if " " in flags else "") + body


def _group(body: str, flags: str) -> str:
    if "'" not in flags:
        return body
    whole, _, fraction = body.partition(".")
    return f"{int(whole):,}" + (f".{fraction}" if fraction else "")


def _pad(shown: str, flags: str, width: int, kind: str) -> str:
    if "-" in flags:
        return shown.ljust(width)
    if "0" in flags and kind not in "sTtpP":
        sign = shown[0] if shown[:1] in "+-" and shown else ""
        return sign + shown[len(sign) :].rjust(width - len(sign), "0")
    return shown.rjust(width)


def printed(tag: str, text: str, literal: bool) -> str:
    """A value as `%t` prints it, or as `%T` does: as a literal of its type."""
    if tag == "Y":
        return _bytes(bytes.fromhex(text), literal=literal)
    if tag == "F" and re.fullmatch(r"-?\d+", text):
        return text + ".0"
    if not literal:
        return text
    if tag == "S":
        return _quoted(text)
    if tag in "NGJ":
        return f"{ {'N': 'NUMERIC', 'G': 'BIGNUMERIC', 'J': 'JSON'}[tag] } {_quoted(text)}"
    if tag == "L":
        return f"INTERVAL {_quoted(text)} YEAR TO SECOND"
    if tag == "F" and text in ("nan", "inf", "-inf"):
        return f'CAST("{text}" AS FLOAT64)'
    if tag == "T":
        if re.fullmatch(r"\d+-\d+-\d+", text):
            return f'DATE "{text}"'
        if re.fullmatch(r"\d+:\d+:\d+(\.\d+)?", text):
            return f'TIME "{text}"'
        zoned = re.search(r"[+-]\d\d(:\d\d)?$", text)
        return f'{"TIMESTAMP" if zoned else "DATETIME"} "{text}"'
    return text


def _quoted(text: str) -> str:
    """A string literal, in the quotes that need the fewer escapes."""
    quote = "'" if '"' in text and "'" not in text else '"'
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return quote + escaped.replace(quote, "\\" + quote) + quote


def _bytes(value: bytes, *, literal: bool) -> str:
    quote = 0x27 if 0x22 in value and 0x27 not in value else 0x22
    simple = {0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"} | ({quote: "\\" + chr(quote)} if literal else {})
    shown = "".join(simple.get(b) or (chr(b) if 32 <= b < 127 else f"\\x{b:02x}") for b in value)
    return f"b{chr(quote)}{shown}{chr(quote)}" if literal else shown


NATIVES: dict[str, Native] = {
    "wt_format": Native((TEXT, TEXTS), TEXT, show, nulls=True),
    "wt_printed": Native((TEXT, TEXT, BOOL), TEXT, printed),
}
