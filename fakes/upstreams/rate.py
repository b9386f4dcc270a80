"""A rate limit as the upstreams have it: so many requests in each window of the clock."""

from __future__ import annotations


class FixedWindow:
    """Admits `limit` requests in each `window_s` seconds counted from the epoch; None admits all."""

    def __init__(self, limit: int | None, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._window = -1
        self._used = 0

    def admit(self, now_s: float) -> bool:
        """Whether a request at `now_s` is within the limit; counted if so."""
        window = int(now_s // self._window_s)
        if window != self._window:
            self._window, self._used = window, 0
        if self._limit is not None and self._used >= self._limit:
            return False
        self._used += 1
        return True

    def left_s(self, now_s: float) -> float:
        """Seconds until the next window."""
        return self._window_s - now_s % self._window_s

    def left(self, now_s: float) -> int:
        """Requests that are left in this window; 0 where there is no limit to count from."""
        used = self._used if int(now_s // self._window_s) == self._window else 0
        return 0 if self._limit is None else self._limit - used
