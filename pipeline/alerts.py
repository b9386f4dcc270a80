"""Telling a human: Slack by webhook. An alert that could not be sent is never silent.

One alert per incident and not one per failure: whether an incident has been told about is remembered in
`SharedState`, after the webhook took it, so that a failed send is tried again by the next check.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline import telemetry
from pipeline.clients import Lazy
from pipeline.clock import Clock, timestamp
from pipeline.http_pool import HttpPool
from pipeline.shared_state import Document, SharedState


@dataclass(frozen=True, slots=True)
class Alert:
    """`name` is the kind, `key` the incident of that kind, `severity` `warning` or `critical`."""

    name: str
    key: str
    severity: str
    text: str


class Slack:
    """Sends alerts to the webhook at `url`. Its POST is retried: a doubled alert is better than none."""

    def __init__(self, http: Lazy[HttpPool], url: str) -> None:
        self._http = http
        self._url = url

    def send(self, alert: Alert) -> None:
        """Send, and say so; raises `UpstreamError` when the webhook did not take it."""
        text = f":rotating_light: *{alert.severity.upper()}* {alert.name}: {alert.text}"
        self._http().post_json(self._url, {"text": text}, idempotency_key=f"{alert.name}/{alert.key}")
        telemetry.mark("alert", name=alert.name, severity=alert.severity, key=alert.key)


class Incidents:
    """Remembers which incidents are open, and alerts when one opens."""

    def __init__(self, state: SharedState, slack: Slack, clock: Clock) -> None:
        self._state = state
        self._slack = slack
        self._clock = clock

    def raise_once(self, alert: Alert) -> bool:
        """Send `alert` unless its incident is open; returns whether it was sent. Raises like `send`."""
        document = self._state.read(_key(alert.name, alert.key)) or {}
        if document.get("open"):
            return False
        self._slack.send(alert)
        opened = {"open": True, "severity": alert.severity, "at": timestamp(self._clock())}
        self._state.update(_key(alert.name, alert.key), lambda _: (opened, None))
        return True

    def resolve(self, name: str, key: str) -> None:
        """The incident is over: the next one of this key alerts again."""

        def close(document: Document | None) -> tuple[Document | None, None]:
            return ({**document, "open": False} if document and document.get("open") else None), None

        self._state.update(_key(name, key), close)


def _key(name: str, key: str) -> str:
    return f"incidents/{name}/{key.replace(':', '/')}"
