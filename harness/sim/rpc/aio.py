"""Stands in for gRPC core under `grpc.aio`: the channel and call objects its Python layer asks of `cygrpc`.

The interface is grpcio's own (`src/python/grpcio/grpc/_cython/_cygrpc/aio/{channel,call}.pyx.pxi`). Completions come
from the hub's greenlet, so they enter the asyncio loop by `call_soon_threadsafe`, as core's do. This module must not
know how a call travels or comes under way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from grpc import _common
from grpc._cython import cygrpc

from harness.sim.rpc.channel import Invocation, SimChannel
from harness.sim.rpc.core import metadata_tuple
from harness.sim.rpc.exchange import Exchange
from harness.sim.rpc.fabric import Fabric
from harness.sim.rpc.status import Metadata, Status

T = TypeVar("T")


async def _told(loop: asyncio.AbstractEventLoop, begin: Callable[[Callable[[T], None]], object]) -> T:
    """Await what `begin(tell)` tells, at once or later from outside the loop."""
    future: asyncio.Future[T] = loop.create_future()
    inside = True

    def settle(value: T) -> None:
        if not future.done():
            future.set_result(value)

    def tell(value: T) -> None:
        if inside:
            settle(value)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(settle, value)

    begin(tell)
    inside = False
    return await future


class AioCall:
    """`cygrpc._AioCall`: one call, which starts when its first coroutine runs."""

    def __init__(
        self, channel: AioChannel, method: bytes, deadline: float | None, credentials: Any, wait_for_ready: bool | None
    ) -> None:
        self._channel = channel
        self._loop = channel.loop
        self._method = method
        self._deadline = deadline
        self._credentials = credentials
        self._wait_for_ready = bool(wait_for_ready)
        self._exchange: Exchange | None = None
        # These two are read by grpc.aio itself.
        self._status: Any = None
        self._initial_metadata: Any = None
        self._status_waiters: list[asyncio.Future[None]] = []
        self._metadata_waiters: list[asyncio.Future[None]] = []
        self._done_callbacks: list[Callable[[], None]] = []
        self._locally_cancelled = False

    def __repr__(self) -> str:
        if self._status is None:
            return "<_AioCall object>"
        code = _common.CYGRPC_STATUS_CODE_TO_STATUS_CODE[self._status.code()]
        text = f'<_AioCall of RPC that terminated with:\n\tstatus = {code}\n\tdetails = "{self._status.details()}"\n'
        if self._status.code():
            text += f'\tdebug_error_string = "{self._status.debug_error_string()}"\n'
        return text + ">"

    # ---- state ------------------------------------------------------------------------------------------------------

    def done(self) -> bool:
        """Whether its status is known."""
        return self._status is not None

    def cancelled(self) -> bool:
        """Whether it ended as CANCELLED."""
        return self._status is not None and self._status.code() == cygrpc.StatusCode.cancelled

    def is_locally_cancelled(self) -> bool:
        """Whether this side cancelled it."""
        return self._locally_cancelled

    def is_ok(self) -> bool:
        """Whether it ended as OK."""
        return self._status is not None and self._status.code() == cygrpc.StatusCode.ok

    def time_remaining(self) -> float | None:
        """Seconds to its deadline, never below 0; None without one."""
        return None if self._deadline is None else max(0.0, self._deadline - time.time())

    def add_done_callback(self, callback: Callable[[], None]) -> None:
        """Call `callback()` when it is done."""
        if self.done():
            callback()
        else:
            self._done_callbacks.append(callback)

    async def status(self) -> Any:
        """Its status, once there is one."""
        if self._status is None:
            future = self._loop.create_future()
            self._status_waiters.append(future)
            await future
        return self._status

    async def initial_metadata(self) -> Any:
        """What the server sent first, once it is there."""
        if self._initial_metadata is None:
            future = self._loop.create_future()
            self._metadata_waiters.append(future)
            await future
        return self._initial_metadata

    def cancel(self, details: str) -> None:
        """Give it up."""
        self._locally_cancelled = True
        status = Status(int(cygrpc.StatusCode.cancelled), details)
        self._set_status(status)
        if self._exchange is not None:
            self._exchange.cancel(status)

    def set_internal_error(self, details: str) -> None:
        """End it as INTERNAL."""
        self._set_status(Status(int(cygrpc.StatusCode.internal), "Internal error from Core"))

    # ---- the four kinds ---------------------------------------------------------------------------------------------

    async def unary_unary(self, request: bytes, metadata: tuple[Any, ...], context: Any = None) -> bytes | None:
        """Send the request, return the response (None unless OK)."""
        exchange = self._begin(metadata)
        exchange.send(request)
        exchange.half_close()
        return await self._unary_response(exchange)

    async def initiate_unary_stream(self, request: bytes, metadata: tuple[Any, ...], context: Any = None) -> None:
        """Send the request; returns when the server's initial metadata is there."""
        exchange = self._begin(metadata)
        self._follow_status(exchange)
        exchange.send(request)
        exchange.half_close()
        self._set_initial_metadata(await _told(self._loop, exchange.watch_head))

    async def stream_unary(
        self, metadata: tuple[Any, ...], metadata_sent: Callable[[], None], context: Any = None
    ) -> bytes | None:
        """Open the request stream; return the response (None unless OK)."""
        exchange = self._begin(metadata)
        metadata_sent()
        return await self._unary_response(exchange)

    async def initiate_stream_stream(
        self, metadata: tuple[Any, ...], metadata_sent: Callable[[], None], context: Any = None
    ) -> None:
        """Open the request stream; returns when the server's initial metadata is there."""
        exchange = self._begin(metadata)
        self._follow_status(exchange)
        metadata_sent()
        self._set_initial_metadata(await _told(self._loop, exchange.watch_head))

    async def send_serialized_message(self, message: bytes) -> None:
        """Send one request message; returns when flow control let it through."""
        exchange = self._started()

        def send(tell: Callable[[bool], None]) -> None:
            exchange.send(message, lambda: tell(True))

        await _told(self._loop, send)

    async def send_receive_close(self) -> None:
        """Half-close."""
        self._started().half_close()

    async def receive_serialized_message(self) -> Any:
        """The next response message, `cygrpc.EOF` at the end."""
        message = await _told(self._loop, self._started().receive)
        return cygrpc.EOF if message is None else message

    # ---- inside -----------------------------------------------------------------------------------------------------

    def _begin(self, metadata: tuple[Any, ...]) -> Exchange:
        self._exchange = self._channel.begin(
            Invocation(self._method, self._deadline, metadata, self._credentials, self._wait_for_ready)
        )
        if self._locally_cancelled:
            self._exchange.cancel(Status(int(cygrpc.StatusCode.cancelled), self._status.details()))
        return self._exchange

    def _started(self) -> Exchange:
        if self._exchange is None:
            raise cygrpc.InternalError("the call has not started")
        return self._exchange

    async def _unary_response(self, exchange: Exchange) -> bytes | None:
        received: list[bytes | None] = []
        exchange.receive(received.append)
        status = await _told(self._loop, exchange.watch_status)
        head = await _told(self._loop, exchange.watch_head)
        self._set_initial_metadata(head)
        self._set_status(status)
        return received[0] if received and self.is_ok() else None

    def _follow_status(self, exchange: Exchange) -> None:
        async def follow() -> None:
            status = await _told(self._loop, exchange.watch_status)
            if not self._locally_cancelled:
                self._set_status(status)

        self._follower = self._loop.create_task(follow())

    def _set_initial_metadata(self, head: Metadata) -> None:
        if self._initial_metadata is None:
            self._initial_metadata = metadata_tuple(head)
            _release(self._metadata_waiters)

    def _set_status(self, status: Status) -> None:
        if self._status is not None:
            return
        self._status = cygrpc.AioRpcStatus(
            status.code, status.details, metadata_tuple(status.trailers), status.debug or None
        )
        self._set_initial_metadata(())
        _release(self._status_waiters)
        for callback in self._done_callbacks:
            callback()


class AioChannel:
    """`cygrpc.AioChannel` in memory."""

    def __init__(self, fabric: Fabric, target: bytes, options: Any, credentials: Any, loop: Any) -> None:
        self.loop: asyncio.AbstractEventLoop = loop
        self._channel = SimChannel(fabric, target, options, credentials)
        self._closing = False

    def call(
        self,
        method: bytes,
        deadline: float | None,
        credentials: Any,
        wait_for_ready: bool | None,
        registered_call_handle: int = 0,
    ) -> AioCall:
        """Prepare a call; `UsageError` on a closed channel."""
        if self.closed():
            raise cygrpc.UsageError("Channel is closed.")
        inner = None if credentials is None else credentials._credentials
        return AioCall(self, method, deadline, inner, wait_for_ready)

    def begin(self, invocation: Invocation) -> Exchange:
        """Start a call."""
        return self._channel.begin(invocation)

    def closing(self) -> None:
        """Take no new calls."""
        self._closing = True

    def closed(self) -> bool:
        """Whether it takes no new calls."""
        return self._closing

    def close(self) -> None:
        """End what is under way."""
        self._closing = True
        self._channel.close("Channel closed!")

    def check_connectivity_state(self, try_to_connect: bool) -> int:
        """The state now, as a number of `grpc.ChannelConnectivity`."""
        return self._channel.connectivity.check(bool(try_to_connect))

    async def watch_connectivity_state(self, last: int, deadline: float | None) -> bool:
        """Wait until the state is another than `last` (True) or the clock shows `deadline` (False)."""
        if self.closed():
            raise cygrpc.UsageError("Channel is closed.")
        timeout_s = None if deadline is None else deadline - time.time()
        return await _told(self.loop, lambda tell: self._channel.connectivity.watch(int(last), timeout_s, tell))

    def get_registered_call_handle(self, method: bytes) -> int:
        """Registering a method saves core a look-up; here there is nothing to save."""
        return 0


def _release(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
    waiters.clear()
