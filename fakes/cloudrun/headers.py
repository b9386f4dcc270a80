"""What the platform writes on a request before a container sees it: trace, forwarding, and the event of a push.

Imitated: https://cloud.google.com/trace/docs/trace-context, https://cloud.google.com/run/docs/container-contract and
the CloudEvents HTTP binding as Eventarc uses it (https://cloud.google.com/eventarc/docs/cloudevents). It must not know
services.
"""

from __future__ import annotations

import io
import json
import random
from typing import Any

EVENT_TYPE = "google.cloud.pubsub.topic.v1.messagePublished"


def trace(environ: dict[str, Any], rng: random.Random) -> None:
    """Go on with the caller's trace, or begin one: `traceparent` (W3C) and `X-Cloud-Trace-Context`."""
    span = rng.getrandbits(64) or 1
    parent = environ.get("HTTP_TRACEPARENT", "").split("-")
    legacy = environ.get("HTTP_X_CLOUD_TRACE_CONTEXT", "")
    if len(parent) == 4 and len(parent[1]) == 32:
        trace_id, sampled = parent[1], parent[3] == "01"
    elif len(legacy.partition("/")[0]) == 32:
        trace_id, sampled = legacy.partition("/")[0], legacy.endswith(";o=1")
    else:
        trace_id, sampled = f"{rng.getrandbits(128) or 1:032x}", False
    environ["HTTP_TRACEPARENT"] = f"00-{trace_id}-{span:016x}-{'01' if sampled else '00'}"
    environ["HTTP_X_CLOUD_TRACE_CONTEXT"] = f"{trace_id}/{span};o={int(sampled)}"


def forwarding(environ: dict[str, Any]) -> None:
    """Say who asked: the address of the caller and the scheme it used; TLS ends at the front."""
    address = environ.get("REMOTE_ADDR", "") or "169.254.1.1"
    before = environ.get("HTTP_X_FORWARDED_FOR", "")
    environ["HTTP_X_FORWARDED_FOR"] = f"{before},{address}" if before else address
    scheme = environ.get("wsgi.url_scheme", "https")
    environ["HTTP_X_FORWARDED_PROTO"] = scheme
    environ["HTTP_FORWARDED"] = f'for="{address}";proto={scheme}'


def event(environ: dict[str, Any], project: str, topic: str) -> None:
    """Make a Pub/Sub push a CloudEvent of `topic` in binary mode; whatever is no push stays as it is."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    try:
        push = json.loads(body)
        message = push["message"]
        message_id = message.get("messageId") or message["message_id"]
        published = message.get("publishTime") or message.get("publish_time", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    environ.update(
        HTTP_CE_ID=str(message_id),
        HTTP_CE_SOURCE=f"//pubsub.googleapis.com/projects/{project}/topics/{topic}",
        HTTP_CE_SPECVERSION="1.0",
        HTTP_CE_TYPE=EVENT_TYPE,
        HTTP_CE_TIME=str(published),
    )
