"""One subscription's backlog as a state machine: lease, ack, nack, expiry, back-off, dead letter, retention, replay.

A message in the backlog is ready, leased to a consumer, or held for its back-off. Everything here is synchronous and
is called with the broker's lock held; what has to happen later goes through one agenda. It must not know gRPC, HTTP,
topics or what its consumers are.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Literal

from fakes.journal import Ledger
from fakes.pubsub.agenda import Agenda
from fakes.pubsub.delivery import Consumer, Delivery, Lease
from fakes.pubsub.message import Message
from fakes.pubsub.settings import Settings
from fakes.pubsub.turns import Turns
from fakes.pubsub.weather import Sky
from fakes.seam import Surroundings

Failure = Literal["nacked", "expired"]


class Subscription:
    """The machine of one subscription.

    The lock of `ledger` is the broker's and is taken by timers only: every public method is called with it held.
    `dead_letter` tries to forward a message and tells whether it could.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        around: Surroundings,
        ledger: Ledger,
        sky: Sky,
        dead_letter: Callable[[Subscription, Delivery], bool],
    ) -> None:
        self.settings = settings
        self.topic = topic
        self._around = around
        self._ledger = ledger
        self._lock = ledger.lock
        self._sky = sky
        self._dead_letter = dead_letter
        self._backlog: OrderedDict[str, Delivery] = OrderedDict()
        self._turns = Turns(ordering=settings.ordering)
        self._by_ack_id: dict[str, Delivery] = {}
        self._acked_and_kept: OrderedDict[str, Message] = OrderedDict()
        self._ack_numbers = itertools.count(1)
        self._agenda: Agenda[Delivery | Lease | None] = Agenda(around, self._wake, _meant)
        self._watching_age = False
        self._used_ns = around.now_ns()

    # ------------------------------------------------------------------------------------------------ what arrives

    def enqueue(self, message: Message) -> None:
        """A newly published message; `dispatch` follows."""
        delivery = Delivery(message)
        matches = self.settings.matches
        if matches is not None and not matches(message.attributes):
            self._note("acked", delivery, reason="filtered")
            return
        delay_s = 0.0 if self._turns.is_ordered(message) else self._sky.delay_s()
        self._add(delivery, overtaking=self._sky.overtakes(), delay_s=delay_s)

    def _add(self, delivery: Delivery, *, overtaking: bool = False, delay_s: float = 0.0) -> None:
        self._backlog[delivery.message.message_id] = delivery
        self._changed(delivery.message)
        if not self._watching_age:
            self._watch_age()
        if delay_s > 0:
            self._hold(delivery, delay_s)
        else:
            self._turns.add(delivery, overtaking=overtaking)

    def attach(self, consumer: Consumer) -> None:
        """Have `consumer` take messages from now on."""
        self._used_ns = self._around.now_ns()
        self._turns.consumers.append(consumer)
        self.dispatch()

    def detach(self, consumer: Consumer) -> None:
        """It takes no more. What it was leased stays its own until the deadline."""
        if consumer in self._turns.consumers:
            self._turns.consumers.remove(consumer)

    def consumers(self) -> tuple[Consumer, ...]:
        """Who takes messages now."""
        return tuple(self._turns.consumers)

    # ------------------------------------------------------------------------------------------- what is handed out

    def dispatch(self) -> None:
        """Hand what is ready to whoever has room, in turn."""
        touched: dict[int, Consumer] = {}
        while (turn := self._turns.take()) is not None:
            delivery, consumer = turn
            consumer.take(self._lease(delivery, consumer))
            self._echo(delivery)
            touched[id(consumer)] = consumer
        for consumer in touched.values():
            consumer.flush()

    def _lease(self, delivery: Delivery, consumer: Consumer) -> Lease:
        self._forget_stale_id(delivery)
        seconds = consumer.deadline_s()
        deadline_ns = None if seconds is None else self._around.now_ns() + round(seconds * 1e9)
        ack_id = f"{delivery.message.message_id}.{next(self._ack_numbers):x}"
        lease = delivery.lease = Lease(delivery, ack_id, deadline_ns, consumer)
        self._by_ack_id[ack_id] = delivery
        if deadline_ns is not None:
            self._agenda.add(deadline_ns, lease)
        self._note("delivered", delivery)
        return lease

    def _echo(self, delivery: Delivery) -> None:
        message = delivery.message
        if delivery.echo or self.settings.exactly_once or self._turns.is_ordered(message) or not self._sky.duplicates():
            return
        echo = Delivery(message)
        echo.echo, echo.attempt = True, delivery.attempt
        self._turns.add(echo)

    # --------------------------------------------------------------------------------------------- what came of it

    def ack(self, ack_id: str) -> str:
        """Acknowledge; "" or, under exactly-once delivery, why not, in the words of `google.rpc.ErrorInfo`.

        Without exactly-once delivery an expired id still acknowledges a message that was not delivered again since
        ("may succeed", `pubsub.proto`); any other unknown id does nothing.
        """
        self._used_ns = self._around.now_ns()
        delivery = self._by_ack_id.get(ack_id)
        exactly_once = self.settings.exactly_once
        if delivery is None or (exactly_once and delivery.lease is None):
            return "PERMANENT_FAILURE_INVALID_ACK_ID" if exactly_once else ""
        if exactly_once and not self._turns.is_first_of_key(delivery):
            return "TRANSIENT_FAILURE_UNORDERED_ACK_ID"
        self._acked(delivery)
        return ""

    def modify_deadline(self, ack_id: str, seconds: float) -> str:
        """Move a lease's deadline to `seconds` from now (0: nack); the answer is as that of `ack`."""
        self._used_ns = self._around.now_ns()
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
            self._used_ns = self._around.now_ns()
            self._acked(lease.delivery, status)
        else:
            self._failed(lease.delivery, outcome, status)

    def _acked(self, delivery: Delivery, status: int | str | None = None) -> None:
        self._note("acked", delivery, status)
        if self.settings.retain_acked and not delivery.echo:
            self._keep_acked(delivery.message)
            self._trim_kept()
        self._forget(delivery)

    def _failed(self, delivery: Delivery, event: Failure, status: int | str | None = None) -> None:
        self._note(event, delivery, status)
        self._end_lease(delivery, keep_ack_id=event == "expired" and not delivery.echo)
        if delivery.echo:
            self._forget(delivery)
            return
        policy = self.settings.dead_letter
        if policy is not None and delivery.attempt >= policy.attempts and self._dead_letter(self, delivery):
            self._note("dead_lettered", delivery)
            self._forget(delivery)
            return
        retry = self.settings.retry
        delay_s = 0.0 if retry is None else retry.delay_s(delivery.attempt)
        delivery.attempt += 1
        self._ledger.note("progress", self.settings.name, delivery.message.message_id)
        for later in self._turns.rewind(delivery):
            self._end_lease(later)
            later.acked = later.acked and self.settings.exactly_once
            self._ledger.note("progress", self.settings.name, later.message.message_id)
        if delay_s > 0:
            self._hold(delivery, delay_s)
        else:
            self._turns.again(delivery)

    def _hold(self, delivery: Delivery, seconds: float) -> None:
        delivery.held = True
        self._agenda.add(self._around.now_ns() + round(seconds * 1e9), delivery)

    # ------------------------------------------------------------------------------------------------ as a whole

    def active_ns(self) -> int:
        """When it was last used, in nanoseconds since the epoch; now, while a stream is open."""
        streaming = any(consumer.affinity == "sticky" for consumer in self._turns.consumers)
        return self._around.now_ns() if streaming else self._used_ns

    def backlog(self) -> tuple[Message, ...]:
        """What is not acknowledged, oldest first."""
        return tuple(delivery.message for delivery in self._backlog.values() if not delivery.acked)

    def acked_and_kept(self) -> tuple[Message, ...]:
        """What is acknowledged and retained for replay."""
        self._trim_kept()
        return tuple(self._acked_and_kept.values())

    def replay(self, messages: Iterable[Message]) -> None:
        """Make `messages` the backlog (a seek): what is not among them counts as acknowledged, no lease survives."""
        wanted = {message.message_id: message for message in messages}
        known = dict(self._backlog)
        for message_id, delivery in known.items():
            if message_id not in wanted and not delivery.acked:
                self._note("acked", delivery, reason="seek")
                if self.settings.retain_acked:
                    self._keep_acked(delivery.message)
        for message_id in [one for one in self._acked_and_kept if one in wanted]:
            self._drop_acked(message_id)
        self._empty()
        for message_id in sorted(wanted, key=int):
            message = wanted[message_id]
            if self.settings.matches is None or self.settings.matches(message.attributes):
                delivery = Delivery(message)
                delivery.attempt = known[message_id].attempt if message_id in known else 1
                self._add(delivery)
        self._drop_old(self._around.now_ns())
        self.dispatch()

    # ------------------------------------------------------------------------------------ what is kept, and restored

    def outstanding(self, message_id: str) -> Delivery | None:
        """The delivery of a message in the backlog, None without one."""
        return self._backlog.get(message_id)

    def acked_message(self, message_id: str) -> Message | None:
        """The acknowledged and retained message of that id, None without one."""
        return self._acked_and_kept.get(message_id)

    def restore(self, message: Message, attempt: int, *, acked: bool) -> None:
        """Put a message back as it was before the process died: unleased; `dispatch` follows."""
        delivery = Delivery(message)
        delivery.attempt = attempt
        self._add(delivery)
        if acked:
            self._forget(delivery)

    def restore_acked(self, message: Message) -> None:
        """Put back an acknowledged message that is retained."""
        self._keep_acked(message)

    def reconfigure(self, settings: Settings) -> None:
        """New settings from now on; leases that are out keep their deadlines."""
        self.settings = settings
        self._watch_age()

    def stop(self) -> None:
        """Forget what was to happen later; for the end of the emulator, not of the subscription."""
        self._agenda.close()
        self._turns.consumers.clear()

    def close(self, reason: str) -> None:
        """Let go of the backlog and of everybody who waits; `reason` goes into the history."""
        for delivery in self._backlog.values():
            if not delivery.acked:
                self._note("dropped", delivery, reason=reason)
        self.stop()
        self._empty()
        for message_id in list(self._acked_and_kept):
            self._drop_acked(message_id)

    def _empty(self) -> None:
        for delivery in self._backlog.values():
            # What waits in the agenda or comes back from a push must find nothing to do.
            delivery.acked, delivery.held = True, False
            lease, delivery.lease = delivery.lease, None
            if lease is not None:
                lease.consumer.release(lease)
            self._changed(delivery.message)
        self._backlog.clear()
        self._by_ack_id.clear()
        self._turns.clear()

    # ---------------------------------------------------------------------------------------------- bookkeeping

    def _end_lease(self, delivery: Delivery, *, keep_ack_id: bool = False) -> None:
        lease = delivery.lease
        if lease is None:
            return
        delivery.lease = None
        if keep_ack_id:
            delivery.stale_ack_id = lease.ack_id
        else:
            self._by_ack_id.pop(lease.ack_id, None)
        lease.consumer.release(lease)
        self._turns.released(delivery, lease.consumer)

    def _forget(self, delivery: Delivery) -> None:
        self._end_lease(delivery)
        self._forget_stale_id(delivery)
        for gone in self._turns.done(delivery):
            if not gone.echo:
                self._backlog.pop(gone.message.message_id, None)
                self._changed(gone.message)
        self._ledger.note("progress", self.settings.name, delivery.message.message_id)

    def _forget_stale_id(self, delivery: Delivery) -> None:
        if delivery.stale_ack_id:
            del self._by_ack_id[delivery.stale_ack_id]
            delivery.stale_ack_id = ""

    def _watch_age(self) -> None:
        oldest = next(iter(self._backlog.values()), None)
        self._watching_age = oldest is not None
        if oldest is not None:
            self._agenda.add(oldest.message.publish_ns + self._retention_ns(), None)

    def _keep_acked(self, message: Message) -> None:
        self._acked_and_kept[message.message_id] = message
        self._ledger.note("acked", self.settings.name, message.message_id)

    def _drop_acked(self, message_id: str) -> None:
        del self._acked_and_kept[message_id]
        self._ledger.note("acked", self.settings.name, message_id)

    def _changed(self, message: Message) -> None:
        self._ledger.note("backlog", self.settings.name, message.message_id)
        self._ledger.note("progress", self.settings.name, message.message_id)

    def _retention_ns(self) -> int:
        return round(self.settings.retention_s * 1e9)

    def _trim_kept(self) -> None:
        before_ns = self._around.now_ns() - self._retention_ns()
        while self._acked_and_kept:
            oldest = next(iter(self._acked_and_kept.values()))
            if oldest.publish_ns > before_ns:
                break
            self._drop_acked(oldest.message_id)

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
        if delivery.held and not delivery.acked:
            delivery.held = False
            self._turns.again(delivery)

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


def _meant(entry: Delivery | Lease | None) -> bool:
    """Whether an entry of the agenda finds something to do when it falls due."""
    if isinstance(entry, Lease):
        return entry.delivery.lease is entry and entry.deadline_ns is not None
    return entry is None or (entry.held and not entry.acked)
