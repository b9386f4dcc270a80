"""What objects were a while ago, for faults that serve stale reads and listings. The service itself is consistent.

It keeps what each change replaced, within bounds, and lays it over a bucket to show an earlier state. It must not know
who asks or why.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from sortedcontainers import SortedDict

from fakes.gcs.buckets import Bucket
from fakes.gcs.errors import no_bucket, unsupported
from fakes.gcs.objects import StoredObject

KEPT_CHANGES = 10_000
KEPT_BYTES = 16 * 1024 * 1024
"""What is kept of the past, whichever bound comes first; an older state than that is refused."""


class Past:
    """The changes of all buckets, newest last: when, in which bucket, which name, and its generations before."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._changes: deque[tuple[int, str, str, tuple[StoredObject, ...]]] = deque()
        self._bytes = 0
        self._forgotten_ns = 0

    def note(self, bucket: str, name: str, before: tuple[StoredObject, ...]) -> None:
        """Keep what `name` was until now."""
        self._changes.append((self._now_ns(), bucket, name, before))
        self._bytes += _size(before)
        while len(self._changes) > KEPT_CHANGES or self._bytes > KEPT_BYTES:
            self._forgotten_ns, _, _, gone = self._changes.popleft()
            self._bytes -= _size(gone)

    def view(self, bucket: Bucket, age_s: float) -> Bucket:
        """`bucket` as it was `age_s` ago: its objects, not its settings. Raises 501 for what is forgotten."""
        then_ns = self._now_ns() - round(age_s * 1e9)
        if then_ns < self._forgotten_ns:
            raise unsupported(f"the state of {age_s:g} s ago, which is forgotten", "Serve a state less old.")
        if then_ns < bucket.created_ns:
            raise no_bucket()
        before: dict[str, tuple[StoredObject, ...]] = {}
        for when_ns, name_of_bucket, name, versions in reversed(self._changes):
            if when_ns <= then_ns:
                break
            if name_of_bucket == bucket.name:
                before[name] = versions
        generations = SortedDict(bucket.generations)
        for name, versions in before.items():
            if versions:
                generations[name] = list(versions)
            else:
                generations.pop(name, None)
        return replace(bucket, generations=generations, past=None, watched=False)


def _size(versions: tuple[StoredObject, ...]) -> int:
    return sum(len(stored.content) for stored in versions)
