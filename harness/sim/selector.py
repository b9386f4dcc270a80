"""`selectors.DefaultSelector` on simulated descriptors, and with it what asyncio waits on.

This module exists because the standard library's own selectors round their time-outs to milliseconds and look at every
descriptor. It must not know what is behind a descriptor.
"""

from __future__ import annotations

import selectors
from collections.abc import Mapping
from typing import Any

from harness.sim.descriptors import IN, OUT
from harness.sim.interest import Interest, descriptor_of


class SimSelector(selectors.BaseSelector):
    """What `selectors.DefaultSelector` is in a simulation; time-outs are exact."""

    def __init__(self) -> None:
        self._interest = Interest()
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._map: Mapping[Any, selectors.SelectorKey] = _KeyMap(self)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Ask for EVENT_READ or EVENT_WRITE or both; KeyError if registered, ValueError for other events."""
        fd = self.descriptor_of(fileobj)
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} (FD {fd}) is already registered")
        return self._put(fileobj, fd, events, data)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Change what is asked; KeyError if it is not registered."""
        key = self.get_key(fileobj)
        if events == key.events:
            key = self._keys[key.fd] = key._replace(data=data)
            return key
        return self._put(key.fileobj, key.fd, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Ask no more; KeyError if it is not registered."""
        key = self.get_key(fileobj)
        del self._keys[key.fd]
        self._interest.drop(key.fd)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """[(key, events)] of what is ready; `timeout` in seconds, None for ever, <= 0 not at all (others run)."""
        found = []
        for fd, bits in self._interest.wait(timeout):
            key = self._keys.get(fd)
            if key is None:
                continue
            events = 0
            if bits & ~IN:
                events |= selectors.EVENT_WRITE
            if bits & ~OUT:
                events |= selectors.EVENT_READ
            if events & key.events:
                found.append((key, events & key.events))
        return found

    def close(self) -> None:
        """Ask nothing more of anything."""
        self._interest.clear()
        self._keys.clear()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """What is registered, by file object."""
        return self._map

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """The key of a registered file object; KeyError if it is not."""
        try:
            return self._keys[self.descriptor_of(fileobj)]
        except KeyError:
            raise KeyError(f"{fileobj!r} is not registered") from None

    def descriptor_of(self, fileobj: Any) -> int:
        """Its descriptor, or the one it had when it was registered if it has been closed since."""
        try:
            return descriptor_of(fileobj)
        except (ValueError, AttributeError):
            for key in self._keys.values():
                if key.fileobj is fileobj:
                    return key.fd
            raise ValueError(f"Invalid file object: {fileobj!r}") from None

    def _put(self, fileobj: Any, fd: int, events: int, data: Any) -> selectors.SelectorKey:
        if not events or events & ~(selectors.EVENT_READ | selectors.EVENT_WRITE):
            raise ValueError(f"Invalid events: {events!r}")
        mask = (IN if events & selectors.EVENT_READ else 0) | (OUT if events & selectors.EVENT_WRITE else 0)
        self._interest.put(fd, mask)
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key


class _KeyMap(Mapping[Any, selectors.SelectorKey]):
    """The keys of a selector by file object, as `get_map` shows them."""

    def __init__(self, selector: SimSelector) -> None:
        self._selector = selector

    def __len__(self) -> int:
        return len(self._selector._keys)

    def __getitem__(self, fileobj: Any) -> selectors.SelectorKey:
        return self._selector.get_key(fileobj)

    def __iter__(self) -> Any:
        return iter([key.fileobj for key in self._selector._keys.values()])
