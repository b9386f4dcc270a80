"""One subscription's backlog as a state machine: lease, ack, nack, expiry, back-off, dead letter, retention.

A message in the backlog is ready, leased to a consumer, or held for its back-off. Everything here is synchronous and
is called with the broker's lock held; what has to happen later goes through one agenda. It must not know gRPC, HTTP,
topics or what its consumers are.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Literal

from fakes.pubsub.agenda import Agenda
from fakes.pubsub.delivery import Consumer, Delivery, Lease
from fakes.pubsub.message import Message
from fakes.pubsub.ordering import KeyLine
from fakes.pubsub.settings import Settings
from fakes.seam import Surroundings

Failure = Literal["nacked", "expired"]


class Subscription:
    """The machine of one subscription.

    `lock` is the broker's and is taken by timers only: every public method is called with it held. `dead_letter` tries
    to forward a message and tells whether it could.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        around: Surroundings,
        lock: Any,
        dead_letter: Callable[[Subscription, Delivery], bool],
    ) -> None:
        self.settings = settings
        self.topic = topic
        self._around = around
        self._lock = lock
        self._dead_letter = dead_letter
        self._backlog: OrderedDict[str, Delivery] = OrderedDict()
        self._ready: deque[Delivery] = deque()
        self._by_ack_id: dict[str, Delivery] = {}
        self._lines: dict[str, KeyLine] = {}
        self._parked: dict[int, list[KeyLine]] = {}
        self._consumers: deque[Consumer] = deque()
        self._ack_numbers = itertools.count(1)
        self._agenda: Agenda[Delivery | Lease | None] = Agenda(around, self._wake)
        self._watching_age = False

    # ------------------------------------------------------------------------------------------------ what arrives

    def enqueue(self, message: Message) -> None:
        """A newly published message; `dispatch` follows."""
        delivery = Delivery(message)
        matches = self.settings.matches
        if matches is not None and not matches(message.attributes):
            self._note("acked", delivery, reason="filtered")
            return
        self._backlog[message.message_id] = delivery
        if not self._watching_age:
            self._watch_age()
        if self.settings.ordering and message.ordering_key:
            line = self._lines.setdefault(message.ordering_key, KeyLine(message.ordering_key))
            line.append(delivery)
            self._queue_next(line)
        else:
            self._ready.append(delivery)

    def attach(self, consumer: Consumer) -> None:
        """Have `consumer` take messages from now on."""
        self._consumers.append(consumer)
        self.dispatch()

    def detach(self, consumer: Consumer) -> None:
        """It takes no more. What it was leased stays its own until the deadline."""
        if consumer in self._consumers:
            self._consumers.remove(consumer)

    def consumers(self) -> tuple[Consumer, ...]:
        """Who takes messages now."""
        return tuple(self._consumers)

    # ------------------------------------------------------------------------------------------- what is handed out

    def dispatch(self) -> None:
        """Hand what is ready to whoever has room, in turn."""
        touched: dict[int, Consumer] = {}
        while self._ready and self._consumers:
            delivery = self._ready[0]
            line = self._line_of(delivery)
            if line is not None and line.token is not delivery:
                self._ready.popleft()
                continue
            if line is None and (delivery.acked or delivery.lease is not None):
                self._ready.popleft()
                continue
            consumer = self._pick(delivery.message, line)
            if consumer is None:
                if line is None or line.owner is None or not line.outstanding:
                    break
                # Its key belongs to a consumer without room; others behind it need not wait.
                self._ready.popleft()
                self._parked.setdefault(id(line.owner), []).append(line)
                continue
            self._ready.popleft()
            self._hand(delivery, line, consumer)
            touched[id(consumer)] = consumer
        for consumer in touched.values():
            consumer.flush()

    def _pick(self, message: Message, line: KeyLine | None) -> Consumer | None:
        if line is not None and line.owner is not None and line.outstanding:
            owner = line.owner
            fits = owner.affinity == "sticky" and owner in self._consumers and owner.has_room(message)
            return owner if fits else None
        for _ in range(len(self._consumers)):
            consumer = self._consumers[0]
            self._consumers.rotate(-1)
            if consumer.has_room(message):
                return consumer
        return None

    def _hand(self, delivery: Delivery, line: KeyLine | None, consumer: Consumer) -> None:
        seconds = consumer.deadline_s()
        deadline_ns = None if seconds is None else self._around.now_ns() + round(seconds * 1e9)
        if delivery.stale_ack_id:
            del self._by_ack_id[delivery.stale_ack_id]
            delivery.stale_ack_id = ""
        lease = Lease(delivery, f"{delivery.message.message_id}.{next(self._ack_numbers):x}", deadline_ns, consumer)
        delivery.lease = lease
        self._by_ack_id[lease.ack_id] = delivery
        if deadline_ns is not None:
            self._agenda.add(deadline_ns, lease)
        if line is not None:
            line.sent(delivery)
            line.token = None
            line.outstanding += 1
            line.owner = None if consumer.affinity == "none" else consumer
            if consumer.affinity != "single":
                self._queue_next(line, at_once=True)
        self._note("delivered", delivery)
        consumer.take(lease)

    # --------------------------------------------------------------------------------------------- what came of it

    def ack(self, ack_id: str) -> str:
        """Acknowledge; "" or, under exactly-once delivery, why not, in the words of `google.rpc.ErrorInfo`.

        Without exactly-once delivery an expired id still acknowledges a message that was not delivered again since
        ("may succeed", `pubsub.proto`); any other unknown id does nothing.
        """
        delivery = self._by_ack_id.get(ack_id)
        exactly_once = self.settings.exactly_once
        if delivery is None or (exactly_once and delivery.lease is None):
            return "PERMANENT_FAILURE_INVALID_ACK_ID" if exactly_once else ""
        line = self._line_of(delivery)
        if exactly_once and line is not None and not line.is_first(delivery):
            return "TRANSIENT_FAILURE_UNORDERED_ACK_ID"
        self._acked(delivery)
        return ""

    def modify_deadline(self, ack_id: str, seconds: float) -> str:
        """Move a lease's deadline to `seconds` from now (0: nack); the answer is as that of `ack`."""
        delivery = self._by_ack_id.get(ack_id)
        lease = None if delivery is None else delivery.lease
        if delivery is None or lease is None:
            return "PERMANENT_FAILURE_INVALID_ACK_ID" if self.settings.exactly_once else ""
        if seconds <= 0:
            self._failed(delivery, "nacked")
        else:
            deadline_ns = self._around.now_ns() + round(seconds * 1e9)
            shorter = lease.deadline_ns is None or deadline_ns < lease.deadline_ns
            lease.deadline_ns = deadline_ns
            if shorter:
                # A later deadline needs no entry of its own: the earlier one finds it when it falls due.
                self._agenda.add(deadline_ns, lease)
        return ""

    def settle(
        self, lease: Lease, outcome: Literal["acked", "nacked", "expired"], status: int | str | None = None
    ) -> None:
        """What a push came to; nothing if the lease is not the delivery's present one any more."""
        if lease.delivery.lease is not lease:
            return
        if outcome == "acked":
            self._acked(lease.delivery, status)
        else:
            self._failed(lease.delivery, outcome, status)

    def _acked(self, delivery: Delivery, status: int | str | None = None) -> None:
        self._note("acked", delivery, status)
        self._forget(delivery)

    def _failed(self, delivery: Delivery, event: Failure, status: int | str | None = None) -> None:
        self._note(event, delivery, status)
        self._end_lease(delivery, keep_ack_id=event == "expired")
        policy = self.settings.dead_letter
        if policy is not None and delivery.attempt >= policy.attempts and self._dead_letter(self, delivery):
            self._note("dead_lettered", delivery)
            self._forget(delivery)
            return
        retry = self.settings.retry
        delay_s = 0.0 if retry is None else retry.delay_s(delivery.attempt)
        delivery.attempt += 1
        line = self._line_of(delivery)
        if line is not None:
            self._rewind(line, delivery)
        if delay_s > 0:
            delivery.held = True
            self._agenda.add(self._around.now_ns() + round(delay_s * 1e9), delivery)
        elif line is not None:
            self._queue_next(line)
        else:
            self._ready.append(delivery)

    def _rewind(self, line: KeyLine, delivery: Delivery) -> None:
        for later in line.rewind(delivery):
            if later.lease is not None:
                self._end_lease(later)
            if not self.settings.exactly_once:
                later.acked = False
        line.token = None

    # ------------------------------------------------------------------------------------------------ as a whole

    def backlog(self) -> tuple[Delivery, ...]:
        """What is not acknowledged, oldest first."""
        return tuple(delivery for delivery in self._backlog.values() if not delivery.acked)

    def reconfigure(self, settings: Settings) -> None:
        """New settings from now on; leases that are out keep their deadlines."""
        self.settings = settings
        self._watch_age()

    def stop(self) -> None:
        """Forget what was to happen later; for the end of the emulator, not of the subscription."""
        self._agenda.close()
        self._consumers.clear()

    def close(self, reason: str) -> None:
        """Let go of the backlog and of everybody who waits; `reason` goes into the history."""
        self._agenda.close()
        self._consumers.clear()
        self._ready.clear()
        for delivery in list(self._backlog.values()):
            if not delivery.acked:
                self._note("dropped", delivery, reason=reason)
            if delivery.lease is not None:
                delivery.lease.consumer.release(delivery.lease)
                delivery.lease = None
        self._backlog.clear()
        self._by_ack_id.clear()
        self._lines.clear()
        self._parked.clear()

    # ---------------------------------------------------------------------------------------------- bookkeeping

    def _line_of(self, delivery: Delivery) -> KeyLine | None:
        return self._lines.get(delivery.message.ordering_key) if self.settings.ordering else None

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

    def _end_lease(self, delivery: Delivery, *, keep_ack_id: bool = False) -> None:
        lease = delivery.lease
        if lease is None:
            return
        delivery.lease = None
        if keep_ack_id:
            delivery.stale_ack_id = lease.ack_id
        else:
            del self._by_ack_id[lease.ack_id]
        lease.consumer.release(lease)
        line = self._line_of(delivery)
        if line is not None:
            line.outstanding -= 1
        for parked in self._parked.pop(id(lease.consumer), ()):
            if parked.token is not None:
                self._ready.append(parked.token)

    def _forget(self, delivery: Delivery) -> None:
        self._end_lease(delivery)
        if delivery.stale_ack_id:
            del self._by_ack_id[delivery.stale_ack_id]
            delivery.stale_ack_id = ""
        line = self._line_of(delivery)
        if line is None:
            delivery.acked = True
            self._backlog.pop(delivery.message.message_id, None)
            return
        if line.token is delivery:
            line.token = None
        for done in line.remove(delivery):
            self._backlog.pop(done.message.message_id, None)
        self._queue_next(line)
        if not line:
            del self._lines[line.key]

    def _watch_age(self) -> None:
        oldest = next(iter(self._backlog.values()), None)
        self._watching_age = oldest is not None
        if oldest is not None:
            self._agenda.add(oldest.message.publish_ns + self._retention_ns(), None)

    def _retention_ns(self) -> int:
        return round(self.settings.retention_s * 1e9)

    def _drop_old(self, now_ns: int) -> None:
        before_ns = now_ns - self._retention_ns()
        while self._backlog:
            oldest = next(iter(self._backlog.values()))
            if oldest.message.publish_ns > before_ns:
                break
            if not oldest.acked:
                self._note("dropped", oldest, reason="retention")
            self._forget(oldest)
        self._watch_age()

    def _wake(self) -> None:
        with self._lock:
            now_ns = self._around.now_ns()
            for entry in self._agenda.due(now_ns):
                if isinstance(entry, Lease):
                    self._lease_due(entry, now_ns)
                elif isinstance(entry, Delivery):
                    self._backoff_over(entry)
                else:
                    self._drop_old(now_ns)
            self.dispatch()

    def _lease_due(self, lease: Lease, now_ns: int) -> None:
        if lease.delivery.lease is not lease or lease.deadline_ns is None:
            return
        if lease.deadline_ns > now_ns:
            self._agenda.add(lease.deadline_ns, lease)
        else:
            self._failed(lease.delivery, "expired")

    def _backoff_over(self, delivery: Delivery) -> None:
        if not delivery.held or delivery.acked:
            return
        delivery.held = False
        line = self._line_of(delivery)
        if line is None:
            self._ready.append(delivery)
        else:
            self._queue_next(line)

    def _note(self, event: str, delivery: Delivery, status: int | str | None = None, reason: str = "") -> None:
        message = delivery.message
        self._around.record(
            "message",
            event=event,
            topic=self.topic,
            subscription=self.settings.name,
            message_id=message.message_id,
            attempt=delivery.attempt,
            status=status,
            reason=reason,
            data_sha256=message.data_sha256,
        )
