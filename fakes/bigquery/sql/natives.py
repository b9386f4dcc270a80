# ruff: noqa: E501 - the table at the end has one helper a line
"""Helper functions written in Python: name → (parameter types, result type, function).

For what DuckDB cannot say exactly: text of dates and numbers, JSON, FORMAT, hashes. Each gets plain values, NULL in
gives NULL out unless marked, and a ValueError becomes the service's error with the same message.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import math
import random
import re
import unicodedata
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from fakes.bigquery.sql import farmhash, formats, javascript, jsons, moments, strftime


@dataclass(frozen=True, slots=True)
class Native:
    """A Python function for DuckDB. `nulls` means that it wants to see NULLs itself."""

    parameters: tuple[str, ...]
    result: str
    call: Callable[..., Any]
    nulls: bool = False


def float_text(value: float) -> str:
    """A FLOAT64 as the service prints it: the fewest of 15, 16 or 17 digits that read back the same."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    for digits in (15, 16, 17):
        shown = f"{value:.{digits}g}"
        if float(shown) == value:
            return shown
    return repr(value)


def _fail(kind: str, text: str) -> ValueError:
    return ValueError(f"Invalid {kind}: '{text}'")


def _parse_date(text: str) -> int:
    try:
        return (moments.date(text) - moments.EPOCH.date()).days * 86_400_000_000
    except ValueError:
        pass
    try:
        return moments.datetime_us(text) // 86_400_000_000 * 86_400_000_000
    except ValueError:
        raise _fail("date", text) from None


def _parse_datetime(text: str) -> int:
    try:
        return moments.datetime_us(text)
    except ValueError:
        raise _fail("datetime", text) from None


def _parse_timestamp(text: str, zone: str) -> int:
    try:
        return moments.timestamp_us(text, zone)
    except moments.UnknownZone as problem:
        raise ValueError(f"Invalid time zone: {problem}") from None
    except ValueError:
        raise _fail("timestamp", text) from None


def _parse_time(text: str) -> int:
    try:
        at = moments.time(text)
    except ValueError:
        raise _fail("time", text) from None
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000 + at.microsecond


def _zone(function: Callable[[int, str], int]) -> Callable[[int, str], int]:
    def checked(us: int, zone: str) -> int:
        try:
            return function(us, zone)
        except moments.UnknownZone:
            raise ValueError(f"Invalid time zone: {zone}") from None

    return checked


def _zoned(us: int, zone: str) -> int:
    return us - moments.offset_us(moments.at(us), zone)


def interval_text(months: int, days: int, micros: int) -> str:
    """An INTERVAL as the service prints it: `Y-M D H:M:S[.F]`."""
    sign = "-" if months < 0 else ""
    years, rest = divmod(abs(months), 12)
    time_sign = "-" if micros < 0 else ""
    seconds, fraction = divmod(abs(micros), 1_000_000)
    return (
        f"{sign}{years}-{rest} {days} {time_sign}{seconds // 3600}:{seconds // 60 % 60}:{seconds % 60}"
        f"{moments.fraction_text(fraction)}"
    )


# ---- JSON


def _json(text: str) -> Any:
    return jsons.loads(text)


def _json_at(text: str, path: str) -> Any:
    try:
        value = _json(text)
    except ValueError:
        jsons.steps(path)
        return jsons.MISSING
    return jsons.at(value, path)


def _json_query(text: str, path: str) -> str | None:
    found = _json_at(text, path)
    return None if found is jsons.MISSING or found is None else jsons.dumps(found)


def _json_query_json(text: str, path: str) -> str | None:
    found = _json_at(text, path)
    return None if found is jsons.MISSING else jsons.dumps(found)


def _json_array(text: str, path: str) -> list[str] | None:
    found = _json_at(text, path)
    return [jsons.dumps(v) for v in found] if isinstance(found, list) else None


def _json_value_array(text: str, path: str) -> list[str | None] | None:
    found = _json_at(text, path)
    if not isinstance(found, list) or any(isinstance(v, (dict, list)) for v in found):
        return None
    return [jsons.scalar_text(v) for v in found]


def _json_parse(text: str, mode: str) -> str:
    try:
        return jsons.canonical(text)
    except ValueError as problem:
        raise ValueError(f"Invalid input to PARSE_JSON: {problem}") from None


def _json_type(text: str) -> str:
    value = _json(text)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _json_strict(kind: type | tuple[type, ...], name: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = _json(text)
        wrong_bool = isinstance(value, bool) and kind is not bool
        if value is None or not isinstance(value, kind) or wrong_bool:
            shown = _json_type(text)
            raise ValueError(f"The provided JSON input is not {name}" if shown else "")
        return value

    return read


def _json_int(text: str) -> int:
    value = _json(text)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("The provided JSON input is not an integer")
    return value


def _lax(convert: Callable[[Any], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = _json(text)
        if value is None or isinstance(value, (dict, list)):
            return None
        try:
            return convert(value)
        except (ValueError, OverflowError):
            return None

    return read


def _lax_bool(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return bool(value)


def _lax_int(value: Any) -> int | None:
    number = float(value) if isinstance(value, str) and not re.fullmatch(r"[+-]?\d+", value) else value
    result = round_half_away(float(number)) if isinstance(number, float) else int(number)
    return result if -(2**63) <= result < 2**63 else None


def round_half_away(value: float) -> int:
    """The nearest integer, halves away from zero."""
    return math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)


def _json_edit(text: str, path: str, new: str, create: bool) -> str:
    value, steps = _json(text), jsons.steps(path)
    return jsons.dumps(jsons.sort(_put(value, steps, _json(new), create)))


def _put(value: Any, steps: Sequence[str | int], new: Any, create: bool) -> Any:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if value is None and create:
        value = [] if isinstance(step, int) else {}
    if isinstance(step, int) and isinstance(value, list):
        if step >= len(value):
            if not create:
                return value
            value = value + [None] * (step + 1 - len(value))
        return [_put(v, rest, new, create) if i == step else v for i, v in enumerate(value)]
    if isinstance(step, str) and isinstance(value, dict):
        if step not in value and not create:
            return value
        return {**value, step: _put(value.get(step), rest, new, create)}
    return value


def _json_append(text: str, path: str, new: str, each: bool) -> str:
    value = _json(text)
    target = jsons.at(value, path)
    addition = _json(new)
    items = addition if each and isinstance(addition, list) else [addition]
    if target is jsons.MISSING or (target is not None and not isinstance(target, list)):
        return jsons.dumps(value)
    return jsons.dumps(jsons.sort(_put(value, jsons.steps(path), [*(target or []), *items], True)))


def _json_remove(text: str, paths: Sequence[str]) -> str:
    value = _json(text)
    for path in paths:
        *parents, last = jsons.steps(path)
        holder = value
        for step in parents:
            holder = holder[step] if _has(holder, step) else None
        if _has(holder, last):
            del holder[last]
    return jsons.dumps(value)


def _has(holder: Any, step: str | int) -> bool:
    return (isinstance(holder, dict) and step in holder) or (
        isinstance(holder, list) and isinstance(step, int) and step < len(holder)
    )


def _json_strip(text: str) -> str:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if v is not None}
        if isinstance(value, list):
            return [strip(v) for v in value if v is not None]
        return value

    return jsons.dumps(strip(_json(text)))


def _json_number(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}[float_text(value)]
    return float_text(value)


# ---- text


def _split(value: str, delimiter: str) -> list[str]:
    if delimiter == "":
        return list(value)
    return value.split(delimiter)


def _instr(value: str, part: str, position: int, occurrence: int) -> int:
    if position == 0 or occurrence <= 0:
        raise ValueError("INSTR: position must not be 0, occurrence must be positive")
    if position > 0:
        at = position - 1
        for _ in range(occurrence):
            found = value.find(part, at)
            if found < 0:
                return 0
            at = found + 1
        return found + 1
    end = len(value) + position + len(part)
    for _ in range(occurrence):
        found = value.rfind(part, 0, max(end, 0))
        if found < 0:
            return 0
        end = found + len(part) - 1
    return found + 1


def _translate(value: str, source: str, target: str) -> str:
    if len(set(source)) < len(source):
        raise ValueError("Duplicate character in TRANSLATE source characters")
    table = {ord(c): (target[i] if i < len(target) else None) for i, c in enumerate(source)}
    return value.translate(table)


def _initcap(value: str, delimiters: str | None) -> str | None:
    if value is None:
        return None
    marks = ' \t\n\r\f\v[](){}/|<>!?@"^#$&~_,.:;*%+-' if delimiters is None else delimiters
    out, start = [], True
    for c in value:
        out.append(c.upper() if start else c.lower())
        start = c in marks
    return "".join(out)


def _soundex(value: str) -> str:
    codes = {**dict.fromkeys("BFPV", "1"), **dict.fromkeys("CGJKQSXZ", "2"), **dict.fromkeys("DT", "3"), "L": "4",
             **dict.fromkeys("MN", "5"), "R": "6"}  # fmt: skip
    letters = [c for c in value.upper() if "A" <= c <= "Z"]
    if not letters:
        return ""
    out, last = letters[0], codes.get(letters[0], "")
    for c in letters[1:]:
        code = codes.get(c, "")
        if code and code != last:
            out += code
        if c not in "HW":
            last = code
    return out[:4].ljust(4, "0")


def _regexp(pattern: str) -> re.Pattern[str]:
    # RE2 syntax that Python spells otherwise.
    spelled = re.sub(r"\\p\{?L\}?", r"[^\\W\\d_]", pattern).replace("(?P<", "(?P<").replace(r"\z", r"\Z")
    try:
        return re.compile(spelled)
    except re.error as problem:
        raise ValueError(f"Cannot parse regular expression: {problem}: {pattern}") from None


def _regexp_extract(value: str, pattern: str, position: int, occurrence: int) -> str | None:
    compiled = _regexp(pattern)
    if compiled.groups > 1:
        raise ValueError("Regular expression passed to REGEXP_EXTRACT must not have more than 1 capturing group")
    if position < 1 or occurrence < 1:
        raise ValueError("Position and occurrence of REGEXP_EXTRACT must be positive")
    for i, match in enumerate(compiled.finditer(value, position - 1), 1):
        if i == occurrence:
            return match.group(compiled.groups)
    return None


def _regexp_extract_all(value: str, pattern: str) -> list[str | None]:
    compiled = _regexp(pattern)
    if compiled.groups > 1:
        raise ValueError("Regular expression passed to REGEXP_EXTRACT_ALL must not have more than 1 capturing group")
    return [m.group(compiled.groups) for m in compiled.finditer(value)]


def _regexp_instr(value: str, pattern: str, position: int, occurrence: int, after: int) -> int:
    compiled = _regexp(pattern)
    for i, match in enumerate(compiled.finditer(value, position - 1), 1):
        if i == occurrence:
            start, end = match.span(compiled.groups)
            return (end if after else start) + 1
    return 0


def _hex_int(text: str) -> int:
    value = int(text, 16)
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"Bad int64 value: {text}")
    return value


def _numeric_clean(text: str) -> str:
    try:
        number = Decimal(text.strip())
        rounded = number.quantize(Decimal("1e-9"), rounding="ROUND_HALF_UP", context=moments.WIDE)
    except ArithmeticError:
        return "invalid"
    return f"{rounded:f}" if number.is_finite() and rounded.copy_abs() < Decimal("1e29") else "invalid"


def _numeric_round(value: Decimal, digits: int, mode: str = "ROUND_HALF_AWAY_FROM_ZERO") -> Decimal:
    rounding = {"ROUND_HALF_AWAY_FROM_ZERO": "ROUND_HALF_UP", "ROUND_HALF_EVEN": "ROUND_HALF_EVEN"}.get(mode)
    if rounding is None:
        raise ValueError(f"Invalid rounding mode: {mode}")
    if digits >= 9:
        return value
    return value.quantize(Decimal(1).scaleb(-max(digits, -38)), rounding=rounding, context=moments.WIDE).quantize(
        Decimal("1e-9"), context=moments.WIDE
    )


def _numeric_pow(base: Decimal, power: Decimal) -> Decimal:
    return Decimal(moments.WIDE.power(base, power)).quantize(Decimal("1e-9"), "ROUND_HALF_UP", moments.WIDE)


def _chr(point: int) -> str:
    if not 0 <= point <= 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        raise ValueError(f"Invalid codepoint {point}")
    return chr(point) if point else ""


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text if len(text) % 2 == 0 else "0" + text)
    except ValueError:
        raise ValueError(f"Failed to decode invalid hexadecimal string: {text}") from None


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError(f"Failed to decode invalid base64 string: {text}") from None


def _bytes_substr(value: bytes, position: int, length: int | None) -> bytes | None:
    if value is None or position is None:
        return None
    start = position - 1 if position > 0 else 0 if position == 0 else max(len(value) + position, 0)
    return bytes(value)[start:] if length is None else bytes(value)[start : start + length]


def _host(url: str) -> str | None:
    text = url.strip()
    netloc = urlsplit(text if "//" in text else "//" + text).netloc
    return netloc.rsplit("@", 1)[-1].split(":")[0].strip(".") or None


def _suffix(url: str) -> str | None:
    host = _host(url)
    if not host or "." not in host:
        return None
    parts = host.lower().split(".")
    two = ".".join(parts[-2:])
    return two if two in ("co.uk", "com.au", "co.jp", "org.uk", "com.br") else parts[-1]


def _domain(url: str) -> str | None:
    suffix, host = _suffix(url), _host(url)
    if not suffix or not host or host.lower() == suffix:
        return None
    label = host.lower()[: -len(suffix) - 1].split(".")[-1]
    return f"{label}.{suffix}"


def _collate(value: str, spec: str) -> str:
    if spec not in ("", "und:ci"):
        raise ValueError(f"Collation '{spec}' is not supported")
    if spec == "und:ci":
        raise ValueError("unsupported by the emulator: COLLATE 'und:ci'")
    return value


def _range_parts(text: str) -> dict[str, str | None]:
    found = re.fullmatch(r"\s*\[\s*(.*?)\s*,\s*(.*?)\s*\)\s*", text)
    if not found:
        raise ValueError(f"Invalid range: {text}")
    start, end = (None if g.upper() in ("UNBOUNDED", "NULL") else g for g in found.groups())
    return {"start": start, "end": end}


def seeded(function: Callable[[random.Random], Any]) -> Callable[[int], Any]:
    """A random function of one per-statement seed: each row draws the next number of that seed's stream."""
    streams: dict[int, random.Random] = {}

    def draw(seed: int) -> Any:
        if seed not in streams:
            streams.clear()
            streams[seed] = random.Random(seed)
        return function(streams[seed])

    return draw


T, I, F, B, N, Z = "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DECIMAL(38,9)", "BLOB"  # noqa: E741 - one letter a type keeps the table readable
TS = "VARCHAR[]"

NATIVES: dict[str, Native] = {
    "wt_float_text": Native((F,), T, float_text),
    "wt_float_text9": Native((F,), T, lambda v: f"{Decimal(float_text(v)).quantize(Decimal('1e-9'), 'ROUND_HALF_UP', moments.WIDE):f}"),
    "wt_hex_int": Native((T,), I, _hex_int),
    "wt_numeric_clean": Native((T,), T, _numeric_clean),
    "wt_numeric_round": Native((N, I), N, _numeric_round),
    "wt_numeric_round_mode": Native((N, I, T), N, _numeric_round),
    "wt_numeric_pow": Native((N, N), N, _numeric_pow),
    "wt_py_log": Native((F, F), F, lambda a, b: math.log(a, b) if b not in (2.0, 10.0) else (math.log2(a) if b == 2 else math.log10(a))),
    "wt_rand": Native((I,), F, seeded(random.Random.random)),
    "wt_uuid": Native((I,), T, seeded(lambda dice: str(uuid.UUID(int=dice.getrandbits(128), version=4)))),
    "wt_parse_date": Native((T,), I, _parse_date),
    "wt_parse_datetime": Native((T,), I, _parse_datetime),
    "wt_parse_timestamp": Native((T, T), I, _parse_timestamp),
    "wt_parse_time": Native((T,), I, _parse_time),
    "wt_text_of_datetime": Native((I,), T, moments.datetime_text),
    "wt_text_of_timestamp": Native((I, T), T, moments.timestamp_text),
    "wt_text_of_time": Native((I,), T, moments.time_text),
    "wt_text_of_interval": Native((I, I, I), T, interval_text),
    "wt_text_to_range": Native((T,), 'STRUCT("start" VARCHAR, "end" VARCHAR)', _range_parts),
    "wt_local_us": Native((I, T), I, _zone(moments.local_us)),
    "wt_zoned_us": Native((I, T), I, _zone(_zoned)),
    "wt_strftime": Native((T, I, T, T), T, strftime.show),
    "wt_strptime": Native((T, T, T, T), I, strftime.read),
    "wt_json_value": Native((T, T), T, lambda t, p: jsons.scalar_text(_json_at(t, p))),
    "wt_json_query": Native((T, T), T, _json_query),
    "wt_json_query_json": Native((T, T), T, _json_query_json),
    "wt_json_get": Native((T, T), "JSON", lambda t, k: None if (f := jsons.at(_json(t), f'$."{k}"')) is jsons.MISSING else jsons.dumps(f)),
    "wt_json_array": Native((T, T), TS, _json_array),
    "wt_json_value_array": Native((T, T), TS, _json_value_array),
    "wt_json_keys": Native((T, I), TS, lambda t, d: None if t is None else list(jsons.keys(_json(t), d)), nulls=True),
    "wt_json_type": Native((T,), T, _json_type),
    "wt_json_parse": Native((T, T), T, _json_parse),
    "wt_json_sort": Native((T,), T, jsons.canonical),
    "wt_json_quote": Native((T,), T, jsons.dumps),
    "wt_json_number": Native((F,), T, _json_number),
    "wt_json_timestamp": Native((I,), T, lambda us: moments.datetime_text(us, "T") + "Z"),
    "wt_json_pretty": Native((T,), T, lambda t: __import__("json").dumps(_json(t), indent=2, ensure_ascii=False)),
    "wt_json_set": Native((T, T, T, B), T, _json_edit),
    "wt_json_append": Native((T, T, T, B), T, _json_append),
    "wt_json_remove": Native((T, TS), T, _json_remove),
    "wt_json_strip": Native((T,), T, _json_strip),
    "wt_json_zip": Native((TS, TS), T, lambda k, v: jsons.dumps(jsons.sort({a: _json(b) for a, b in zip(k, v, strict=True)}))),
    "wt_json_bool": Native((T,), B, _json_strict(bool, "a boolean")),
    "wt_json_int": Native((T,), I, _json_int),
    "wt_json_float": Native((T,), F, lambda t: float(_json_strict((int, float), "a number")(t))),
    "wt_json_string": Native((T,), T, _json_strict(str, "a string")),
    "wt_json_lax_bool": Native((T,), B, _lax(_lax_bool)),
    "wt_json_lax_int": Native((T,), I, _lax(_lax_int)),
    "wt_json_lax_float": Native((T,), F, _lax(lambda v: None if isinstance(v, bool) else float(v))),
    "wt_json_lax_string": Native((T,), T, _lax(jsons.scalar_text)),
    "wt_split": Native((T, T), TS, _split),
    "wt_instr": Native((T, T, I, I), I, _instr),
    "wt_initcap": Native((T, T), T, _initcap, nulls=True),
    "wt_translate": Native((T, T, T), T, _translate),
    "wt_trim": Native((T,), T, str.strip),
    "wt_ltrim": Native((T,), T, str.lstrip),
    "wt_rtrim": Native((T,), T, str.rstrip),
    "wt_reverse": Native((T,), T, lambda s: s[::-1]),
    "wt_normalize": Native((T, T), T, lambda s, mode: unicodedata.normalize(mode.upper(), s)),
    "wt_soundex": Native((T,), T, _soundex),
    "wt_casefold": Native((T, T), T, lambda s, mode: unicodedata.normalize(mode, unicodedata.normalize(mode, s).casefold())),
    "wt_collate": Native((T, T), T, _collate),
    "wt_ascii": Native((T,), I, lambda s: ord(s[0]) if s else 0),
    "wt_unicode": Native((T,), I, lambda s: ord(s[0]) if s else 0),
    "wt_chr": Native((I,), T, _chr),
    "wt_code_points": Native((T,), "BIGINT[]", lambda s: [ord(c) for c in s]),
    "wt_byte_points": Native((Z,), "BIGINT[]", lambda b: list(bytes(b))),
    "wt_points_text": Native(("BIGINT[]",), T, lambda points: None if None in points else "".join(map(_chr, points))),
    "wt_points_bytes": Native(("BIGINT[]",), Z, lambda points: None if None in points else bytes(points)),
    "wt_regexp_extract": Native((T, T, I, I), T, _regexp_extract),
    "wt_regexp_extract_all": Native((T, T), TS, _regexp_extract_all),
    "wt_regexp_instr": Native((T, T, I, I, I), I, _regexp_instr),
    "wt_bytes_text": Native((Z,), T, lambda b: bytes(b).decode("utf-8", "replace")),
    "wt_bytes_substr": Native((Z, I, I), Z, _bytes_substr, nulls=True),
    "wt_sha512": Native((Z,), Z, lambda b: hashlib.sha512(bytes(b)).digest()),
    "wt_farm": Native((Z,), I, lambda b: farmhash.fingerprint64(bytes(b))),
    "wt_from_hex": Native((T,), Z, _from_hex),
    "wt_from_base64": Native((T,), Z, _from_base64),
    "wt_to_base32": Native((Z,), T, lambda b: base64.b32encode(bytes(b)).decode()),
    "wt_from_base32": Native((T,), Z, base64.b32decode),
    "wt_js": Native((T, T), T, javascript.run),
    "wt_format": Native((T, TS), T, formats.show, nulls=True),
    "wt_net_host": Native((T,), T, _host),
    "wt_net_public_suffix": Native((T,), T, _suffix),
    "wt_net_reg_domain": Native((T,), T, _domain),
    "wt_net_ip": Native((T,), Z, lambda s: ipaddress.ip_address(s).packed),
    "wt_net_ip_text": Native((Z,), T, lambda b: str(ipaddress.ip_address(bytes(b)))),
}  # fmt: skip
"""Every helper in Python."""
