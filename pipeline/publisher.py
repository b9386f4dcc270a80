"""Publishing that never fails silently: the caller knows the message is stored, or gets an error to nack with.

A publish whose reply was lost is repeated by the library and may arrive twice; subscribers are idempotent.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Mapping

from google.api_core import exceptions as api
from google.cloud import pubsub_v1

from pipeline.messages import Message, to_json

DEADLINE_S = 60.0
"""For one message in all, the library's retries included (its own default is 600 s, longer than a push may take)."""


class PublishFailedError(Exception):
    """The message is not known to be stored: whoever asked for it must be asked again."""


class Publisher:
    """Publishes typed messages to topics of one project."""

    def __init__(self, client: Callable[[], pubsub_v1.PublisherClient], project: str) -> None:
        self._client = client
        self._project = project

    def publish(self, topic: str, message: Message, attributes: Mapping[str, str] | None = None) -> str:
        """Store `message` and return its id; raises `PublishFailedError`."""
        return self.publish_bytes(topic, to_json(message), attributes or {})

    def publish_bytes(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> str:
        """Store raw bytes and return the message id; raises `PublishFailedError`."""
        client = self._client()
        try:
            future = client.publish(client.topic_path(self._project, topic), data, timeout=DEADLINE_S, **attributes)
            return str(future.result(timeout=DEADLINE_S))
        except (api.GoogleAPICallError, api.RetryError, concurrent.futures.TimeoutError) as error:
            raise PublishFailedError(f"topic {topic}: {type(error).__name__}: {error}") from error
