"""The service's limits, with the figures it documents; a scenario may lower or lift them.

It must not know who applies them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes and times beyond which the service refuses (cloud.google.com/firestore/quotas; transactions docs)."""

    document_bytes: int = 1_048_576
    request_bytes: int = 10 * 1_048_576
    transaction_idle_s: float = 60.0
    transaction_s: float = 270.0
    lock_wait_s: float = 20.0
    """How long a read or write waits for another transaction's lock before it is ABORTED."""
    history_s: float = 3_600.0
    """How far back a read time may lie."""
