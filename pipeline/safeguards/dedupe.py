"""Dedupe: work that has succeeded is not done again for the same message, nor for the same input.

The marker is written when an attempt has succeeded and before its message is acknowledged; the seed buffered it for
up to 30 s, so that a redelivery inside them was not seen, and blocked legitimate retries after a failure for two
hours because it matched `running`. A failed attempt leaves no marker here. Two deliveries at the same moment may
both run: writing is idempotent, and a lock would need a lease to be safe from the instance that dies with it.
"""

from __future__ import annotations

from pipeline.shared_state import Document, SharedState
from pipeline.work import Outcome, Status, Work

REMEMBERED = 200
"""Markers kept per (processor, date): an hour's cap of ten for twenty hours."""


class SuccessMarkers:
    """Remembers, per (processor, date), the messages and input versions already worked in."""

    def __init__(self, state: SharedState) -> None:
        self._state = state

    def check(self, work: Work) -> Outcome | None:
        """Skip what has been done for this message, or for the same content of the same table."""
        document = self._state.read(_key(work)) or {}
        done = set(document.get("done", ()))
        for marker in _markers(work):
            if marker in done:
                return Outcome(work.processor, Status.SKIPPED, f"done already for {marker}")
        return None

    def ended(self, work: Work, outcome: Outcome) -> None:
        """Remember a success."""
        markers = _markers(work)
        if outcome.status is not Status.SUCCESS or not markers:
            return

        def change(document: Document | None) -> tuple[Document | None, None]:
            done = list((document or {}).get("done", ()))
            fresh = [marker for marker in markers if marker not in done]
            return ({"done": (done + fresh)[-REMEMBERED:]} if fresh else None), None

        self._state.update(_key(work), change)


def _markers(work: Work) -> list[str]:
    trigger = work.trigger
    markers = [f"message {trigger.message_id}"] if trigger.message_id else []
    if trigger.table and trigger.version:
        markers.append(f"{trigger.table} {trigger.version}")
    return markers


def _key(work: Work) -> str:
    return f"done/{work.processor}/{work.game_date.isoformat()}"
