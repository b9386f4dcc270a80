"""hooks.slack.com: takes webhook messages, one a second.

Imitated: https://api.slack.com/messaging/webhooks (200 `ok`, 400 `invalid_payload` and `no_text`, 404 `no_service`) and
https://api.slack.com/docs/rate-limits (one message per second and webhook, 429 with Retry-After).
"""

from __future__ import annotations

import json
import math
import re
from collections import deque

from fakes.seam import Refuse
from fakes.upstreams.exchange import Request, Response
from fakes.upstreams.rate import FixedWindow

HOST = "hooks.slack.com"
_HOOK = re.compile(r"^/services/[^/]+/[^/]+/[^/]+$")
MOST_MESSAGES = 10_000
"""Messages kept to be looked at."""

TEXT = {"Content-Type": "text/html"}


class SlackHooks:
    """Takes messages for any webhook; `messages` keeps (seconds since the epoch, text) of the newest it
    took.
    """

    def __init__(self, per_second: int | None) -> None:
        self._per_second = per_second
        self._windows: dict[str, FixedWindow] = {}
        self.messages: deque[tuple[float, str]] = deque(maxlen=MOST_MESSAGES)

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request."""
        if request.method != "POST" or not _HOOK.match(request.path):
            return Response(404, b"no_service", TEXT, "no_service")
        try:
            body = json.loads(request.body)
            text = body.get("text") or body.get("blocks")
        except (ValueError, AttributeError):
            return Response(400, b"invalid_payload", TEXT, "invalid_payload")
        if not text:
            return Response(400, b"no_text", TEXT, "no_text")
        window = self._windows.setdefault(request.path, FixedWindow(self._per_second, 1.0))
        if not window.admit(now_s):
            headers = {**TEXT, "Retry-After": str(max(1, math.ceil(window.left_s(now_s))))}
            return Response(429, b"rate_limited", headers, "rate_limited")
        self.messages.append((now_s, str(text)))
        return Response(200, b"ok", TEXT)


def refuse(refusal: Refuse) -> Response:
    """An error as Slack words it: a bare word."""
    return Response(refusal.status, (refusal.reason or "error").encode(), {**TEXT, **refusal.headers}, refusal.reason)
