"""Mail as whoever looks for it wants it, whichever emulator took it. It must not know how it was sent."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import orjson

from fakes.journal import Ledger
from fakes.seam import Surroundings

MOST_MAIL = 10_000
"""Messages that are kept to be looked at; the oldest go first."""

_KIND, _TAKEN = "mail", "mail taken"


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


class Letters:
    """The mail an emulator took, `MOST_MAIL` at most, kept in its ledger and told to the history."""

    def __init__(self, around: Surroundings, ledger: Ledger) -> None:
        self._around = around
        self._ledger = ledger
        self._lock = threading.Lock()
        self._by_id: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self.taken = 0
        """How many there ever were."""
        ledger.keep(_KIND, self._record)
        ledger.keep(_TAKEN, lambda: b"%d" % self.taken)
        if ledger.journal is not None:
            for (mail_id,), value in ledger.journal.records(_KIND):
                self._by_id[mail_id] = orjson.loads(value)
            for _, value in ledger.journal.records(_TAKEN):
                self.taken = int(value)

    def take(self, mail_id: str, sender: str, recipients: Sequence[str], data: bytes) -> None:
        """Keep a message that was sent just now; the ledger's lock writes it."""
        mail = summary(mail_id, self._around.now_ns(), sender, recipients, data)
        with self._ledger.lock, self._lock:
            self._by_id[mail_id] = mail
            self.taken += 1
            self._ledger.note(_KIND, mail_id)
            self._ledger.note(_TAKEN)
            while len(self._by_id) > MOST_MAIL:
                self._ledger.note(_KIND, self._by_id.popitem(last=False)[0])
        told = ("id", "sender", "recipients", "subject", "bytes", "sha256")
        self._around.record("mark", name="mail", fields={name: mail[name] for name in told})

    def all(self) -> list[Mapping[str, Any]]:
        """What was sent, oldest first."""
        with self._lock:
            return list(self._by_id.values())

    def _record(self, mail_id: str) -> bytes | None:
        mail = self._by_id.get(mail_id)
        return None if mail is None else orjson.dumps(mail)
