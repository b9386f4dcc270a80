"""Pushing: a consumer that posts each message to an endpoint, at the pace the service keeps.

The pace is a window of concurrent requests (slow start) and, where the subscription has no retry policy, a pause of
the whole subscription that grows with negative acknowledgements. It must not know what the endpoint is.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from fakes.pubsub import envelope
from fakes.pubsub.delivery import Affinity, Lease
from fakes.pubsub.limits import PushPace
from fakes.pubsub.message import Message
from fakes.pubsub.settings import PushEndpoint
from fakes.pubsub.subscription import Subscription
from fakes.seam import GrpcError, Surroundings

ACKING_STATUSES = frozenset({102, 200, 201, 202, 204})
"""cloud.google.com/pubsub/docs/push: these acknowledge, anything else is a negative acknowledgement."""


class PushWindow:
    """How many requests may be under way at once: slow start, then linear growth; one failure halves it."""

    def __init__(self, pace: PushPace) -> None:
        self._linear = pace.linear_window
        self._size = float(pace.first_window)

    @property
    def size(self) -> int:
        """Requests that may be under way, >= 1."""
        return int(self._size)

    def acked(self) -> None:
        """One more per acknowledgement doubles the window each round; beyond the limit, one more per round."""
        self._size += 1.0 if self._size < self._linear else 1.0 / self._size

    def failed(self) -> None:
        """Halve, never below one."""
        self._size = max(1.0, self._size / 2)


class PushBackoff:
    """How long the subscription pauses: doubled by a negative acknowledgement, halved by a positive one and by calm.

    While deliveries go on without an answer, the pause halves every `calm_s` seconds. So it is a matter of negative
    acknowledgements *per second*, as the documentation words it: a handler that fails at once is soon paused for a
    minute at a time, a few failures among many successes keep the pause short, and a handler that works for seconds
    before it fails is hardly held back – which is what the retry storm of 16 January 2026 showed, with 398–422
    attempts an hour of 7–10 s each.
    """

    def __init__(self, pace: PushPace) -> None:
        self._minimum_s = pace.minimum_backoff_s
        self._maximum_s = pace.maximum_backoff_s
        self._calm_ns = pace.calm_s * 1e9
        self._raised_ns = -1
        self._resumed_ns = 0
        self.delay_s = 0.0

    def acked(self) -> None:
        """Halve; below the minimum there is no pause."""
        self.delay_s = self.delay_s / 2 if self.delay_s / 2 >= self._minimum_s else 0.0

    def failed(self, sent_ns: int, now_ns: int) -> float:
        """Double what calm has left, and give the pause from now. Requests sent before the last doubling tell nothing
        new.
        """
        if sent_ns >= self._raised_ns:
            left_s = self.delay_s * 2.0 ** -(max(0, now_ns - self._resumed_ns) / self._calm_ns)
            self.delay_s = min(self._maximum_s, max(self._minimum_s, left_s * 2))
            self._raised_ns = now_ns
            self._resumed_ns = now_ns + round(self.delay_s * 1e9)
        return self.delay_s


class PushPump:
    """The consumer of a push subscription."""

    affinity: Affinity = "single"

    def __init__(
        self, subscription: Subscription, endpoint: PushEndpoint, around: Surroundings, lock: Any, pace: PushPace
    ) -> None:
        self._subscription = subscription
        self._endpoint = endpoint
        self._around = around
        self._lock = lock
        self._pace = pace
        self._window = PushWindow(pace)
        self._backoff = PushBackoff(pace)
        self._under_way = 0
        self._paused_until_ns = 0

    def redirect(self, endpoint: PushEndpoint) -> None:
        """Push to another endpoint from now on; what is under way stays so."""
        self._endpoint = endpoint

    def deadline_s(self) -> None:
        """The request's time-out is the deadline: the answer settles the lease."""
        return

    def has_room(self, message: Message) -> bool:
        """One more request fits the window and no pause is on."""
        return self._under_way < self._window.size and self._around.now_ns() >= self._paused_until_ns

    def take(self, lease: Lease) -> None:
        """Post it, in a thread of its own."""
        self._under_way += 1
        self._around.call_later(0, partial(self._post, lease))

    def flush(self) -> None:
        """Each message is a request of its own."""

    def release(self, lease: Lease) -> None:
        """The window counts requests, not leases."""

    def end(self, error: GrpcError) -> None:
        """Nobody waits for the pump."""

    def _post(self, lease: Lease) -> None:
        settings = self._subscription.settings
        attempt = None if settings.dead_letter is None else lease.attempt
        sent_ns = self._around.now_ns()
        body, headers = envelope.render(lease.message, settings.name, self._endpoint, attempt, sent_ns)
        answer = self._around.post(self._endpoint.url, body, headers, settings.ack_deadline_s)
        outcome: Literal["acked", "nacked", "expired"]
        if answer.status in ACKING_STATUSES:
            outcome = "acked"
        else:
            outcome = "expired" if answer.problem == "timeout" else "nacked"
        with self._lock:
            self._under_way -= 1
            self._adjust(acked=outcome == "acked", sent_ns=sent_ns)
            self._subscription.settle(lease, outcome, answer.status or answer.problem)
            self._subscription.dispatch()

    def _adjust(self, *, acked: bool, sent_ns: int) -> None:
        if acked:
            self._window.acked()
            self._backoff.acked()
            return
        self._window.failed()
        if self._subscription.settings.retry is not None:
            return
        now_ns = self._around.now_ns()
        pause_s = self._backoff.failed(sent_ns, now_ns)
        until_ns = now_ns + round(pause_s * 1e9)
        if until_ns > self._paused_until_ns:
            self._paused_until_ns = until_ns
            self._around.call_later(pause_s, self._resume)

    def _resume(self) -> None:
        with self._lock:
            early_ns = self._paused_until_ns - self._around.now_ns()
            if early_ns > 0:
                # The pause grew meanwhile, or a timer of the real clock was early: nobody else would wake us.
                self._around.call_later(early_ns / 1e9, self._resume)
            else:
                self._subscription.dispatch()
