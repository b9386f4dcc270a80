"""The unary RPCs of `google.pubsub.v1.Subscriber`; `streaming.py` has the other.

It translates between protobuf and the broker and must not hold state of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

from fakes.paging import page
from fakes.pubsub.broker import Broker
from fakes.pubsub.delivery import Lease
from fakes.pubsub.methods import Table
from fakes.pubsub.names import project_of
from fakes.pubsub.publisher import clear_masked
from fakes.pubsub.pull import PullWaiter
from fakes.pubsub.subscription import Subscription
from fakes.rich_errors import rich
from fakes.rpc import Rpc
from fakes.seam import GrpcContext, GrpcError, GrpcMethod

SERVICE = "google.pubsub.v1.Subscriber"
_ACK_ID = re.compile(r"[0-9]+\.[0-9a-f]+")
_UPDATABLE = {
    "ack_deadline_seconds",
    "dead_letter_policy",
    "enable_exactly_once_delivery",
    "expiration_policy",
    "labels",
    "message_retention_duration",
    "push_config",
    "retain_acked_messages",
    "retry_policy",
}
"""`topic`, `filter` and `enable_message_ordering` cannot change once a subscription is made."""


class Subscriber:
    """Serves subscriptions, pulls and acknowledgements."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def methods(self, rpc: Rpc) -> Mapping[str, GrpcMethod]:
        """Full method path -> RPC."""
        table = Table(rpc, SERVICE)
        one = "subscription"
        table.unary("CreateSubscription", types.Subscription, "name", self.create)
        table.unary("GetSubscription", types.GetSubscriptionRequest, one, self.get)
        table.unary("UpdateSubscription", types.UpdateSubscriptionRequest, "subscription.name", self.update)
        table.unary("ListSubscriptions", types.ListSubscriptionsRequest, "project", self.list)
        table.unary("DeleteSubscription", types.DeleteSubscriptionRequest, one, self.delete)
        table.unary("ModifyPushConfig", types.ModifyPushConfigRequest, one, self.modify_push_config)
        table.unary("Pull", types.PullRequest, one, self.pull)
        table.unary("Acknowledge", types.AcknowledgeRequest, one, self.acknowledge)
        table.unary("ModifyAckDeadline", types.ModifyAckDeadlineRequest, one, self.modify_ack_deadline)
        return table.methods

    # ------------------------------------------------------------------------------------------------ subscriptions

    def create(self, request: Any, _context: GrpcContext) -> Any:
        """CreateSubscription: the subscription is the request."""
        return self._broker.create_subscription(request)

    def get(self, request: Any, _context: GrpcContext) -> Any:
        """GetSubscription."""
        with self._broker.lock:
            return self._broker.subscription_pb(request.subscription)

    def update(self, request: Any, _context: GrpcContext) -> Any:
        """UpdateSubscription: the fields named by the mask."""
        mask = request.update_mask
        if not mask.paths:
            raise GrpcError(
                "INVALID_ARGUMENT", "The update_mask in the UpdateSubscriptionRequest must be set and non-empty"
            )
        for path in mask.paths:
            if path.split(".")[0] not in _UPDATABLE:
                raise GrpcError(
                    "INVALID_ARGUMENT",
                    f"Invalid update_mask provided in the UpdateSubscriptionRequest: {path!r} is not a known "
                    f"Subscription field that can be updated; give some of {', '.join(sorted(_UPDATABLE))}",
                )
        with self._broker.lock:
            name = request.subscription.name
            changed = types.Subscription.pb()()
            changed.CopyFrom(self._broker.subscription_pb(name))
            clear_masked(changed, mask)
            mask.MergeMessage(request.subscription, changed, replace_message_field=True, replace_repeated_field=True)
            return self._broker.update_subscription(name, changed)

    def list(self, request: Any, _context: GrpcContext) -> Any:
        """ListSubscriptions of a project, in the order of their names."""
        project = project_of(request.project)
        with self._broker.lock:
            names = [name for name in sorted(self._broker.subscriptions) if project_of(name) == project]
            found, token = page(names, request.page_size, request.page_token)
            pbs = [self._broker.subscription_pb(name) for name in found]
            return types.ListSubscriptionsResponse.pb()(subscriptions=pbs, next_page_token=token)

    def delete(self, request: Any, _context: GrpcContext) -> Any:
        """DeleteSubscription."""
        self._broker.delete_subscription(request.subscription)
        return Empty()

    def modify_push_config(self, request: Any, _context: GrpcContext) -> Any:
        """ModifyPushConfig: an empty one makes it a pull subscription."""
        with self._broker.lock:
            changed = types.Subscription.pb()()
            changed.CopyFrom(self._broker.subscription_pb(request.subscription))
            changed.push_config.CopyFrom(request.push_config)
            self._broker.update_subscription(request.subscription, changed)
        return Empty()

    # ----------------------------------------------------------------------------------------------------- messages

    def pull(self, request: Any, context: GrpcContext) -> Any:
        """Pull: at once if there is something or `return_immediately`, else as soon as something comes, or empty."""
        if request.max_messages <= 0:
            raise GrpcError("INVALID_ARGUMENT", f"max_messages must be positive; you passed {request.max_messages}")
        broker = self._broker
        limits = broker.limits
        with broker.lock:
            subscription = pullable(broker, request.subscription)
            most = min(request.max_messages, limits.messages_per_pull)
            waiter = PullWaiter(most, limits.bytes_per_pull, subscription.settings.ack_deadline_s)
            subscription.attach(waiter)
            if waiter.leases or request.return_immediately:
                subscription.detach(waiter)
                return types.PullResponse.pb()(received_messages=received(subscription, waiter.leases))
        wait_s = limits.pull_wait_s
        remaining_s = context.time_remaining()
        if remaining_s is not None:
            # An empty answer just before the caller's deadline, not an error just after it.
            wait_s = min(wait_s, remaining_s - min(1.0, remaining_s / 2))
        timer = broker.around.call_later(wait_s, waiter.close)
        context.add_callback(waiter.close)
        try:
            leases = waiter.wait()
        finally:
            timer.cancel()
            with broker.lock:
                subscription.detach(waiter)
        return types.PullResponse.pb()(received_messages=received(subscription, leases))

    def acknowledge(self, request: Any, _context: GrpcContext) -> Any:
        """Acknowledge; under exactly-once delivery an error names the ids that failed and why."""
        self._check_size(request)
        with self._broker.lock:
            subscription = self._broker.subscription(request.subscription)
            _raise_for(ack(subscription, request.ack_ids))
        return Empty()

    def modify_ack_deadline(self, request: Any, _context: GrpcContext) -> Any:
        """ModifyAckDeadline: 0 s is a negative acknowledgement."""
        self._check_size(request)
        with self._broker.lock:
            subscription = self._broker.subscription(request.subscription)
            changes = ((ack_id, request.ack_deadline_seconds) for ack_id in request.ack_ids)
            _raise_for(modify_deadlines(subscription, changes))
        return Empty()

    def _check_size(self, request: Any) -> None:
        size, most = request.ByteSize(), self._broker.limits.bytes_per_ack
        if size > most:
            raise GrpcError(
                "INVALID_ARGUMENT", f"Request payload size exceeds the limit: {most} bytes (it has {size} bytes)."
            )


def pullable(broker: Broker, name: str) -> Subscription:
    """The subscription, if it may be pulled from; FAILED_PRECONDITION if it is pushed or detached."""
    subscription = broker.subscription(name)
    if subscription.settings.detached:
        raise GrpcError("FAILED_PRECONDITION", f"The subscription is detached from its topic (subscription={name}).")
    if subscription.settings.push is not None:
        raise GrpcError(
            "FAILED_PRECONDITION",
            f"The request for this method is invalid for a push subscription (subscription={name}); clear its "
            "push_config to pull from it.",
        )
    return subscription


def received(subscription: Subscription, leases: Iterable[Lease]) -> list[Any]:
    """Leases as `google.pubsub.v1.ReceivedMessage`s; the attempt is told only with a dead-letter policy."""
    counts = subscription.settings.dead_letter is not None
    make = types.ReceivedMessage.pb()
    return [
        make(ack_id=lease.ack_id, message=lease.message.to_pb(), delivery_attempt=lease.attempt if counts else 0)
        for lease in leases
    ]


def ack(subscription: Subscription, ack_ids: Iterable[str]) -> Mapping[str, str]:
    """Acknowledge all of them; those that could not be, and why."""
    ids = _checked(ack_ids)
    failed = {ack_id: problem for ack_id in ids if (problem := subscription.ack(ack_id))}
    subscription.dispatch()
    return failed


def modify_deadlines(subscription: Subscription, changes: Iterable[tuple[str, int]]) -> Mapping[str, str]:
    """Move deadlines to so many seconds (0..600) from now; those that could not be, and why."""
    wanted = list(changes)
    _checked(ack_id for ack_id, _ in wanted)
    for _, seconds in wanted:
        if not 0 <= seconds <= 600:
            raise GrpcError(
                "INVALID_ARGUMENT",
                f"The value for ack_deadline_seconds is out of bounds. You passed {seconds} in the request, but the "
                "value must be between 0 and 600.",
            )
    failed = {
        ack_id: problem for ack_id, seconds in wanted if (problem := subscription.modify_deadline(ack_id, seconds))
    }
    subscription.dispatch()
    return failed


def _checked(ack_ids: Iterable[str]) -> list[str]:
    ids = list(ack_ids)
    for ack_id in ids:
        if not _ACK_ID.fullmatch(ack_id):
            raise GrpcError("INVALID_ARGUMENT", f"You have passed an invalid ack ID to the service (ack_id={ack_id}).")
    return ids


def _raise_for(failed: Mapping[str, str]) -> None:
    """Fail as the service does under exactly-once delivery: one ErrorInfo whose metadata maps ack ids to reasons."""
    if not failed:
        return
    message = (
        "Some acknowledgement ids in the request were invalid. This could be because the acknowledgement ids have "
        "expired or the acknowledgement ids were malformed."
    )
    raise rich("INVALID_ARGUMENT", message, "EXACTLY_ONCE_ACKID_FAILURE", failed, "pubsub.googleapis.com")
