"""Signed URLs: whether one is still good.

Its life is checked for everybody. The signature is checked where the emulator can know the key, that is for its own
HMAC keys; a service account's private key is somebody else's secret, and what it signed is taken on trust.
Source: https://cloud.google.com/storage/docs/access-control/signed-urls and .../authentication/canonical-requests.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from fakes.gcs.errors import ApiError
from fakes.gcs.http import Request

LONGEST_S = 604_800
"""Seven days, the longest life of a V4 signature."""


def check(request: Request, now_ns: int, secrets: Mapping[str, str]) -> None:
    """Raise 400 for a signature that has expired, 403 for one that is wrong; do nothing for an unsigned request."""
    query = request.query
    if "X-Goog-Signature" in query:
        begun_s = _begun_s(query.get("X-Goog-Date", ""))
        try:
            life_s = int(query.get("X-Goog-Expires", ""))
        except ValueError:
            life_s = 0
        if begun_s is None or not 0 < life_s <= LONGEST_S:
            raise ApiError(400, "X-Goog-Date or X-Goog-Expires is missing or invalid.", code="InvalidArgument")
        _check_life(begun_s + life_s, now_ns)
        if query.get("X-Goog-Algorithm") == "GOOG4-HMAC-SHA256":
            _check_hmac(request, secrets)
    elif "Signature" in query and "Expires" in query:
        if not query["Expires"].isdecimal():
            raise ApiError(400, "Expires is no number of seconds.", code="InvalidArgument")
        _check_life(int(query["Expires"]), now_ns)


def _check_life(until_s: int, now_ns: int) -> None:
    if now_ns >= until_s * 1_000_000_000:
        raise ApiError(400, "The provided token has expired.", code="ExpiredToken")


def _begun_s(text: str) -> int | None:
    try:
        return int(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _check_hmac(request: Request, secrets: Mapping[str, str]) -> None:
    access_id, _, scope = request.query.get("X-Goog-Credential", "").partition("/")
    secret = secrets.get(access_id)
    if secret is None:
        raise ApiError(403, "Access denied.", code="AccessDenied")
    if not hmac.compare_digest(_signature(request, secret, scope), request.query["X-Goog-Signature"]):
        raise ApiError(403, "Access denied.", code="SignatureDoesNotMatch")


def _signature(request: Request, secret: str, scope: str) -> str:
    signed = request.query.get("X-Goog-SignedHeaders", "host").split(";")
    pairs = [pair for pair in parse_qsl(request.target_query, keep_blank_values=True) if pair[0] != "X-Goog-Signature"]
    canonical = "\n".join(
        (
            request.method,
            request.path,
            "&".join(sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in signed),
            "",
            ";".join(signed),
            request.headers.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD"),
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(("GOOG4-HMAC-SHA256", request.query.get("X-Goog-Date", ""), scope, digest))
    key = f"GOOG4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
