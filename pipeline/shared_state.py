"""Small shared state with compare-and-set: what safeguards of a whole fleet agree on.

Kept in Cloud Storage objects under generation preconditions. A write names the generation it is based on, and of any
number of racing instances exactly one wins; the losers read again. BigQuery has no such thing: a read and a later
UPDATE race (the seed's system breaker lost updates that way), each state change costs a DML job against the table's
quota, and rows still in the streaming buffer cannot be updated at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from google.api_core import exceptions as api
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

TIMEOUT_S = 10.0
RETRY = DEFAULT_RETRY.with_timeout(30.0)
"""Short: a safeguard that cannot be asked soon must say so rather than eat the deadline of the work it guards."""

TRIES = 20
"""Rounds of read and compare-and-set: a burst of 20 instances on one key settles, a broken store does not spin."""

T = TypeVar("T")
Document = dict[str, Any]


class StateUnavailableError(Exception):
    """The shared state cannot be read or settled: the caller must not pretend to know it."""


class SharedState:
    """JSON documents by key under `prefix` in one bucket."""

    def __init__(self, client: Callable[[], storage.Client], bucket: str, prefix: str = "_state") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def read(self, key: str) -> Document | None:
        """The document, or None where there is none. Raises `StateUnavailableError`."""
        return self._load(key)[0]

    def update(self, key: str, change: Callable[[Document | None], tuple[Document | None, T]]) -> T:
        """Replace the document by what `change` makes of it, atomically, and return `change`'s second value.

        `change` must be pure: it runs again after a lost race. Returning None as the document leaves it as it is.
        Raises `StateUnavailableError`.
        """
        for _ in range(TRIES):
            document, generation = self._load(key)
            changed, answer = change(document)
            if changed is None or changed == document:
                return answer
            if self._store(key, changed, generation):
                return answer
        raise StateUnavailableError(f"state {key!r}: {TRIES} races lost in a row")

    def _blob(self, key: str) -> storage.Blob:
        return self._client().bucket(self._bucket).blob(f"{self._prefix}/{key}.json")

    def _load(self, key: str) -> tuple[Document | None, int]:
        blob = self._blob(key)
        try:
            # The download answers with the generation it read: bytes and generation are of one state.
            data = blob.download_as_bytes(timeout=TIMEOUT_S, retry=RETRY)
        except api.NotFound:
            return None, 0
        except Exception as error:
            raise StateUnavailableError(f"state {key!r} cannot be read: {error}") from error
        document: Document = json.loads(data)
        return document, int(blob.generation or 0)

    def _store(self, key: str, document: Document, generation: int) -> bool:
        try:
            self._blob(key).upload_from_string(
                json.dumps(document, sort_keys=True),
                content_type="application/json",
                if_generation_match=generation,
                timeout=TIMEOUT_S,
                retry=RETRY,
            )
        except api.PreconditionFailed:
            return False
        except Exception as error:
            raise StateUnavailableError(f"state {key!r} cannot be written: {error}") from error
        return True
