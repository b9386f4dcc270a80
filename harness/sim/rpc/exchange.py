"""One RPC on the simulated wire, as its two ends see it.

The client's end and the handler's end learn of things at different times: a cancellation reaches the handler half a
round trip later, a request already under way is served although its caller has gone. That is why each end has a state
of its own here. Everything is a callback that must not block. It must not know grpcio's classes, threads or loops.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fakes.seam import GRPC_CODES
from harness.sim.rpc.pipe import Pipe
from harness.sim.rpc.status import (
    OK,
    Metadata,
    Status,
    cancelled,
    deadline_exceeded,
)

if TYPE_CHECKING:
    from harness.sim.rpc.fabric import Fabric


@dataclass(frozen=True, slots=True)
class Request:
    """What a client says when it starts an RPC.

    `method` is the full path (`/google.pubsub.v1.Publisher/Publish`), `target` the address as the client wrote it,
    `timeout_s` the seconds to its deadline (None: none), sizes are limits of the client's channel in bytes (-1: none).
    """

    host: str
    target: str
    method: str
    caller: str
    metadata: Mapping[str, str]
    timeout_s: float | None = None
    max_send_bytes: int = -1
    max_receive_bytes: int = 4 * 1024 * 1024


class Exchange:
    """The state of one RPC.

    The client's end: `open`, `send`, `half_close`, `receive`, `watch_head`, `watch_status`, `cancel`. The handler's:
    `requests`, `respond`, `finish`, `reset`, `served`, `watch_served`.
    """

    def __init__(self, fabric: Fabric, request: Request) -> None:
        self.request = request
        self.status: Status | None = None
        """How it ended for the client, None while it has not."""
        self.served: Status | None = None
        """How it ended for the handler, None while it has not."""
        self._fabric = fabric
        self._loop = fabric.loop
        self._delay_s = fabric.latency_s(request.host) / 2
        self.requests: Pipe[None, None] = Pipe(self._delay_s, self._on_request_head, lambda end: None)
        self.responses: Pipe[Metadata, Status] = Pipe(self._delay_s, self._on_response_head, self._settle)
        self._head: Metadata | None = None
        self._head_sent = False
        self._head_watchers: list[Callable[[Metadata], None]] = []
        self._status_watchers: list[Callable[[Status], object]] = []
        self._served_watchers: list[Callable[[], None]] = []
        self._serve: Callable[[Exchange], None] | None = None
        self._deadline_s: float | None = None
        self._deadline_timer: Any = None
        self._timers: list[Any] = []
        self.number = fabric.enter(self)
        if request.timeout_s is not None:
            self._deadline_s = self._loop.now() + request.timeout_s
            self._deadline_timer = self._loop.timer(max(0.0, request.timeout_s))
            self._deadline_timer.start(self._on_deadline)

    # ---- the client's end -------------------------------------------------------------------------------------------

    def open(self, serve: Callable[[Exchange], None]) -> None:
        """Set out for the server, where `serve(exchange)` is called in the hub when the head arrives."""
        if self.status is None:
            self._serve = serve
            self.requests.send_head(None)

    def send(self, message: bytes, accepted: Callable[[], None] | None = None) -> None:
        """Send one request message; `accepted()` is called when the flow-control window let it through."""
        limit = self.request.max_send_bytes
        if 0 <= limit < len(message):
            details = f"CLIENT: Sent message larger than max ({len(message)} vs. {limit})"
            self.cancel(Status(GRPC_CODES["RESOURCE_EXHAUSTED"], details))
        self.requests.send(message, accepted)

    def half_close(self) -> None:
        """Say that no request message follows."""
        self.requests.send_end(None)

    def receive(self, deliver: Callable[[bytes | None], None]) -> None:
        """Call `deliver` with the next response message, or with None when there is none any more."""
        self.responses.receive(lambda message: deliver(self._within_limit(message)))

    def watch_head(self, tell: Callable[[Metadata], None]) -> None:
        """Call `tell(initial_metadata)` when it is there; it is empty for an RPC that ended without."""
        if self._head is not None:
            tell(self._head)
        else:
            self._head_watchers.append(tell)

    def watch_status(self, tell: Callable[[Status], object]) -> None:
        """Call `tell(status)` when the RPC has ended for the client."""
        if self.status is not None:
            tell(self.status)
        else:
            self._status_watchers.append(tell)

    def cancel(self, status: Status) -> None:
        """End it for the client now, as `status`; the handler learns of it half a round trip later."""
        if self.status is None:
            self.fail(status)
            self._later(self._hang_up, cancelled(status.details))

    def fail(self, status: Status) -> None:
        """End it for the client now, without a word to the handler."""
        if self.status is None:
            self.responses.cut()
            self._settle(status)

    def time_remaining(self) -> float | None:
        """Seconds to the deadline, never below 0; None without one."""
        return None if self._deadline_s is None else max(0.0, self._deadline_s - self._loop.now())

    # ---- the handler's end ------------------------------------------------------------------------------------------

    def respond(self, message: bytes, accepted: Callable[[], None] | None = None) -> None:
        """Send one response message."""
        self._send_response_head()
        self.responses.send(message, accepted)

    def finish(self, status: Status = OK) -> None:
        """End the RPC in order: the client sees `status` after the messages sent before it."""
        if self.served is None:
            self._send_response_head()
            self.responses.send_end(status)
            self._retire(status)

    def reset(self, status: Status) -> None:
        """Tear the connection: the client sees `status`, and of the messages only those it has received by then."""
        if self.served is None:
            self._retire(status)
            self.responses.release()
            self._later(self.fail, status)

    def watch_served(self, tell: Callable[[], None]) -> bool:
        """Call `tell()` when the RPC ends for the handler, for whatever reason; False if it has ended."""
        if self.served is not None:
            return False
        self._served_watchers.append(tell)
        return True

    # ---- crashes ----------------------------------------------------------------------------------------------------

    def forsake(self) -> None:
        """The calling process died: nobody is told at its end; the handler sees the peer go."""
        if self.status is None:
            self._head_watchers.clear()
            self._status_watchers.clear()
            self.responses.forsake()
            self.cancel(cancelled("Client process died"))

    # ---- what happens in between ------------------------------------------------------------------------------------

    def _on_request_head(self, _: None) -> None:
        serve = self._serve
        if serve is not None and self.served is None:
            serve(self)

    def _send_response_head(self) -> None:
        if not self._head_sent:
            self._head_sent = True
            self.responses.send_head(())

    def _on_response_head(self, head: Metadata) -> None:
        self._head = head
        watchers, self._head_watchers = self._head_watchers, []
        for tell in watchers:
            tell(head)

    def _within_limit(self, message: bytes | None) -> bytes | None:
        limit = self.request.max_receive_bytes
        if message is None or limit < 0 or len(message) <= limit:
            return message
        details = f"Stream removed (CLIENT: Received message larger than max ({len(message)} vs. {limit}))"
        self.cancel(Status(GRPC_CODES["RESOURCE_EXHAUSTED"], details))
        return None

    def _on_deadline(self) -> None:
        # Both ends keep the deadline themselves, so the handler needs no message to learn of it.
        status = deadline_exceeded()
        self._hang_up(status)
        self.fail(status)

    def _settle(self, status: Status) -> None:
        if self.status is not None:
            return
        self.status = status
        if self._deadline_timer is not None:
            self._deadline_timer.stop()
            self._deadline_timer.close()
            self._deadline_timer = None
        self.requests.release()
        if self._head is None:
            self._on_response_head(())
        watchers, self._status_watchers = self._status_watchers, []
        for tell in watchers:
            tell(status)
        if self._serve is None:
            self._hang_up(status)
        self._forget()

    def _hang_up(self, status: Status) -> None:
        if self.served is None:
            self._retire(status)
            self.responses.release()

    def _retire(self, status: Status) -> None:
        self.served = status
        self.requests.cut()
        watchers, self._served_watchers = self._served_watchers, []
        for tell in watchers:
            tell()
        self._forget()

    def _forget(self) -> None:
        if self.status is not None and self.served is not None:
            self._fabric.leave(self.number)
            self.requests.retire()
            self.responses.retire()

    def _later(self, act: Callable[[Status], None], status: Status) -> None:
        timer = self._loop.timer(self._delay_s)
        self._timers.append(timer)
        timer.start(act, status)
