"""Objects in Cloud Storage: written once, read whole.

Every upload carries a generation precondition, so that the library may retry it and a lost reply cannot write twice;
every failure raises (the seed returned None, and a missing upload looked like an empty one).
"""

from __future__ import annotations

import base64
from collections.abc import Callable

import google_crc32c
from google.api_core import exceptions as api
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

TIMEOUT_S = 60.0
RETRY = DEFAULT_RETRY.with_timeout(300.0)
"""The library's transient errors (408, 429, 500, 502, 503, 504, connections), 1 s doubling up to 60 s, 300 s in all."""


class ObjectExistsError(Exception):
    """Another writer has put other bytes at this name."""


class ObjectMissingError(Exception):
    """There is no object of this name."""


class Bucket:
    """One bucket. `client` gives the (lazily made) client at each call."""

    def __init__(self, client: Callable[[], storage.Client], name: str) -> None:
        self._client = client
        self.name = name

    def create(self, path: str, data: bytes, content_type: str = "application/json") -> str:
        """Write a new object and return its `gs://` address.

        Where the object exists with the same bytes (our own earlier try, its reply lost) that is success; with other
        bytes it raises `ObjectExistsError`. Other failures raise google's API errors.
        """
        blob = self._client().bucket(self.name).blob(path)
        try:
            blob.upload_from_string(
                data, content_type=content_type, if_generation_match=0, timeout=TIMEOUT_S, retry=RETRY
            )
        except api.PreconditionFailed:
            blob.reload(timeout=TIMEOUT_S, retry=RETRY)
            ours = base64.b64encode(google_crc32c.Checksum(data).digest()).decode()
            if blob.crc32c != ours:
                raise ObjectExistsError(f"gs://{self.name}/{path} exists with other content") from None
        return f"gs://{self.name}/{path}"

    def read(self, address: str) -> bytes:
        """The bytes of `gs://bucket/path` (any bucket). Raises `ObjectMissingError` or google's API errors."""
        bucket, _, path = address.removeprefix("gs://").partition("/")
        try:
            data: bytes = self._client().bucket(bucket).blob(path).download_as_bytes(timeout=TIMEOUT_S, retry=RETRY)
        except api.NotFound:
            raise ObjectMissingError(f"{address} does not exist") from None
        return data
