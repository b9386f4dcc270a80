"""Subscriptions nobody uses are deleted after a while.

"A subscription is considered active as long as any connected subscriber is successfully consuming messages from the
subscription or is issuing operations on the subscription" (`pubsub.proto`, Subscription.expiration_policy). It must
not know how a subscription is deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fakes.pubsub.subscription import Subscription
from fakes.seam import Surroundings, Timer


class Expiry:
    """Looks at each subscription when its time would be over; `delete` is called with the lock held."""

    def __init__(self, around: Surroundings, lock: Any, delete: Callable[[Subscription], None]) -> None:
        self._around = around
        self._lock = lock
        self._delete = delete
        self._watched: dict[str, tuple[Subscription, Timer]] = {}

    def watch(self, subscription: Subscription) -> None:
        """Look after a new subscription, or one whose time to live may have changed; with the lock held."""
        settings = subscription.settings
        self.forget(settings.name)
        if settings.expires_s is not None:
            idle_s = (self._around.now_ns() - subscription.active_ns()) / 1e9
            self._look_in(max(0.0, settings.expires_s - idle_s), subscription)

    def forget(self, name: str) -> None:
        """It is gone, or never expires."""
        _, timer = self._watched.pop(name, (None, None))
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Look no more."""
        for name in list(self._watched):
            self.forget(name)

    def _look_in(self, seconds: float, subscription: Subscription) -> None:
        timer = self._around.call_later(seconds, partial(self._look, subscription))
        self._watched[subscription.settings.name] = subscription, timer

    def _look(self, subscription: Subscription) -> None:
        with self._lock:
            settings = subscription.settings
            watched, _ = self._watched.get(settings.name, (None, None))
            if watched is not subscription or settings.expires_s is None:
                # A timer of the real clock may go off while it is being cancelled.
                return
            idle_s = (self._around.now_ns() - subscription.active_ns()) / 1e9
            if idle_s >= settings.expires_s:
                self._delete(subscription)
            else:
                self._look_in(settings.expires_s - idle_s, subscription)
