"""What a push request looks like: headers and body, wrapped or not.

Source: cloud.google.com/pubsub/docs/push, "How push endpoints receive messages", and
cloud.google.com/pubsub/docs/payload-unwrapping. It must not know when a push is made.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

from fakes.oidc import id_token
from fakes.pubsub.message import Message
from fakes.pubsub.settings import PushEndpoint

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BASE_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "CloudPubSub-Google",
    "From": "noreply@google.com",
    "Accept": "application/json",
}


def timestamp(epoch_ns: int) -> str:
    """RFC 3339 in UTC with milliseconds, as protobuf's JSON writes it (`2021-02-26T19:13:55.749Z`, no `.000`)."""
    seconds, nanos = divmod(epoch_ns, 1_000_000_000)
    moment = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{nanos // 1_000_000:03d}Z" if nanos else f"{moment}Z"


def render(
    message: Message, subscription: str, endpoint: PushEndpoint, delivery_attempt: int | None, now_ns: int
) -> tuple[bytes, dict[str, str]]:
    """The body and headers of one push; `delivery_attempt` is None without a dead-letter policy."""
    headers = dict(_BASE_HEADERS)
    if endpoint.oidc is not None:
        headers["Authorization"] = (
            f"Bearer {id_token(endpoint.oidc.audience, endpoint.oidc.service_account_email, now_ns)}"
        )
    if not endpoint.wrapped:
        headers["Content-Type"] = "application/octet-stream"
        if endpoint.write_metadata:
            headers |= _metadata(message, subscription, delivery_attempt)
        return message.data, headers
    published = timestamp(message.publish_ns)
    inner: dict[str, object] = {}
    if message.attributes:
        inner["attributes"] = dict(message.attributes)
    if message.data:
        inner["data"] = base64.b64encode(message.data).decode()
    inner["messageId"] = inner["message_id"] = message.message_id
    if message.ordering_key:
        inner["orderingKey"] = message.ordering_key
    inner["publishTime"] = inner["publish_time"] = published
    body: dict[str, object] = {} if delivery_attempt is None else {"deliveryAttempt": delivery_attempt}
    body |= {"message": inner, "subscription": subscription}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), headers


def _metadata(message: Message, subscription: str, delivery_attempt: int | None) -> dict[str, str]:
    headers = {
        "x-goog-pubsub-subscription-name": subscription,
        "x-goog-pubsub-message-id": message.message_id,
        "x-goog-pubsub-publish-time": timestamp(message.publish_ns),
    }
    if message.ordering_key:
        headers["x-goog-pubsub-ordering-key"] = message.ordering_key
    if delivery_attempt is not None:
        headers["x-goog-pubsub-delivery-attempt"] = str(delivery_attempt)
    # Keys that are no header names are left out, as the service does.
    headers |= {
        name: value
        for name, value in message.attributes.items()
        if name.replace("-", "").replace("_", "").isalnum() and name.isascii() and value.isprintable()
    }
    return headers
