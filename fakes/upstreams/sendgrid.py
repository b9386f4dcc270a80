"""api.sendgrid.com: takes mail, so that alerts can be read by whoever judges a run.

Imitated: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send (202 with `X-Message-Id`, 400 with the
field, 401 without a key, 413 over 30 MB) and …/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits (600 requests a
minute of mail/send here, 429 with `X-RateLimit-*`). Templates, attachments' contents and scheduling are not looked at.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import Any

from fakes.mail import MOST_MAIL
from fakes.seam import Refuse
from fakes.upstreams.exchange import Request, Response, json_response
from fakes.upstreams.rate import FixedWindow

HOST = "api.sendgrid.com"
PATH = "/v3/mail/send"
PER_MINUTE = 600
LARGEST_BYTES = 30 * 1024 * 1024
MOST_PERSONALIZATIONS = 1000


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was taken, at `sent_s` seconds since the epoch."""

    sent_s: float
    sender: str
    to: tuple[str, ...]
    subject: str
    content: str


class SendGrid:
    """Takes mail with `key` ("" for any); `sent` keeps the newest that was taken, in order."""

    def __init__(self, key: str, per_minute: int | None) -> None:
        self._key = key
        self._limit = per_minute
        self._window = FixedWindow(per_minute, 60.0)
        self.sent: deque[Mail] = deque(maxlen=MOST_MAIL)
        self._taken = 0

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request."""
        if request.path != PATH:
            return _errors(404, "Not Found", None)
        if request.method != "POST":
            return _errors(405, "Method Not Allowed", None)
        key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not key or (self._key and key != self._key):
            return _errors(401, "The provided authorization grant is invalid, expired, or revoked", None)
        admitted = self._window.admit(now_s)
        limits = self._limits(now_s)
        if not admitted:
            return _errors(429, "too many requests", None, limits)
        if len(request.body) > LARGEST_BYTES:
            return _errors(413, "Payload Too Large", None, limits)
        try:
            body = json.loads(request.body)
        except ValueError:
            return _errors(400, "Bad Request", None, limits)
        wrong = _wrong(body)
        if wrong is not None:
            return _errors(400, wrong[1], wrong[0], limits)
        for to in body["personalizations"]:
            self.sent.append(_mail(body, to, now_s))
            self._taken += 1
        return Response(202, b"", {"X-Message-Id": f"windtunnel-{self._taken:06d}", **limits})

    def _limits(self, now_s: float) -> dict[str, str]:
        if self._limit is None:
            return {}
        reset = int(now_s + self._window.left_s(now_s))
        return {
            "X-RateLimit-Limit": str(self._limit),
            "X-RateLimit-Remaining": str(self._window.left(now_s)),
            "X-RateLimit-Reset": str(reset),
        }


def _wrong(body: Any) -> tuple[str, str] | None:
    """The first field that is wrong, and what is wrong with it."""
    if not isinstance(body, dict):
        return "", "Bad Request"
    groups = body.get("personalizations")
    if not isinstance(groups, list) or not groups:
        return "personalizations", "The personalizations field is required and must have at least one personalization."
    if len(groups) > MOST_PERSONALIZATIONS:
        return "personalizations", f"No more than {MOST_PERSONALIZATIONS} personalizations are allowed."
    if not isinstance(body.get("from"), dict) or "@" not in str(body["from"].get("email", "")):
        return "from.email", "The from email does not contain a valid address."
    for number, group in enumerate(groups):
        to = group.get("to") if isinstance(group, dict) else None
        if not isinstance(to, list) or not to:
            return f"personalizations.{number}.to", (
                "The to array is required for all personalization objects, and must have at least one email object "
                "with a valid email address."
            )
        for place, one in enumerate(to):
            if not isinstance(one, dict) or "@" not in str(one.get("email", "")):
                return f"personalizations.{number}.to.{place}.email", "Does not contain a valid address."
        if not (body.get("subject") or group.get("subject") or body.get("template_id")):
            return (
                "subject",
                "The subject is required. You can get around this requirement if you use a template with a subject.",
            )
    content = body.get("content")
    if not body.get("template_id") and not (isinstance(content, list) and content):
        return "content", "Unless a valid template_id is provided, the content parameter is required."
    for place, part in enumerate(content or []):
        if not isinstance(part, dict) or not part.get("type") or not part.get("value"):
            return f"content.{place}.value", "The content value must be a string at least one character in length."
    return None


def _mail(body: dict[str, Any], group: dict[str, Any], now_s: float) -> Mail:
    return Mail(
        now_s,
        body["from"]["email"],
        tuple(one["email"] for one in group["to"]),
        group.get("subject") or body.get("subject", ""),
        "\n".join(part["value"] for part in body.get("content") or []),
    )


def _errors(status: int, message: str, field: str | None, headers: dict[str, str] | None = None) -> Response:
    body = {"errors": [{"message": message, "field": field, "help": None}]}
    return json_response(status, body, headers, message if status != 400 else "badRequest")


def refuse(refusal: Refuse) -> Response:
    """An error as SendGrid words it."""
    plain = _errors(refusal.status, refusal.message or refusal.reason or "error", None, dict(refusal.headers))
    return Response(plain.status, plain.body, plain.headers, refusal.reason)
