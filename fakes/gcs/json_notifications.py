"""The JSON API's methods on notification configurations: which changes a bucket tells which topic.

Source: https://cloud.google.com/storage/docs/json_api/v1/notifications.
"""

from __future__ import annotations

from typing import Any

from fakes.gcs.announcer import TOPIC_PREFIX
from fakes.gcs.buckets import Bucket
from fakes.gcs.errors import ApiError, invalid, required
from fakes.gcs.http import Reply, Request, empty_reply
from fakes.gcs.routes import Route
from fakes.gcs.service import Service
from fakes.gcs.shown import shown

EVENTS = ("OBJECT_FINALIZE", "OBJECT_METADATA_UPDATE", "OBJECT_DELETE", "OBJECT_ARCHIVE")
PAYLOADS = ("JSON_API_V1", "NONE")
PER_EVENT = 10
"""Configurations of one bucket that one event may trigger: https://cloud.google.com/storage/docs/pubsub-notifications."""
MAX_ATTRIBUTES = 10


def _config(bucket: Bucket, number: str) -> dict[str, Any]:
    config = bucket.notifications.get(number)
    if config is None:
        raise ApiError(404, f"The notification configuration {number!r} of bucket {bucket.name} does not exist.")
    return config


def insert(service: Service, request: Request, name: str) -> Reply:
    """Begin to tell a topic of changes in a bucket."""
    bucket = service.bucket(name)
    asked = request.json()
    topic = asked.get("topic")
    if not isinstance(topic, str) or not topic:
        raise required("topic")
    parts = topic.removeprefix(TOPIC_PREFIX).split("/")
    if len(parts) != 4 or parts[0] != "projects" or parts[2] != "topics" or not parts[1] or not parts[3]:
        raise invalid(f"Invalid topic: {topic!r} (//pubsub.googleapis.com/projects/PROJECT/topics/TOPIC)")
    payload = asked.get("payload_format", "JSON_API_V1")
    if payload not in PAYLOADS:
        raise invalid(f"Invalid payload_format: {payload!r} (one of {', '.join(PAYLOADS)})")
    events = asked.get("event_types") or []
    if not isinstance(events, list) or not all(event in EVENTS for event in events):
        raise invalid(f"Invalid event_types: {events!r} (of {', '.join(EVENTS)})")
    attributes = asked.get("custom_attributes") or {}
    texts = isinstance(attributes, dict) and all(isinstance(value, str) for value in attributes.values())
    if not texts or len(attributes) > MAX_ATTRIBUTES:
        raise invalid(f"Invalid custom_attributes: at most {MAX_ATTRIBUTES} texts are expected")
    prefix = asked.get("object_name_prefix") or ""
    if not isinstance(prefix, str):
        raise invalid(f"Invalid object_name_prefix: {prefix!r}")
    for event in events or EVENTS:
        same = [one for one in bucket.notifications.values() if event in (one.get("event_types") or EVENTS)]
        if len(same) >= PER_EVENT and service.bounded:
            raise ApiError(
                429,
                f"The bucket has {PER_EVENT} notification configurations for {event}, the most there can be.",
                domain="usageLimits",
            )
    bucket.last_notification += 1
    number = str(bucket.last_notification)
    config: dict[str, Any] = {
        "kind": "storage#notification",
        "id": number,
        "selfLink": f"{request.base}/storage/v1/b/{name}/notificationConfigs/{number}",
        "topic": TOPIC_PREFIX + "/".join(parts),
        "payload_format": payload,
        "etag": number,
    }
    for key, value in (
        ("event_types", events),
        ("custom_attributes", attributes),
        ("object_name_prefix", prefix),
    ):
        if value:
            config[key] = value
    bucket.notifications[number] = config
    return shown(request, config)


def list_(service: Service, request: Request, name: str) -> Reply:
    """List a bucket's configurations."""
    items = list(service.bucket(name).notifications.values())
    return shown(request, {"kind": "storage#notifications", **({"items": items} if items else {})})


def get(service: Service, request: Request, name: str, number: str) -> Reply:
    """Show a configuration."""
    return shown(request, _config(service.bucket(name), number))


def delete(service: Service, request: Request, name: str, number: str) -> Reply:
    """Stop telling."""
    bucket = service.bucket(name)
    _config(bucket, number)
    del bucket.notifications[number]
    return empty_reply()


ROUTES = (
    Route(
        "POST",
        "b/*/notificationConfigs",
        "storage.notifications.insert",
        insert,
        note="the topic is not looked up; telling one that is missing is recorded as a dropped message",
    ),
    Route("GET", "b/*/notificationConfigs", "storage.notifications.list", list_),
    Route("GET", "b/*/notificationConfigs/*", "storage.notifications.get", get),
    Route("DELETE", "b/*/notificationConfigs/*", "storage.notifications.delete", delete),
)
