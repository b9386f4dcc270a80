"""Stands in for gRPC core under `grpc._channel`: the objects that grpcio's Python layer asks of `cygrpc`.

grpcio keeps its whole client behaviour – rendezvous objects, futures, interceptors, error types and their texts – in
Python above a small core interface: start batches of operations, take their completion events from a queue. Standing in
for that core, and not for `grpc.Channel`, leaves every line of the vendor's layer at work. The interface is grpcio's
own (`src/python/grpcio/grpc/_cython/_cygrpc/channel.pyx.pxi`), the same since 1.60. This module must not know how a
call travels (`exchange.py`) or comes under way (`channel.py`).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from grpc._cython import cygrpc

from harness.sim.rpc.channel import Invocation, SimChannel
from harness.sim.rpc.exchange import Exchange
from harness.sim.rpc.fabric import Fabric
from harness.sim.rpc.park import Mailbox, park
from harness.sim.rpc.status import Status

_Type = cygrpc.OperationType
_COMPLETE = cygrpc.CompletionType.operation_complete
_WAIT_FOR_READY = int(cygrpc.InitialMetadataFlags.wait_for_ready)

Batch = tuple[Sequence[Any], Any]
"""Operations that complete together, and the tag their completion event carries."""


def metadata_tuple(pairs: Iterable[tuple[str, str | bytes]]) -> tuple[Any, ...]:
    """Metadata as grpcio hands it to applications."""
    return tuple(cygrpc._Metadatum(key, value) for key, value in pairs)


@dataclass(slots=True)
class Received:
    """A completed receive operation; grpcio reads the one accessor that fits its `type()`."""

    kind: int
    value: Any

    def type(self) -> int:
        """Which operation it completes, a number of `cygrpc.OperationType`."""
        return self.kind

    def initial_metadata(self) -> Any:
        """What the server sent first."""
        return metadata_tuple(self.value)

    def message(self) -> bytes | None:
        """The message, None where the stream has ended."""
        message: bytes | None = self.value
        return message

    def trailing_metadata(self) -> Any:
        """What came with the status."""
        return metadata_tuple(self.value.trailers)

    def code(self) -> int:
        """The number of the status."""
        status: Status = self.value
        return status.code

    def details(self) -> str:
        """The message of the status."""
        status: Status = self.value
        return status.details

    def error_string(self) -> str:
        """What core says about where the status came from."""
        status: Status = self.value
        return status.debug


@dataclass(slots=True)
class Event:
    """A completion event, as `cygrpc.BatchOperationEvent`."""

    tag: Any
    batch_operations: list[Any]
    call: CoreCall
    completion_type: int = _COMPLETE
    success: bool = True


@dataclass(slots=True)
class ConnectivityEvent:
    """What `watch_connectivity_state` returns; `success` is whether the state changed before the deadline."""

    success: bool
    completion_type: int = _COMPLETE
    tag: Any = field(default=None)


class CoreCall:
    """One call under way: `cygrpc.IntegratedCall` where the channel's queue gets its events, else `SegregatedCall`."""

    def __init__(self, exchange: Exchange, events: Mailbox[Event]) -> None:
        self._exchange = exchange
        self._events = events
        self._due = 0

    def start(self, batches: Sequence[Batch]) -> None:
        """Start the batches a call begins with."""
        for operations, tag in batches:
            self._start_batch(operations, tag)

    def operate(self, operations: Sequence[Any], tag: Any) -> bool:
        """Start another batch; False once nothing is due on the call any more."""
        if not self._due:
            return False
        self._start_batch(operations, tag)
        return True

    def cancel(self, code: int, details: str) -> None:
        """End the call at once with that status."""
        if self._due:
            self._exchange.cancel(Status(int(code), details))

    def next_event(self) -> Event:
        """Block until the next batch completes; a call whose waiter is interrupted is given up."""
        try:
            event = self._events.get()
        except BaseException:
            self._due = 0
            self._exchange.cancel(Status(int(cygrpc.StatusCode.cancelled), "Cancelled by an exception in the caller"))
            raise
        event.call.retire()
        return event

    def retire(self) -> None:
        """Count one of its events as taken."""
        self._due -= 1

    def _start_batch(self, operations: Sequence[Any], tag: Any) -> None:
        self._due += 1
        results: list[Any] = list(operations)
        pending = len(results)

        def completed(place: int, result: Any) -> None:
            nonlocal pending
            results[place] = result
            pending -= 1
            if not pending:
                self._events.put(Event(tag, results, self))

        for place, operation in enumerate(operations):
            self._start(operation, functools.partial(completed, place))

    def _start(self, operation: Any, completed: Callable[[Any], None]) -> None:
        exchange = self._exchange
        kind = operation.type()
        if kind == _Type.send_initial_metadata:
            completed(operation)
        elif kind == _Type.send_message:
            exchange.send(operation._message, lambda: completed(operation))
        elif kind == _Type.send_close_from_client:
            exchange.half_close()
            completed(operation)
        elif kind == _Type.receive_initial_metadata:
            exchange.watch_head(lambda head: completed(Received(kind, head)))
        elif kind == _Type.receive_message:
            exchange.receive(lambda message: completed(Received(kind, message)))
        elif kind == _Type.receive_status_on_client:
            exchange.watch_status(lambda status: completed(Received(kind, status)))
        else:
            raise NotImplementedError(f"gRPC core operation of type {kind} is not one a client starts")


class CoreChannel:
    """`cygrpc.Channel` in memory."""

    def __init__(self, fabric: Fabric, target: bytes, arguments: Any, channel_credentials: Any) -> None:
        self._channel = SimChannel(fabric, target, arguments, channel_credentials)
        self._events: Mailbox[Event] = Mailbox()

    def target(self) -> bytes:
        """The address as the client wrote it."""
        return self._channel.target.encode()

    def integrated_call(self, *arguments: Any) -> CoreCall:
        """Start a call whose events come out of `next_call_event`; arguments as in `cygrpc.Channel`."""
        if self._channel.closed_reason is not None:
            raise ValueError(f"Cannot invoke RPC: {self._channel.closed_reason}")
        return self._call(self._events, *arguments)

    def segregated_call(self, *arguments: Any) -> CoreCall:
        """Start a call that keeps its events to itself; arguments as in `cygrpc.Channel`."""
        if self._channel.closed_reason is not None:
            raise ValueError("Cannot invoke RPC on closed channel!")
        return self._call(Mailbox(), *arguments)

    def next_call_event(self) -> Event:
        """Block until a batch of any integrated call completes."""
        event = self._events.get()
        event.call.retire()
        return event

    def check_connectivity_state(self, try_to_connect: bool) -> int:
        """The state now, as a number of `grpc.ChannelConnectivity`."""
        if self._channel.closed_reason is not None:
            raise ValueError(f"Cannot invoke RPC: {self._channel.closed_reason}")
        return self._channel.connectivity.check(bool(try_to_connect))

    def watch_connectivity_state(self, last: int, deadline: float | None) -> ConnectivityEvent:
        """Block until the state is another than `last` or the clock shows `deadline`."""
        if self._channel.closed_reason is not None:
            raise ValueError(f"Cannot monitor channel state: {self._channel.closed_reason}")
        timeout_s = None if deadline is None else deadline - time.time()

        def watch(resume: Callable[[bool], None]) -> None:
            self._channel.connectivity.watch(int(last), timeout_s, resume)

        return ConnectivityEvent(park(watch))

    def close(self, code: int, details: str) -> None:
        """Cancel every call with `details`."""
        self._channel.close(details)

    close_on_fork = cancel_calls_on_fork = close

    def get_registered_call_handle(self, method: bytes) -> int:
        """Registering a method saves core a look-up; here there is nothing to save."""
        return 0

    def _call(
        self,
        events: Mailbox[Event],
        flags: int,
        method: bytes,
        host: Any,
        deadline: float | None,
        metadata: Any,
        credentials: Any,
        batches: Sequence[Batch],
        context: Any = None,
        registered_call_handle: Any = None,
    ) -> CoreCall:
        head = next(op for operations, _ in batches for op in operations if op.type() == _Type.send_initial_metadata)
        exchange = self._channel.begin(
            Invocation(
                method=method,
                deadline_epoch_s=deadline,
                metadata=head._initial_metadata,
                credentials=credentials,
                wait_for_ready=bool(head._flags & _WAIT_FOR_READY),
            )
        )
        call = CoreCall(exchange, events)
        call.start(batches)
        return call
