"""Pulling: the consumer behind one Pull call, and the one behind one StreamingPull.

They must not know gRPC; they give leases to whoever waits for them.
"""

from __future__ import annotations

import queue
import threading

from google.protobuf.message import Message as Pb

from fakes.pubsub.delivery import Affinity, Lease
from fakes.pubsub.message import Message
from fakes.seam import GrpcError


class PullWaiter:
    """A Pull: takes up to `most` messages of `most_bytes` in all, at one go, then no more."""

    affinity: Affinity = "none"

    def __init__(self, most: int, most_bytes: int, ack_deadline_s: float) -> None:
        self.leases: list[Lease] = []
        self._most = most
        self._bytes_left = most_bytes
        self._ack_deadline_s = ack_deadline_s
        self._closed = False
        self._error: GrpcError | None = None
        self._done = threading.Event()

    def deadline_s(self) -> float:
        """The subscription's own deadline."""
        return self._ack_deadline_s

    def has_room(self, message: Message) -> bool:
        """Until it was answered, and until it is full; the first message always fits."""
        return (
            not self._closed and len(self.leases) < self._most and (not self.leases or message.size <= self._bytes_left)
        )

    def take(self, lease: Lease) -> None:
        """One for the answer."""
        self.leases.append(lease)
        self._bytes_left -= lease.message.size

    def flush(self) -> None:
        """What came at once is the answer."""
        self.close()

    def release(self, lease: Lease) -> None:
        """A pull keeps no count of what is outstanding."""

    def close(self) -> None:
        """Wait no longer."""
        self._closed = True
        self._done.set()

    def end(self, error: GrpcError) -> None:
        """Wait no longer, and say why."""
        self._error = error
        self.close()

    def wait(self) -> list[Lease]:
        """What came, [] if somebody closed it before; raises what it was ended with."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self.leases


class StreamConsumer:
    """A StreamingPull: takes messages while fewer than the client's limits are outstanding (<= 0: no limit).

    `batches` yields lists of leases, and answers that say something else; then None when the client is gone, or an
    error that ends the stream.
    """

    affinity: Affinity = "sticky"

    def __init__(self, ack_deadline_s: float, max_messages: int, max_bytes: int, batch_bytes: int) -> None:
        self.ack_deadline_s = ack_deadline_s
        self.batches: queue.SimpleQueue[list[Lease] | Pb | GrpcError | None] = queue.SimpleQueue()
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._batch_bytes = batch_bytes
        self._outstanding = 0
        self._outstanding_bytes = 0
        self._batch: list[Lease] = []
        self._batch_size = 0

    def deadline_s(self) -> float:
        """The deadline the stream asked for."""
        return self.ack_deadline_s

    def has_room(self, message: Message) -> bool:
        """Fewer are outstanding than the client said it would hold."""
        if 0 < self._max_messages <= self._outstanding:
            return False
        return not 0 < self._max_bytes <= self._outstanding_bytes

    def take(self, lease: Lease) -> None:
        """One for the next answer."""
        self._outstanding += 1
        self._outstanding_bytes += lease.message.size
        if self._batch and self._batch_size + lease.message.size > self._batch_bytes:
            self.flush()
        self._batch.append(lease)
        self._batch_size += lease.message.size

    def flush(self) -> None:
        """Send what was taken."""
        if self._batch:
            self.batches.put(self._batch)
            self._batch, self._batch_size = [], 0

    def say(self, answer: Pb) -> None:
        """Send an answer that brings no messages."""
        self.batches.put(answer)

    def release(self, lease: Lease) -> None:
        """One less outstanding."""
        self._outstanding -= 1
        self._outstanding_bytes -= lease.message.size

    def end(self, error: GrpcError | None) -> None:
        """Nothing more will come; `error` says why, None if the client went by itself."""
        self.batches.put(error)
