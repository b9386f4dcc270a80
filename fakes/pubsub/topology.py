"""The `topics:` part of a topology file, as the resources it asks for.

It must not know the broker. Errors name the resource and the key, for the reader of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.pubsub_v1 import types

from fakes.pubsub.names import full
from fakes.topology import TopologyError, known, named

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_TOPIC_KEYS = {"retention", "subscriptions", "labels"}
_SUBSCRIPTION_KEYS = {
    "ack_deadline",
    "dead_letter",
    "exactly_once",
    "filter",
    "labels",
    "ordering",
    "push",
    "push_oidc",
    "retain_acked",
    "retention",
    "retry",
}


def topic_pbs(declared: Any, project: str) -> Iterator[Any]:
    """Each declared topic as a `google.pubsub.v1.Topic`; `TopologyError` for a key or value it cannot read."""
    for name, wanted in named(declared, "topics").items():
        where = f"topics.{name}"
        config = known(wanted, _TOPIC_KEYS, where)
        topic = types.Topic.pb()(name=full(name, project, "topics"), labels=config.get("labels") or {})
        if "retention" in config:
            _set(topic.message_retention_duration, config["retention"], f"{where}.retention")
        yield topic


def subscription_pbs(declared: Any, project: str) -> Iterator[Any]:
    """Each declared subscription as a `google.pubsub.v1.Subscription`."""
    for topic, config in named(declared, "topics").items():
        for name, wanted in named(config.get("subscriptions"), f"topics.{topic}.subscriptions").items():
            yield _subscription(topic, name, wanted, project)


def _subscription(topic: str, name: str, wanted: Any, project: str) -> Any:
    where = f"topics.{topic}.subscriptions.{name}"
    config = known(wanted, _SUBSCRIPTION_KEYS, where)
    pb = types.Subscription.pb()(
        name=full(name, project, "subscriptions"),
        topic=full(topic, project, "topics"),
        enable_message_ordering=bool(config.get("ordering", False)),
        enable_exactly_once_delivery=bool(config.get("exactly_once", False)),
        retain_acked_messages=bool(config.get("retain_acked", False)),
        filter=config.get("filter") or "",
        labels=config.get("labels") or {},
    )
    # Nothing expires while nobody looks: a topology file describes what stays.
    pb.expiration_policy.SetInParent()
    if "ack_deadline" in config:
        pb.ack_deadline_seconds = round(_seconds(config["ack_deadline"], f"{where}.ack_deadline"))
    if "retention" in config:
        _set(pb.message_retention_duration, config["retention"], f"{where}.retention")
    if config.get("push"):
        pb.push_config.push_endpoint = config["push"]
        oidc = known(config.get("push_oidc"), {"email", "audience"}, f"{where}.push_oidc")
        if oidc:
            pb.push_config.oidc_token.service_account_email = oidc.get("email", "")
            pb.push_config.oidc_token.audience = oidc.get("audience", "")
    if config.get("retry") is not None:
        retry = known(config["retry"], {"minimum", "maximum"}, f"{where}.retry")
        _set(pb.retry_policy.minimum_backoff, retry.get("minimum", "10s"), f"{where}.retry.minimum")
        _set(pb.retry_policy.maximum_backoff, retry.get("maximum", "600s"), f"{where}.retry.maximum")
    if config.get("dead_letter") is not None:
        policy = known(config["dead_letter"], {"topic", "attempts"}, f"{where}.dead_letter")
        pb.dead_letter_policy.dead_letter_topic = full(policy["topic"], project, "topics")
        pb.dead_letter_policy.max_delivery_attempts = policy.get("attempts", 5)
    return pb


def _seconds(value: Any, where: str) -> float:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise TopologyError(f"topology {where} is {value!r}; it is a duration and carries its unit: 90s, 15m, 36h, 7d")
    return float(match[1]) * _UNITS_S[match[2]]


def _set(duration: Any, value: Any, where: str) -> None:
    total_ns = round(_seconds(value, where) * 1e9)
    duration.seconds, duration.nanos = divmod(total_ns, 1_000_000_000)
