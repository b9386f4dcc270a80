"""The body of a streamed answer on its way from the process that makes it to the connection that sends it.

This module exists because the two are different greenlets, of different processes: either may be gone before the other
is done. It must not know WSGI, ASGI or sockets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from gevent.event import Event

from fakes.seam import ConnectionLost

HIGH_WATER_BYTES = 65536
"""Above this a maker is held up until the connection has taken what there is (uvicorn's `HIGH_WATER_LIMIT`)."""


class Pieces:
    """An iterator over pieces that another greenlet puts in; ConnectionLost where they break off.

    `on_closed` is called once, when the reader gives up before the end.
    """

    def __init__(self, on_closed: Callable[[], object] = lambda: None) -> None:
        self._on_closed = on_closed
        self._pieces: deque[bytes] = deque()
        self._bytes = 0
        self._arrived = Event()
        self._taken = Event()
        self._complete = False
        self._broken = False
        self._on_room: list[Callable[[], object]] = []

    # -- the maker's side

    @property
    def over(self) -> bool:
        """Whether nobody reads on."""
        return self._broken or self._complete

    @property
    def full(self) -> bool:
        """Whether the maker had better wait."""
        return self._bytes > HIGH_WATER_BYTES and not self.over

    def put(self, piece: bytes) -> None:
        """Add a piece; once it is over, nothing."""
        if piece and not self.over:
            self._pieces.append(piece)
            self._bytes += len(piece)
            self._arrived.set()

    def when_room(self, action: Callable[[], object]) -> None:
        """Call `action` once there is room again, or nobody reads on; at once if that is so."""
        if self.full:
            self._on_room.append(action)
        else:
            action()

    def finish(self) -> None:
        """There is no more to come."""
        self._complete = True
        self._arrived.set()

    def fail(self) -> None:
        """The maker cannot go on: the reader gets what there is, and then ConnectionLost."""
        if not self._complete:
            self._broken = True
            self._arrived.set()
            self._make_room()

    def pump(self, pieces: Iterable[bytes]) -> None:
        """Put in all of `pieces`, waiting for room, and finish; an error out of them fails."""
        try:
            for piece in pieces:
                self.put(piece)
                while self.full:
                    self._taken.clear()
                    self._taken.wait()
                if self.over:
                    return
        except BaseException:
            self.fail()
            raise
        self.finish()

    # -- the reader's side

    def __iter__(self) -> Pieces:
        return self

    def __next__(self) -> bytes:
        while not self._pieces:
            if self._broken:
                raise ConnectionLost
            if self._complete:
                raise StopIteration
            self._arrived.clear()
            self._arrived.wait()
        piece = self._pieces.popleft()
        self._bytes -= len(piece)
        if not self.full:
            self._make_room()
        return piece

    def close(self) -> None:
        """Read no further; whoever waits in `next` gets ConnectionLost."""
        if not self.over:
            self.fail()
            self._on_closed()

    def _make_room(self) -> None:
        self._taken.set()
        waiting, self._on_room = self._on_room, []
        for action in waiting:
            action()
