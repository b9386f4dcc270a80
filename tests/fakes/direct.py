"""Calls a back end's RPCs directly, serialised on both sides, as a channel would."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fakes.seam import Backend, GrpcMethod


class DirectContext:
    """A call without a deadline whose peer stays, unless `hang_up` is called."""

    def __init__(self, caller: str = "test#0") -> None:
        self.caller = caller
        self.metadata: Mapping[str, str] = {}
        self._callbacks: list[Callable[[], None]] = []
        self._active = True

    def is_active(self) -> bool:
        return self._active

    def time_remaining(self) -> float | None:
        return None

    def add_callback(self, action: Callable[[], None]) -> bool:
        if self._active:
            self._callbacks.append(action)
        return self._active

    def hang_up(self) -> None:
        self._active = False
        for action in self._callbacks:
            action()


class Direct:
    """`call("Publish", request)` finds the RPC by its last word; requests and answers are protobuf messages."""

    def __init__(self, backend: Backend) -> None:
        self._methods: dict[str, GrpcMethod] = {}
        for methods in backend.grpc().values():
            self._methods.update({path.rsplit("/", 1)[1]: method for path, method in methods.items()})

    def call(self, method: str, request: Any, response: Any, context: DirectContext | None = None) -> Any:
        """`request` and `response` are a proto-plus message and a proto-plus type."""
        data = type(request).serialize(request)
        return response.deserialize(self._methods[method].serve(data, context or DirectContext()))

    def answers(self, method: str, request: Any, response: Any, context: DirectContext | None = None) -> Iterator[Any]:
        """The answers of an RPC with one request and many answers."""
        data = type(request).serialize(request)
        for answer in self._methods[method].serve(data, context or DirectContext()):
            yield response.deserialize(answer)

    def stream(
        self, method: str, requests: Iterator[Any], response: Any, context: DirectContext | None = None
    ) -> Iterator[Any]:
        serialised = (type(request).serialize(request) for request in requests)
        for data in self._methods[method].serve(serialised, context or DirectContext()):
            yield response.deserialize(data)
