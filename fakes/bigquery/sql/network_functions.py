
"""Helper functions of the NET namespace, in Python."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fakes.bigquery.sql.native import BLOB, TEXT, Native


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


NATIVES: dict[str, Native] = {
    "wt_net_host": Native((TEXT,), TEXT, _host),
    "wt_net_public_suffix": Native((TEXT,), TEXT, _suffix),
    "wt_net_reg_domain": Native((TEXT,), TEXT, _domain),
    "wt_net_ip": Native((TEXT,), BLOB, lambda s: ipaddress.ip_address(s).packed),
    "wt_net_ip_text": Native((BLOB,), TEXT, lambda b: str(ipaddress.ip_address(bytes(b)))),
}  # fmt: skip
