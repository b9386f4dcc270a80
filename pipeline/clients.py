"""The vendor clients of one running service: made when first used, one of each, closed with it.

Nothing here lives at module level: an instance of a service owns its clients, and two instances share none. Making them
lazily keeps start-up free of the network, so that a service starts (and says what is wrong) during an outage.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from google.auth import credentials as auth
from google.cloud import bigquery, pubsub_v1, storage

from pipeline.http_pool import HttpPool
from pipeline.settings import Settings

C = TypeVar("C")


class Lazy(Generic[C]):
    """A client made by `make` at first use and closed once; usable from many threads."""

    def __init__(self, make: Callable[[], C], close: Callable[[C], object]) -> None:
        self._make = make
        self._close = close
        self._lock = threading.Lock()
        self._client: C | None = None

    def __call__(self) -> C:
        """The client."""
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client

    def close(self) -> None:
        """Close the client if it was ever made; the next use makes a fresh one (that is how a stale one is
        replaced).
        """
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            self._close(client)


class Clients:
    """One each of HTTP pool, BigQuery, Cloud Storage and Pub/Sub publisher for `settings`."""

    def __init__(
        self,
        settings: Settings,
        *,
        make_http: Callable[[], HttpPool] | None = None,
        make_bigquery: Callable[[], bigquery.Client] | None = None,
        make_storage: Callable[[], storage.Client] | None = None,
        make_publisher: Callable[[], pubsub_v1.PublisherClient] | None = None,
    ) -> None:
        """The `make_*` functions replace how a client is made, for another network or another kind of credentials."""
        anonymous = settings.credentials == "anonymous"

        def credentials() -> auth.Credentials | None:
            return auth.AnonymousCredentials() if anonymous else None

        def publisher() -> pubsub_v1.PublisherClient:
            # One message per batch: a push service answers only once its message is stored, so nobody waits to fill
            # one.
            batch = pubsub_v1.types.BatchSettings(max_messages=1, max_latency=0)
            return pubsub_v1.PublisherClient(batch_settings=batch, credentials=credentials())

        self.http = Lazy(make_http or (lambda: HttpPool(settings.http_timeout_s)), lambda client: client.close())
        self.bigquery = Lazy(
            make_bigquery or (lambda: bigquery.Client(project=settings.project, credentials=credentials())),
            lambda client: client.close(),
        )

        def gcs() -> storage.Client:
            # The library (3.17) asks for the bucket's metadata in a thread of its own after every 404, for
            # traces we do not take; a state that is not there yet is a 404, and would cost two requests.
            os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
            return storage.Client(project=settings.project, credentials=credentials())

        self.storage = Lazy(
            make_storage or gcs,
            lambda client: client.close(),
        )
        self.publisher = Lazy(make_publisher or publisher, lambda client: client.stop())

    def close(self) -> None:
        """Close whatever was made."""
        for lazy in (self.http, self.bigquery, self.storage, self.publisher):
            lazy.close()
