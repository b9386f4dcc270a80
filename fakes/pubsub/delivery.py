"""A message's way through one subscription, its leases, and who takes it.

These are the nouns that `subscription.py` moves about. They must not know why anything moves.
"""

from __future__ import annotations

from typing import Literal, Protocol

from fakes.pubsub.message import Message
from fakes.seam import GrpcError

Affinity = Literal["none", "sticky", "single"]
"""How a consumer takes the messages of one ordering key: whoever asks gets the next; all that are outstanding go to
one consumer (streams); one at a time (pushes)."""


class Delivery:
    """One message in one subscription. `attempt` is 1 + nacks + expiries (`pubsub.proto`, DeadLetterPolicy)."""

    __slots__ = ("acked", "attempt", "echo", "held", "lease", "message", "position", "stale_ack_id")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.attempt = 1
        self.lease: Lease | None = None
        self.stale_ack_id = ""
        """The ack id of the last lease once it has expired, "" otherwise."""
        self.held = False
        """Waiting for its back-off."""
        self.echo = False
        """A duplicate: it is delivered once and its failure changes nothing."""
        self.acked = False
        """Acknowledged while an earlier message of its ordering key is not."""
        self.position = 0
        """Its number within its ordering key."""


class Lease:
    """A delivery handed to a consumer until `deadline_ns` (None: until the consumer says what came of it)."""

    __slots__ = ("ack_id", "attempt", "consumer", "deadline_ns", "delivery")

    def __init__(self, delivery: Delivery, ack_id: str, deadline_ns: int | None, consumer: Consumer) -> None:
        self.delivery = delivery
        self.attempt = delivery.attempt
        self.ack_id = ack_id
        self.deadline_ns = deadline_ns
        self.consumer = consumer

    @property
    def message(self) -> Message:
        """What was leased."""
        return self.delivery.message


class Consumer(Protocol):
    """Somebody who takes messages: a waiting pull, an open stream, the push pump. Its methods never block."""

    affinity: Affinity

    def deadline_s(self) -> float | None:
        """How long a lease to this consumer lasts; None if it always says by itself what came of it."""

    def has_room(self, message: Message) -> bool:
        """Whether it takes this message now."""

    def take(self, lease: Lease) -> None:
        """Here it is; `flush` follows when there is no more for now."""

    def flush(self) -> None:
        """No more for now."""

    def release(self, lease: Lease) -> None:
        """The lease is over: acked, nacked, expired or dropped."""

    def end(self, error: GrpcError) -> None:
        """There will be no more, and why: the subscription was deleted, detached, or is pushed now."""
