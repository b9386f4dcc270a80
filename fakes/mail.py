"""A message as whoever looks for it wants it, whichever emulator took it. It must not know how it was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from fakes.seam import Surroundings


def summary(mail_id: str, at_ns: int, sender: str, recipients: Sequence[str], data: bytes) -> Mapping[str, Any]:
    """A raw message (RFC 5322) as `fakes.seam.Mailbox` gives it; `text` is its first text part, decoded."""
    parsed = message_from_bytes(data, policy=policy.default)
    body = parsed.get_body(("plain", "html")) if isinstance(parsed, EmailMessage) else None
    try:
        text = str(body.get_content()) if body is not None else ""
    except (LookupError, ValueError):  # a charset nobody knows, a body that is no such text
        text = ""
    return {
        "id": mail_id,
        "at_ns": at_ns,
        "sender": sender,
        "recipients": list(recipients),
        "subject": str(parsed.get("subject", "")),
        "text": text,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def record_mail(around: Surroundings, mail: Mapping[str, Any]) -> None:
    """Put a `mark` named `mail` into the history: who wrote to whom about what, and the message's digest."""
    told = ("id", "sender", "recipients", "subject", "bytes", "sha256")
    around.record("mark", name="mail", fields={name: mail[name] for name in told})
