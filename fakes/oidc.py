"""Google's OIDC tokens, as push subscriptions, schedules and the metadata server send them.

It must not know who sends one to whom.
"""

from __future__ import annotations

import base64
import json
from typing import Any

LIFE_S = 3600
SUBJECT = "113774264463038321964"


def id_token(audience: str, email: str, now_ns: int) -> str:
    """A JWT with the claims of Google's: readable, but signed by nobody (its signature part is a fixed word)."""
    now_s = now_ns // 1_000_000_000
    claims = {
        "aud": audience,
        "azp": SUBJECT,
        "email": email,
        "email_verified": True,
        "exp": now_s + LIFE_S,
        "iat": now_s,
        "iss": "https://accounts.google.com",
        "sub": SUBJECT,
    }
    return ".".join((_part({"alg": "RS256", "kid": "windtunnel", "typ": "JWT"}), _part(claims), _encoded(b"unsigned")))


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
