"""Whose turn it is: which delivery goes next, and to which consumer.

Without an ordering key the oldest ready delivery goes to the next consumer with room. With one, the line of the key
says what is next, and while messages of the key are outstanding they belong to one consumer. It must not know leases'
deadlines, back-off, or what becomes of a delivery.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from fakes.pubsub.delivery import Consumer, Delivery
from fakes.pubsub.message import Message
from fakes.pubsub.ordering import KeyLine


class Turns:
    """The ready deliveries of one subscription and the consumers that wait for them."""

    def __init__(self, *, ordering: bool) -> None:
        self.consumers: deque[Consumer] = deque()
        self._ordering = ordering
        self._ready: deque[Delivery] = deque()
        self._lines: dict[str, KeyLine] = {}
        self._parked: dict[int, list[KeyLine]] = {}
        """Lines whose owner has no room, by the owner's id."""

    def add(self, delivery: Delivery, *, overtaking: bool = False) -> None:
        """A newly published message; `overtaking` lets it go before the last that waits, if it has no key."""
        if self.is_ordered(delivery.message):
            key = delivery.message.ordering_key
            line = self._lines.get(key)
            if line is None:
                line = self._lines[key] = KeyLine(key)
            line.append(delivery)
            self._queue_next(line)
        elif overtaking and self._ready:
            self._ready.insert(len(self._ready) - 1, delivery)
        else:
            self._ready.append(delivery)

    def again(self, delivery: Delivery) -> None:
        """It failed, and its back-off, if any, is over."""
        line = self.line_of(delivery)
        if line is None:
            self._ready.append(delivery)
        else:
            self._queue_next(line)

    def take(self) -> tuple[Delivery, Consumer] | None:
        """What goes next and to whom, None while nothing can; the caller leases it at once."""
        while self._ready and self.consumers:
            delivery = self._ready[0]
            line = self.line_of(delivery)
            outdated = delivery.acked or delivery.lease is not None if line is None else line.token is not delivery
            if outdated:
                self._ready.popleft()
                continue
            consumer = self._pick(delivery.message, line)
            if consumer is not None:
                self._ready.popleft()
                if line is not None:
                    self._send(line, delivery, consumer)
                return delivery, consumer
            if line is None or line.owner is None or not line.outstanding:
                return None
            # Its key belongs to a consumer without room; others behind it need not wait.
            self._ready.popleft()
            self._parked.setdefault(id(line.owner), []).append(line)
        return None

    def rewind(self, delivery: Delivery) -> Iterator[Delivery]:
        """Start its key again at `delivery`; gives the later deliveries that were sent, for the caller to take back."""
        line = self.line_of(delivery)
        if line is not None:
            yield from line.rewind(delivery)
            line.token = None

    def released(self, delivery: Delivery, consumer: Consumer) -> None:
        """A lease of `consumer` is over, so it has room."""
        line = self.line_of(delivery)
        if line is not None:
            line.outstanding -= 1
        for parked in self._parked.pop(id(consumer), ()):
            if parked.token is not None:
                self._ready.append(parked.token)

    def done(self, delivery: Delivery) -> Iterator[Delivery]:
        """It is acknowledged or given up; gives what nobody can ask for any more."""
        line = self.line_of(delivery)
        if line is None:
            delivery.acked = True
            yield delivery
            return
        if line.token is delivery:
            line.token = None
        yield from line.remove(delivery)
        self._queue_next(line)
        if not line:
            del self._lines[line.key]

    def is_first_of_key(self, delivery: Delivery) -> bool:
        """Whether no earlier message of its key, if it has one, is unacknowledged."""
        line = self.line_of(delivery)
        return line is None or line.is_first(delivery)

    def clear(self) -> None:
        """Forget the deliveries; the consumers stay."""
        self._ready.clear()
        self._lines.clear()
        self._parked.clear()

    def is_ordered(self, message: Message) -> bool:
        """Whether the message has its place in the line of a key."""
        return self._ordering and bool(message.ordering_key)

    def line_of(self, delivery: Delivery) -> KeyLine | None:
        """The line it stands in, None without ordering."""
        return self._lines.get(delivery.message.ordering_key) if self._ordering else None

    def _pick(self, message: Message, line: KeyLine | None) -> Consumer | None:
        if line is not None and line.owner is not None and line.outstanding:
            owner = line.owner
            fits = owner.affinity == "sticky" and owner in self.consumers and owner.has_room(message)
            return owner if fits else None
        for _ in range(len(self.consumers)):
            consumer = self.consumers[0]
            self.consumers.rotate(-1)
            if consumer.has_room(message):
                return consumer
        return None

    def _send(self, line: KeyLine, delivery: Delivery, consumer: Consumer) -> None:
        line.sent(delivery)
        line.token = None
        line.outstanding += 1
        line.owner = None if consumer.affinity == "none" else consumer
        if consumer.affinity != "single":
            self._queue_next(line, at_once=True)

    def _queue_next(self, line: KeyLine, *, at_once: bool = False) -> None:
        """Let the next of `line` stand in the ready queue, unless one does, or its back-off or a push is not over."""
        delivery = line.upcoming()
        if delivery is None or line.token is not None or delivery.held:
            return
        if line.outstanding and line.owner is not None and line.owner.affinity == "single":
            return
        line.token = delivery
        if at_once:
            self._ready.appendleft(delivery)
        else:
            self._ready.append(delivery)
