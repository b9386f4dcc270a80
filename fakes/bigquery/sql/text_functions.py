# ruff: noqa: E501 - the table at the end has one helper a line
"""Helper functions of strings and bytes, in Python: search, codes, hashes, FORMAT, JavaScript."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata

from fakes.bigquery.sql import farmhash, javascript
from fakes.bigquery.sql.native import BIGINT, BIGINTS, BLOB, TEXT, TEXTS, Native


def _split(value: str, delimiter: str) -> list[str]:
    if delimiter == "":
        return list(value) or [""]
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


_BEYOND_RE2 = re.compile(r"(?:[^\\]|^)(?:\\\\)*(\(\?<?[=!]|\(\?>|\\[1-9]|[*+?}]\+)")
"""What Python's expressions have and RE2's have not: looking around, atomic groups, references back, possessiveness."""


def _regexp(pattern: str) -> re.Pattern[str]:
    if found := _BEYOND_RE2.search(pattern):
        raise ValueError(f"Cannot parse regular expression: invalid perl operator: {found.group(1)}")
    # RE2 syntax that Python spells otherwise.
    spelled = re.sub(r"\\p\{?L\}?", r"[^\\W\\d_]", pattern).replace(r"\z", r"\Z")
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
    if compiled.groups > 1:
        raise ValueError("Regular expression passed to REGEXP_INSTR must not have more than 1 capturing group")
    if position < 1 or occurrence < 1 or after not in (0, 1):
        raise ValueError("Invalid position, occurrence or occurrence position of REGEXP_INSTR")
    for i, match in enumerate(compiled.finditer(value, position - 1), 1):
        if i == occurrence:
            start, end = match.span(compiled.groups)
            return (end if after else start) + 1
    return 0


def _chr(point: int) -> str:
    if not 0 <= point <= 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        raise ValueError(f"Invalid codepoint {point}")
    return chr(point)


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


def _collate(value: str, spec: str) -> str:
    if spec not in ("", "und:ci"):
        raise ValueError(f"Collation '{spec}' is not supported")
    if spec == "und:ci":
        raise ValueError("unsupported by the emulator: COLLATE 'und:ci'")
    return value


def _ascii(text: str) -> int:
    if text and not text[0].isascii():
        raise ValueError(f"Argument to ASCII is not a structurally valid ASCII string: '{text}'")
    return ord(text[0]) if text else 0


NATIVES: dict[str, Native] = {
    "wt_split": Native((TEXT, TEXT), TEXTS, _split),
    "wt_instr": Native((TEXT, TEXT, BIGINT, BIGINT), BIGINT, _instr),
    "wt_initcap": Native((TEXT, TEXT), TEXT, _initcap, nulls=True),
    "wt_translate": Native((TEXT, TEXT, TEXT), TEXT, _translate),
    "wt_trim": Native((TEXT,), TEXT, str.strip),
    "wt_ltrim": Native((TEXT,), TEXT, str.lstrip),
    "wt_rtrim": Native((TEXT,), TEXT, str.rstrip),
    "wt_reverse": Native((TEXT,), TEXT, lambda s: s[::-1]),
    "wt_normalize": Native((TEXT, TEXT), TEXT, lambda s, mode: unicodedata.normalize(mode.upper(), s)),
    "wt_soundex": Native((TEXT,), TEXT, _soundex),
    "wt_casefold": Native((TEXT, TEXT), TEXT, lambda s, mode: unicodedata.normalize(mode, unicodedata.normalize(mode, s).casefold())),
    "wt_collate": Native((TEXT, TEXT), TEXT, _collate),
    "wt_ascii": Native((TEXT,), BIGINT, _ascii),
    "wt_fold": Native((TEXT,), TEXT, lambda s: unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", s).casefold())),
    "wt_unicode": Native((TEXT,), BIGINT, lambda s: ord(s[0]) if s else 0),
    "wt_chr": Native((BIGINT,), TEXT, _chr),
    "wt_code_points": Native((TEXT,), BIGINTS, lambda s: [ord(c) for c in s]),
    "wt_byte_points": Native((BLOB,), BIGINTS, lambda b: list(bytes(b))),
    "wt_points_text": Native((BIGINTS,), TEXT, lambda points: None if None in points else "".join(map(_chr, points))),
    "wt_points_bytes": Native((BIGINTS,), BLOB, lambda points: None if None in points else bytes(points)),
    "wt_regexp_extract": Native((TEXT, TEXT, BIGINT, BIGINT), TEXT, _regexp_extract),
    "wt_regexp_extract_all": Native((TEXT, TEXT), TEXTS, _regexp_extract_all),
    "wt_regexp_instr": Native((TEXT, TEXT, BIGINT, BIGINT, BIGINT), BIGINT, _regexp_instr),
    "wt_bytes_text": Native((BLOB,), TEXT, lambda b: bytes(b).decode("utf-8", "replace")),
    "wt_sha512": Native((BLOB,), BLOB, lambda b: hashlib.sha512(bytes(b)).digest()),
    "wt_farm": Native((BLOB,), BIGINT, lambda b: farmhash.fingerprint64(bytes(b))),
    "wt_from_hex": Native((TEXT,), BLOB, _from_hex),
    "wt_from_base64": Native((TEXT,), BLOB, _from_base64),
    "wt_to_base32": Native((BLOB,), TEXT, lambda b: base64.b32encode(bytes(b)).decode()),
    "wt_from_base32": Native((TEXT,), BLOB, base64.b32decode),
    "wt_js": Native((TEXT, TEXT), TEXT, javascript.run),
}  # fmt: skip
