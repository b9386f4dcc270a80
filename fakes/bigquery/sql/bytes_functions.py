"""Helper functions of BYTES, in Python: the string functions that count bytes instead of characters."""

from __future__ import annotations

import operator
from collections.abc import Callable

from fakes.bigquery.sql.native import BIGINT, BLOB, BLOBS, BOOL, TEXT, Native


def _counted(name: str, count: int) -> int:
    if count < 0:
        raise ValueError(f"Second argument in {name}() cannot be negative")
    return count


def _right(value: bytes, count: int) -> bytes:
    return value[max(len(value) - _counted("RIGHT", count), 0) :]


def _replace(value: bytes, old: bytes, new: bytes) -> bytes:
    return value.replace(old, new) if old else value


def _pad(value: bytes, length: int, pattern: bytes, side: str) -> bytes:
    if length < 0 or not pattern:
        raise ValueError("Second and third argument of padding must be positive and not empty")
    missing = length - len(value)
    if missing <= 0:
        return value[:length]
    fill = (pattern * (missing // len(pattern) + 1))[:missing]
    return fill + value if side == "left" else value + fill


def _trim(value: bytes, characters: bytes, side: str) -> bytes:
    if side != "right":
        value = value.lstrip(characters)
    return value.rstrip(characters) if side != "left" else value


def _split(value: bytes, delimiter: bytes) -> list[bytes]:
    return value.split(delimiter) if delimiter else [bytes([b]) for b in value]


def _substr(value: bytes, position: int, length: int | None) -> bytes | None:
    if value is None or position is None:
        return None
    if length is not None and length < 0:
        raise ValueError("Third argument in SUBSTR() cannot be negative")
    start = position - 1 if position > 0 else 0 if position == 0 else max(len(value) + position, 0)
    return value[start:] if length is None else value[start : start + length]


def _bitwise(work: Callable[[int, int], int]) -> Callable[[bytes, bytes], bytes]:
    def compute(a: bytes, b: bytes) -> bytes:
        if len(a) != len(b):
            raise ValueError(
                "Bitwise binary operator for BYTES requires equal length of the inputs. Got"
                f" {len(a)} bytes on the left hand side and {len(b)} bytes on the right hand side"
            )
        return bytes(map(work, a, b))

    return compute


def _shifted(sign: str) -> Callable[[bytes, int], bytes]:
    def compute(value: bytes, count: int) -> bytes:
        if count < 0:
            raise ValueError("Bitwise shift by negative offset.")
        whole = int.from_bytes(value)
        moved = whole >> count if sign == ">>" else (whole << min(count, 8 * len(value))) & ((1 << 8 * len(value)) - 1)
        return moved.to_bytes(len(value))

    return compute


NATIVES: dict[str, Native] = {
    "wt_bytes_and": Native((BLOB, BLOB), BLOB, _bitwise(operator.and_)),
    "wt_bytes_or": Native((BLOB, BLOB), BLOB, _bitwise(operator.or_)),
    "wt_bytes_xor": Native((BLOB, BLOB), BLOB, _bitwise(operator.xor)),
    "wt_bytes_not": Native((BLOB,), BLOB, lambda v: bytes(byte ^ 0xFF for byte in v)),
    "wt_bytes_left_shift": Native((BLOB, BIGINT), BLOB, _shifted("<<")),
    "wt_bytes_right_shift": Native((BLOB, BIGINT), BLOB, _shifted(">>")),
    # Regular expressions take a byte for a character: so does text of which each character stands for one byte.
    "wt_latin": Native((BLOB,), TEXT, lambda v: bytes(v).decode("latin-1")),
    "wt_unlatin": Native((TEXT,), BLOB, lambda v: v.encode("latin-1")),
    "wt_bytes_bit_count": Native((BLOB,), BIGINT, lambda b: sum(byte.bit_count() for byte in b)),
    "wt_bytes_left": Native((BLOB, BIGINT), BLOB, lambda v, n: v[: _counted("LEFT", n)]),
    "wt_bytes_right": Native((BLOB, BIGINT), BLOB, _right),
    "wt_bytes_reverse": Native((BLOB,), BLOB, lambda v: v[::-1]),
    "wt_bytes_repeat": Native((BLOB, BIGINT), BLOB, lambda v, n: v * _counted("REPEAT", n)),
    "wt_bytes_replace": Native((BLOB, BLOB, BLOB), BLOB, _replace),
    "wt_bytes_pad": Native((BLOB, BIGINT, BLOB, TEXT), BLOB, _pad),
    "wt_bytes_trim": Native((BLOB, BLOB, TEXT), BLOB, _trim),
    "wt_bytes_starts": Native((BLOB, BLOB), BOOL, bytes.startswith),
    "wt_bytes_ends": Native((BLOB, BLOB), BOOL, bytes.endswith),
    "wt_bytes_position": Native((BLOB, BLOB), BIGINT, lambda v, part: v.find(part) + 1),
    "wt_bytes_split": Native((BLOB, BLOB), BLOBS, _split),
    "wt_bytes_join": Native((BLOBS, BLOB), BLOB, lambda items, joint: joint.join(i for i in items if i is not None)),
    "wt_bytes_upper": Native((BLOB,), BLOB, bytes.upper),
    "wt_bytes_lower": Native((BLOB,), BLOB, bytes.lower),
    "wt_bytes_ascii": Native((BLOB,), BIGINT, lambda v: v[0] if v else 0),
    "wt_bytes_substr": Native((BLOB, BIGINT, BIGINT), BLOB, _substr, nulls=True),
}
