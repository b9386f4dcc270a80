"""The line of one ordering key: what was sent, what is next, what comes again.

"When the Pub/Sub service redelivers a message with an ordering key, the Pub/Sub service also redelivers every
subsequent message with the same ordering key, including acknowledged messages"
(cloud.google.com/pubsub/docs/ordering). So a line remembers its messages until all earlier ones are acknowledged.
It must not know consumers, leases' deadlines or back-off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from fakes.pubsub.delivery import Consumer, Delivery


class KeyLine:
    """The deliveries of one ordering key, oldest unacknowledged first."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.owner: Consumer | None = None
        self.outstanding = 0
        self.token: Delivery | None = None
        """The one delivery of this line that stands in the subscription's ready queue."""
        self._line: deque[Delivery] = deque()
        self._base = 0
        self._cursor = 0

    def __len__(self) -> int:
        return len(self._line)

    def append(self, delivery: Delivery) -> None:
        """A newly published message, behind all others."""
        delivery.position = self._base + len(self._line)
        self._line.append(delivery)

    def upcoming(self) -> Delivery | None:
        """The next to send; None when all were sent."""
        while self._cursor - self._base < len(self._line):
            delivery = self._line[self._cursor - self._base]
            if not delivery.acked and delivery.lease is None:
                return delivery
            self._cursor += 1
        return None

    def sent(self, delivery: Delivery) -> None:
        """It is out; the one behind it is next."""
        self._cursor = delivery.position + 1

    def is_first(self, delivery: Delivery) -> bool:
        """Whether nothing unacknowledged stands before it."""
        return delivery.position == self._base

    def rewind(self, delivery: Delivery) -> Iterator[Delivery]:
        """Start again at `delivery`; gives the later ones that had been sent already, for the caller to take back."""
        for index in range(delivery.position + 1 - self._base, self._cursor - self._base):
            yield self._line[index]
        self._cursor = min(self._cursor, delivery.position)

    def remove(self, delivery: Delivery) -> Iterator[Delivery]:
        """`delivery` is done with; gives what can now be forgotten: it and acknowledged ones behind it, if first."""
        delivery.acked = True
        while self._line and self._line[0].acked:
            self._base += 1
            yield self._line.popleft()
        self._cursor = max(self._cursor, self._base)
