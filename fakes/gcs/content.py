"""An object's bytes: checksums, ranges and transcoding. Pure functions that know no bucket."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import zlib

import google_crc32c

from fakes.gcs.errors import ApiError, invalid

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def crc32c_of(data: bytes) -> str:
    """CRC32C of `data`, base64 of four big-endian bytes."""
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def md5_of(data: bytes) -> str:
    """MD5 of `data`, base64."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def check_hashes(asked: dict[str, str], crc32c: str, md5: str) -> None:
    """Raise 400 when a hash the caller sent (`crc32c`, `md5`, base64) is not the one of what arrived."""
    if asked.get("crc32c") and asked["crc32c"] != crc32c:
        raise ApiError(
            400,
            f'Provided CRC32C "{asked["crc32c"]}" doesn\'t match calculated CRC32C "{crc32c}".',
            reason="invalid",
            code="BadDigest",
        )
    if asked.get("md5") and asked["md5"] != md5:
        raise ApiError(
            400,
            f'Provided MD5 hash "{asked["md5"]}" doesn\'t match calculated MD5 hash "{md5}".',
            reason="invalid",
            code="BadDigest",
        )


def hashes_of_header(header: str) -> dict[str, str]:
    """`crc32c=…,md5=…` of an `X-Goog-Hash` header as a mapping."""
    pairs = (part.strip().partition("=") for part in header.split(","))
    return {name: value for name, _, value in pairs if name in ("crc32c", "md5")}


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(first, end) of a `Range` header over `size` bytes, end exclusive; None to serve it all.

    Several ranges or another unit are ignored, as the service does. Raises 416 for a range that starts past the end.
    """
    found = _RANGE.match(header.replace(" ", "")) if header else None
    if found is None or found.group(0) == "bytes=-":
        return None
    first_text, last_text = found.groups()
    if not first_text:
        suffix = int(last_text)
        if suffix == 0 or size == 0:
            raise _unsatisfiable(size)
        return max(0, size - suffix), size
    first = int(first_text)
    if first >= size:
        raise _unsatisfiable(size)
    end = min(int(last_text) + 1, size) if last_text else size
    return None if end <= first else (first, end)


def _unsatisfiable(size: int) -> ApiError:
    return ApiError(
        416,
        "The requested range cannot be satisfied.",
        code="InvalidRange",
        headers=(("Content-Range", f"bytes */{size}"),),
    )


def gunzip(data: bytes) -> bytes:
    """What decompressive transcoding serves; 400 where the object is not the gzip its metadata says."""
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raise invalid("The object is not the gzip its Content-Encoding says.") from None


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an `Accept-Encoding` header lets a gzip object through as it is stored."""
    for part in accept_encoding.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0")
    return False
