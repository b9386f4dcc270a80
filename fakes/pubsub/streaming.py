"""The StreamingPull RPC: one long call that brings messages and takes acknowledgements.

It must not know how messages are chosen; it is the gRPC side of `pull.StreamConsumer`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from google.pubsub_v1 import types

from fakes.pubsub.broker import Broker
from fakes.pubsub.pull import StreamConsumer
from fakes.pubsub.subscriber import SERVICE, ack, modify_deadlines, pullable, received
from fakes.pubsub.subscription import Subscription
from fakes.rpc import Rpc
from fakes.seam import GrpcContext, GrpcError, GrpcMethod

_BATCH_BYTES = 4_000_000
"""Messages in one answer; half of what gRPC clients accept is not at stake, but memory and fairness are."""


class Streaming:
    """Serves StreamingPull."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def methods(self, rpc: Rpc) -> Mapping[str, GrpcMethod]:
        """Full method path -> RPC."""
        path = f"/{SERVICE}/StreamingPull"
        request = types.StreamingPullRequest.pb()
        return {path: rpc.stream(path, request, lambda first: str(first.subscription), self.streaming_pull)}

    def streaming_pull(self, first: Any, rest: Iterator[Any], context: GrpcContext) -> Iterator[Any]:
        """Open the stream; the first answer carries the subscription's properties, as the service's does."""
        broker = self._broker
        deadline_s = _deadline_s(first.stream_ack_deadline_seconds)
        consumer = StreamConsumer(deadline_s, first.max_outstanding_messages, first.max_outstanding_bytes, _BATCH_BYTES)
        with broker.lock:
            subscription = pullable(broker, first.subscription)
            self._apply(subscription, consumer, first)
        return self._answers(subscription, consumer, rest, context)

    def _answers(
        self, subscription: Subscription, consumer: StreamConsumer, rest: Iterator[Any], context: GrpcContext
    ) -> Iterator[Any]:
        make = types.StreamingPullResponse.pb()
        opening = make()
        opening.subscription_properties.exactly_once_delivery_enabled = subscription.settings.exactly_once
        opening.subscription_properties.message_ordering_enabled = subscription.settings.ordering
        yield opening
        if not context.add_callback(partial(self._gone, subscription, consumer)):
            return
        with self._broker.lock:
            subscription.attach(consumer)
        self._broker.around.call_later(0, partial(self._listen, subscription, consumer, rest))
        try:
            while True:
                batch = consumer.batches.get()
                if batch is None:
                    return
                if isinstance(batch, GrpcError):
                    raise batch
                answer = make(received_messages=received(subscription, batch)) if isinstance(batch, list) else batch
                answer.subscription_properties.CopyFrom(opening.subscription_properties)
                yield answer
        finally:
            self._gone(subscription, consumer)

    def _listen(self, subscription: Subscription, consumer: StreamConsumer, rest: Iterator[Any]) -> None:
        try:
            for request in rest:
                if request.subscription or request.max_outstanding_messages or request.max_outstanding_bytes:
                    raise GrpcError(
                        "INVALID_ARGUMENT",
                        "subscription, max_outstanding_messages and max_outstanding_bytes must only be set on the "
                        "first request of a stream",
                    )
                with self._broker.lock:
                    self._apply(subscription, consumer, request)
        except GrpcError as error:
            consumer.end(error)
        except Exception:  # noqa: BLE001 - whatever the transport raises when its peer is gone, the stream is over
            consumer.end(None)
        else:
            # The client half-closed: the service ends the stream.
            consumer.end(None)

    def _apply(self, subscription: Subscription, consumer: StreamConsumer, request: Any) -> None:
        if len(request.modify_deadline_ack_ids) != len(request.modify_deadline_seconds):
            raise GrpcError(
                "INVALID_ARGUMENT",
                f"modify_deadline_ack_ids ({len(request.modify_deadline_ack_ids)}) and modify_deadline_seconds "
                f"({len(request.modify_deadline_seconds)}) must have the same size",
            )
        if request.stream_ack_deadline_seconds:
            consumer.ack_deadline_s = _deadline_s(request.stream_ack_deadline_seconds)
        exactly_once = subscription.settings.exactly_once
        if request.ack_ids:
            failed = ack(subscription, request.ack_ids)
            if exactly_once:
                answer = types.StreamingPullResponse.pb()()
                _confirm(answer.acknowledge_confirmation, request.ack_ids, failed)
                consumer.say(answer)
        if request.modify_deadline_ack_ids:
            ids = request.modify_deadline_ack_ids
            failed = modify_deadlines(subscription, zip(ids, request.modify_deadline_seconds, strict=True))
            if exactly_once:
                answer = types.StreamingPullResponse.pb()()
                _confirm(answer.modify_ack_deadline_confirmation, ids, failed)
                consumer.say(answer)

    def _gone(self, subscription: Subscription, consumer: StreamConsumer) -> None:
        with self._broker.lock:
            subscription.detach(consumer)
        consumer.end(None)


def _confirm(confirmation: Any, ack_ids: Iterable[str], failed: Mapping[str, str]) -> None:
    """Say in the stream which ids came through, as exactly-once delivery does (`pubsub.proto`)."""
    for ack_id in ack_ids:
        problem = failed.get(ack_id, "")
        if not problem:
            confirmation.ack_ids.append(ack_id)
        elif "UNORDERED" in problem:
            confirmation.unordered_ack_ids.append(ack_id)
        else:
            confirmation.invalid_ack_ids.append(ack_id)


def _deadline_s(seconds: int) -> float:
    if not 10 <= seconds <= 600:
        raise GrpcError(
            "INVALID_ARGUMENT",
            f"The value for stream_ack_deadline_seconds is out of bounds. You passed {seconds} in the request, but the "
            "value must be between 10 and 600.",
        )
    return float(seconds)
