"""Telling topics of changes in buckets: the half of object notifications that nobody asks for.

Source: https://cloud.google.com/storage/docs/pubsub-notifications (events, attributes, at least once).
"""

from __future__ import annotations

import threading
from collections import deque

import orjson

from fakes.gcs.buckets import Bucket
from fakes.gcs.objects import StoredObject, resource
from fakes.gcs.stamps import rfc3339
from fakes.seam import Surroundings

TOPIC_PREFIX = "//pubsub.googleapis.com/"


class Announcer:
    """Publishes changes to topics in order, behind the operation that made them: the service tells afterwards too."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._queue: deque[tuple[str, bytes, dict[str, str]]] = deque()
        self._lock = threading.Lock()
        self._draining = False

    def announce(self, event: str, bucket: Bucket, stored: StoredObject, counterpart: int | None) -> None:
        """Tell every configuration of `bucket` that asks for it; `counterpart` is the generation before or after."""
        for number, config in bucket.notifications.items():
            events = config.get("event_types")
            if (events and event not in events) or not stored.name.startswith(config.get("object_name_prefix", "")):
                continue
            attributes = {
                "notificationConfig": f"projects/_/buckets/{bucket.name}/notificationConfigs/{number}",
                "eventType": event,
                "payloadFormat": config["payload_format"],
                "bucketId": bucket.name,
                "objectId": stored.name,
                "objectGeneration": str(stored.generation),
                "eventTime": rfc3339(self._around.now_ns()),
                **config.get("custom_attributes", {}),
            }
            if counterpart is not None:
                key = "overwroteGeneration" if event == "OBJECT_FINALIZE" else "overwrittenByGeneration"
                attributes[key] = str(counterpart)
            body = b""
            if config["payload_format"] == "JSON_API_V1":
                shown_ = resource(stored, "https://www.googleapis.com", retention_s=bucket.retention_s)
                body = orjson.dumps(shown_)
            self._queue.append((config["topic"].removeprefix(TOPIC_PREFIX), body, attributes))
        if not self._queue:
            return
        with self._lock:
            if self._draining:
                return
            self._draining = True
        self._around.call_later(0, self._drain)

    def _drain(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._draining = False
                    return
                topic, body, attributes = self._queue.popleft()
            self._publish(topic, body, attributes)

    def _publish(self, topic: str, body: bytes, attributes: dict[str, str]) -> None:
        try:
            pubsub = self._around.peer("pubsub")
        except KeyError:
            self._drop(topic, attributes, "the world has no pubsub")
            return
        try:
            pubsub.publish(topic, body, attributes)
        except Exception as refusal:  # noqa: BLE001 - the neighbour's refusals are its own types; the topic may be gone
            self._drop(topic, attributes, str(refusal))

    def _drop(self, topic: str, attributes: dict[str, str], why: str) -> None:
        self._around.record(
            "message",
            event="dropped",
            topic=topic,
            subscription="",
            message_id="",
            attempt=0,
            status=None,
            data_sha256="",
            reason=f"notification {attributes['eventType']} of {attributes['objectId']}: {why}",
        )
