"""What a client writes where it opens a channel and starts a call: targets, options, metadata, read as core does.

It must not know what becomes of them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_SCHEME = re.compile(r"^(dns:(//[^/]*/)?|passthrough:///|google-c2p:///|xds:///|ipv4:|ipv6:)")
_KEY = re.compile(r"^[0-9a-z_.-]+$")
_TEXT = re.compile(r"^[\x20-\x7e]*$")

DEFAULT_MAX_RECEIVE_BYTES = 4 * 1024 * 1024
"""GRPC_DEFAULT_MAX_RECV_MESSAGE_LENGTH of gRPC core; sending has no limit by default."""

_NOT_FOR_THE_WIRE = "grpc-internal-encoding-request"


def host_of(target: str) -> str:
    """The host name in `[scheme:][//authority/]host[:port]`."""
    address = _SCHEME.sub("", target)
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.rpartition(":")[0] if address.count(":") == 1 else address


@dataclass(frozen=True, slots=True)
class Limits:
    """The message sizes, in bytes, a channel allows; -1 is no limit."""

    max_send_bytes: int = -1
    max_receive_bytes: int = DEFAULT_MAX_RECEIVE_BYTES


def limits_of(options: Iterable[tuple[Any, Any]] | None) -> Limits:
    """Read the channel options that matter in memory.

    Raises `ValueError` for a service config with a retry policy: core's own retries are not simulated, and leaving them
    out in silence would make a client look less patient than it is.
    """
    limits = Limits()
    for key, value in options or ():
        name = key.decode() if isinstance(key, bytes) else key
        if name == "grpc.max_send_message_length":
            limits = Limits(int(value), limits.max_receive_bytes)
        elif name == "grpc.max_receive_message_length":
            limits = Limits(limits.max_send_bytes, int(value))
        elif name == "grpc.service_config" and ("retryPolicy" in str(value) or "hedgingPolicy" in str(value)):
            raise ValueError(
                "channel option grpc.service_config has a retryPolicy or hedgingPolicy, which a simulated channel does "
                f"not carry out; retry in the client (google.api_core.retry) or drop the policy: {value!r}"
            )
    return limits


def sendable(metadata: Sequence[tuple[Any, Any]] | None) -> bool:
    """Whether core would send this metadata: lower-case keys, printable ASCII unless binary."""
    for key, value in metadata or ():
        text = value if isinstance(value, str) else bytes(value).decode("latin-1")
        if not _KEY.match(key) or not (key.endswith("-bin") or _TEXT.match(text)):
            return False
    return True


def as_headers(metadata: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """Metadata as the handler sees it: lower-case names to text.

    Binary values are base64 without padding and repeated keys are joined with a comma, as on the wire
    (doc/PROTOCOL-HTTP2.md of the gRPC repository).
    """
    headers: dict[str, str] = {}
    for key, value in metadata:
        if key == _NOT_FOR_THE_WIRE:
            continue
        if key.endswith("-bin"):
            raw = value.encode() if isinstance(value, str) else value
            text = base64.b64encode(raw).decode().rstrip("=")
        else:
            text = value if isinstance(value, str) else value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers
