"""Amazon SES as a back end of a world: its hosts, its words, the mail it took, and moto behind them.

Version 1 of the API (form-encoded `Action=`) and version 2 (JSON below `/v2/email/`) on one host, as at the vendor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from fakes import aws
from fakes.mail import Letters
from fakes.pickles import dump
from fakes.seam import Surroundings, WsgiApp

HOST = "email.{region}.amazonaws.com"
V2 = "/v2/email/"

USUAL: Mapping[int, tuple[int, str, str]] = {
    400: (400, "MessageRejected", "Email address is not verified."),
    401: (403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    403: (403, "AccessDenied", "User is not authorized to perform this operation."),
    # The query protocol says 400 where others say 429.
    429: (400, "Throttling", "Maximum sending rate exceeded."),
    500: (500, "InternalFailure", "The request processing has failed because of an unknown error."),
    503: (503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
}
"""Status, code and message of a refusal (docs.aws.amazon.com/ses/latest/APIReference/CommonErrors.html)."""

USUAL_V2: Mapping[int, tuple[int, str, str]] = {
    **USUAL,
    429: (429, "TooManyRequestsException", "Maximum sending rate exceeded."),
}

_NOT_KEPT = ("sent_messages", "_is_verified_address")
"""Of moto's state of a region: mail has records of its own, and what an option says is no state."""

_V2_NOUNS = {
    "outbound-emails": "Email",
    "identities": "EmailIdentity",
    "contact-lists": "ContactList",
    "configuration-sets": "ConfigurationSet",
    "dedicated-ip-pools": "DedicatedIpPool",
}
_V2_VERBS = {"POST": "Create", "GET": "Get", "PUT": "Put", "DELETE": "Delete"}


def _render(status: int, code: str, message: str) -> aws.Reply:
    kind = "Sender" if status < 500 else "Receiver"
    body = (
        '<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error>'
        f"<Type>{kind}</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
        "</Error><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    )
    return aws.Reply(status, {"Content-Type": "text/xml"}, body.encode(), code)


def _render_v2(status: int, code: str, message: str) -> aws.Reply:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    return aws.Reply(status, headers, json.dumps({"message": message}).encode(), code)


class Ses(aws.AmazonBackend):
    """The `Backend` named `ses`. `identities` are the verified addresses and domains; None: every sender is one."""

    name = "ses"

    def __init__(
        self, around: Surroundings, identities: tuple[str, ...] | None, data: str | Path | None = None
    ) -> None:
        super().__init__(around, data)
        self._identities = identities
        self._ready: set[str] = set()
        self.ledger.keep("region", self._settings)
        for (region,), settings in self.ledger.records("region"):
            vars(self._region(region)).update(settings)
        self._letters = Letters(around, self.ledger)

        def app(words: aws.Words) -> aws.App:
            return aws.App(
                self.name, around, words, self.ledger.lock, host=HOST, name=_name, find=self._handler, done=self._took
            )

        self._v1, self._v2 = app(aws.Words(_render, USUAL)), app(aws.Words(_render_v2, USUAL_V2))

    def load(self) -> tuple[Any, ...]:
        """Those of both versions; the second keeps all it has in the first."""
        from moto.ses.models import ses_backends
        from moto.sesv2.models import sesv2_backends

        return (ses_backends, sesv2_backends)

    def _serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        version = self._v2 if environ["PATH_INFO"].startswith(V2) else self._v1
        return version(environ, start_response)

    def http(self) -> Mapping[str, WsgiApp]:
        """One app for the hosts of all regions."""
        return dict.fromkeys([HOST.format(region=region) for region in aws.REGIONS], self._serve)

    def environment(self, address: str | None) -> Mapping[str, str]:
        """`AWS_ENDPOINT_URL_SES` and `AWS_ENDPOINT_URL_SESV2`, which boto3 and the other SDKs read."""
        url = f"http://{address or HOST.format(region=aws.REGION)}"
        return {"AWS_ENDPOINT_URL_SES": url, "AWS_ENDPOINT_URL_SESV2": url, **aws.credentials()}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Nothing: identities are an option."""

    def mail(self) -> list[Mapping[str, Any]]:
        """What was sent, oldest first, as `fakes.seam.Mailbox` says."""
        return self._letters.all()

    def _region(self, region: str) -> Any:
        backend = self.moto[0][aws.ACCOUNT][region]
        if region not in self._ready:
            self._ready.add(region)
            if self._identities is None:
                # moto asks nobody else.
                vars(backend)["_is_verified_address"] = lambda source: True
            for identity in self._identities or ():
                backend.verify_email_identity(identity)
        return backend

    def _handler(self, asked: aws.Asked) -> Any:
        self._region(asked.region)
        if asked.path.startswith(V2):
            from moto.sesv2.responses import SESV2Response

            return SESV2Response.dispatch
        from moto.ses.responses import EmailResponse

        return EmailResponse.dispatch

    def _settings(self, region: str) -> bytes:
        there = vars(self._region(region))
        return dump({name: value for name, value in there.items() if name not in _NOT_KEPT})

    def _took(self, asked: aws.Asked, _reply: aws.Reply) -> None:
        """Keep what a call has sent and changed."""
        sent = self._region(asked.region).sent_messages
        for message in sent:
            self._letters.take(*_letter(message))
        sent.clear()
        if asked.verb != "GET":
            self.ledger.note("region", asked.region)


def _letter(message: Any) -> tuple[str, str, list[str], bytes]:
    """Id, sender, recipients and raw form of a message that moto took."""
    places = message.destinations
    recipients = [one for group in places.values() for one in group] if isinstance(places, dict) else list(places)
    recipients = [parseaddr(str(one))[1] or str(one) for one in recipients]
    raw = getattr(message, "raw_data", None)
    if raw is None:
        made = EmailMessage()
        made["From"], made["To"] = message.source, ", ".join(recipients)
        made["Subject"] = getattr(message, "subject", None) or getattr(message, "template", [""])[0]
        made.set_content(str(getattr(message, "body", "") or getattr(message, "template_data", "")))
        raw = made.as_string()
    mail_id = getattr(message, "id", None) or message.ids[0]
    data = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else raw
    return str(mail_id), parseaddr(str(message.source))[1] or str(message.source), recipients, data


def _name(asked: aws.Asked) -> tuple[str, str]:
    """The operation and whom it is about: the first recipient, or the identity."""
    if asked.path.startswith(V2):
        noun, _, about = asked.path.removeprefix(V2).partition("/")
        if noun == "outbound-emails" and asked.verb == "POST":
            return "SendEmail", _first_recipient(asked.body)
        if noun not in _V2_NOUNS:
            return "", about
        if asked.verb == "GET" and not about:
            name = _V2_NOUNS[noun]
            return f"List{name.removesuffix('y')}{'ies' if name.endswith('y') else 's'}", ""
        return _V2_VERBS.get(asked.verb, asked.verb) + _V2_NOUNS[noun], about
    form = parse_qs(asked.body.decode("utf-8", "replace"))
    action = form.get("Action", [""])[0]
    about = next((form[key][0] for key in sorted(form) if re.search(r"(ToAddresses\.)?member\.1$", key)), "")
    for key in ("EmailAddress", "Identity", "Domain", "Destination.ToAddresses.member.1"):
        about = form.get(key, [about])[0]
    return action, about


def _first_recipient(body: bytes) -> str:
    try:
        return str(json.loads(body)["Destination"]["ToAddresses"][0])
    except (ValueError, KeyError, IndexError, TypeError):
        return ""


def create(around: Surroundings, *, identities: Any = None, data: str | Path | None = None) -> Ses:
    """An emulated Amazon SES; one in a process.

    `identities` are the verified addresses and domains, a list; without it every sender counts as verified. `data` is
    a folder to keep the state and the mail in, and to take them from. Raises `ValueError` for anything else,
    `MissingPackageError` without moto, `OSError` where `data` cannot be used.
    """
    if identities is not None and (isinstance(identities, str) or not all(isinstance(one, str) for one in identities)):
        raise ValueError(f"ses option 'identities' is {identities!r}; give a list of addresses and domains")
    return Ses(around, None if identities is None else tuple(identities), data)
