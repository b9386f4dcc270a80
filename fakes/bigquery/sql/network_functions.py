"""Helper functions of the NET namespace, in Python."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fakes.bigquery.sql.native import BIGINT, BLOB, TEXT, Native


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


def _safe_ip(text: str) -> bytes | None:
    try:
        return ipaddress.ip_address(text).packed
    except ValueError:
        return None


def _ip(text: str) -> bytes:
    packed = _safe_ip(text)
    if packed is None:
        raise ValueError(f"NET.IP_FROM_STRING() encountered a non-IP address: {text}")
    return packed


def _mask(size: int, prefix: int) -> bytes:
    if size not in (4, 16):
        raise ValueError(f"The first argument of NET.IP_NET_MASK() must be either 4 or 16; {size} is not")
    if not 0 <= prefix <= size * 8:
        raise ValueError(f"The second argument of NET.IP_NET_MASK() must be between 0 and {size * 8}; {prefix} is not")
    bits = size * 8
    return ((1 << bits) - (1 << (bits - prefix))).to_bytes(size, "big")


def _trunc(address: bytes, prefix: int) -> bytes:
    if len(address) not in (4, 16):
        raise ValueError(f"The first argument of NET.IP_TRUNC() must have 4 or 16 bytes; {len(address)} is not")
    return bytes(a & m for a, m in zip(address, _mask(len(address), prefix), strict=True))


def _from_int(value: int) -> bytes:
    if not -(2**31) <= value < 2**32:
        raise ValueError(f"NET.IPV4_FROM_INT64() encountered a value out of range: {value}")
    return (value % 2**32).to_bytes(4, "big")


def _to_int(address: bytes) -> int:
    if len(address) != 4:
        raise ValueError(f"NET.IPV4_TO_INT64() encountered a non-IPv4 address of {len(address)} bytes")
    return int.from_bytes(address, "big")


NATIVES: dict[str, Native] = {
    "wt_net_host": Native((TEXT,), TEXT, _host),
    "wt_net_public_suffix": Native((TEXT,), TEXT, _suffix),
    "wt_net_reg_domain": Native((TEXT,), TEXT, _domain),
    "wt_net_ip": Native((TEXT,), BLOB, _ip),
    "wt_net_safe_ip": Native((TEXT,), BLOB, _safe_ip),
    "wt_net_mask": Native((BIGINT, BIGINT), BLOB, _mask),
    "wt_net_trunc": Native((BLOB, BIGINT), BLOB, _trunc),
    "wt_net_from_int": Native((BIGINT,), BLOB, _from_int),
    "wt_net_to_int": Native((BLOB,), BIGINT, _to_int),
    "wt_net_ip_text": Native((BLOB,), TEXT, lambda b: str(ipaddress.ip_address(bytes(b)))),
}  # fmt: skip
