"""How Cloud Storage writes times, etags and numbers: pure functions between nanoseconds and the vendor's text."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from fakes.gcs.errors import invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(time_ns: int) -> str:
    """Nanoseconds since the epoch as the JSON API writes them, in milliseconds: `2026-01-16T00:00:00.000Z`."""
    moment = _EPOCH + timedelta(seconds=time_ns // 1_000_000_000)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns // 1_000_000 % 1000:03d}Z"


def exact(time_ns: int) -> str:
    """The same with microseconds where there are any: what a caller set comes back as it was."""
    below_ms = time_ns // 1000 % 1000
    return rfc3339(time_ns) if below_ms == 0 else f"{rfc3339(time_ns)[:-1]}{below_ms:03d}Z"


def http_date(time_ns: int) -> str:
    """Nanoseconds since the epoch as an HTTP date: `Fri, 16 Jan 2026 00:00:00 GMT`."""
    moment = _EPOCH + timedelta(seconds=time_ns // 1_000_000_000)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment:%Y %H:%M:%S} GMT"


def time_of(text: object, parameter: str) -> int:
    """Nanoseconds since the epoch of an RFC 3339 text; 400 naming `parameter` when it is not one."""
    try:
        moment = datetime.fromisoformat(str(text))
        if moment.tzinfo is None:
            raise ValueError
        since = moment - _EPOCH
    except (ValueError, OverflowError):
        raise invalid(
            f"Invalid value for {parameter}: {text!r} is not an RFC 3339 time with a zone", location=parameter
        ) from None
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def object_etag(generation: int, metageneration: int) -> str:
    """An object's etag: like the service's, it changes with the generation and with the metageneration."""
    return base64.b64encode(b"\x08" + _varint(generation) + b"\x10" + _varint(metageneration)).decode()


def metageneration_etag(metageneration: int) -> str:
    """The etag of a bucket or a policy, which changes with its metageneration (`CAE=` for 1, as the service's)."""
    return base64.b64encode(b"\x08" + _varint(metageneration)).decode()
