"""How often one thing may be written: the service's own limits, as legal weather.

Source: https://cloud.google.com/storage/quotas (one write a second to the same object name, one metadata update a
second of the same object or bucket, one bucket created or deleted every two seconds per project) and, for the wording,
https://cloud.google.com/storage/docs/gcs429. The service lets short bursts through at times; the emulator never does,
so that a run does not hang on luck. Deletions are not counted: the service is seen to take a deletion right after a
write.
"""

from __future__ import annotations

from collections.abc import Mapping

from fakes.gcs.errors import ApiError

SERVICE_PER_S: Mapping[str, float] = {
    "object_writes": 1.0,
    "object_updates": 1.0,
    "bucket_updates": 1.0,
    "bucket_creations": 0.5,
}
"""Operations a second on one and the same object, bucket or project."""

_TIDY_EVERY = 4096


class Pace:
    """Refuses what comes sooner than the limits allow; operations that `per_s` has no rate for are free."""

    def __init__(self, per_s: Mapping[str, float]) -> None:
        self._gap_ns = {name: round(1e9 / rate) for name, rate in per_s.items() if rate > 0}
        self._last_ns: dict[tuple[str, str], int] = {}

    def take(self, operation: str, resource: str, now_ns: int) -> None:
        """Count one `operation` on `resource`; 429 when the last one that was let through is too recent."""
        gap_ns = self._gap_ns.get(operation)
        if gap_ns is None:
            return
        key = (operation, resource)
        last_ns = self._last_ns.get(key)
        if last_ns is not None and now_ns - last_ns < gap_ns:
            raise _too_fast(operation, resource)
        self._last_ns[key] = now_ns
        if len(self._last_ns) >= _TIDY_EVERY:
            longest_ns = max(self._gap_ns.values())
            self._last_ns = {key: then for key, then in self._last_ns.items() if now_ns - then < longest_ns}


def _too_fast(operation: str, resource: str) -> ApiError:
    kind = operation.partition("_")[0]
    what = "object mutation operations (create, update, and delete)" if kind == "object" else f"{kind} operations"
    whose = "project" if operation == "bucket_creations" else kind
    return ApiError(
        429,
        f"The {whose} {resource} exceeded the rate limit for {what}. Please reduce your request rate. "
        "See https://cloud.google.com/storage/docs/gcs429.",
        reason="rateLimitExceeded",
        domain="usageLimits",
    )


def limits_of(asked: object) -> Mapping[str, float]:
    """The rates an option `limits` asks for: `service`, `none`, or a mapping over the service's (0 lifts one).

    Raises ValueError for anything else.
    """
    if asked == "service":
        return SERVICE_PER_S
    if asked == "none":
        return {}
    if isinstance(asked, Mapping):
        unknown = sorted(set(asked) - set(SERVICE_PER_S))
        if unknown:
            raise ValueError(f"gcs: limits has no {unknown[0]!r}; it has {', '.join(SERVICE_PER_S)}")
        for name, rate in asked.items():
            if isinstance(rate, bool) or not isinstance(rate, int | float) or rate < 0:
                raise ValueError(f"gcs: limits[{name!r}] = {rate!r}; give a rate per second >= 0 (0 for no limit)")
        return {**SERVICE_PER_S, **asked}
    raise ValueError(f"gcs: limits = {asked!r}; give 'service', 'none' or a mapping of {', '.join(SERVICE_PER_S)}")
