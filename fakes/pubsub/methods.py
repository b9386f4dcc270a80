"""A table of unary RPCs in the making: one line per method.

It must not know what the methods do.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from fakes.rpc import PbMessage, Rpc
from fakes.seam import GrpcContext, GrpcMethod


class Table:
    """The methods of one gRPC service, by full path."""

    def __init__(self, rpc: Rpc, service: str) -> None:
        """`service` is its full name (`google.pubsub.v1.Publisher`)."""
        self.methods: dict[str, GrpcMethod] = {}
        self._rpc = rpc
        self._service = service

    def unary(
        self, name: str, request_type: Any, resource: str, handle: Callable[[Any, GrpcContext], PbMessage]
    ) -> None:
        """Add `name`; `request_type` is proto-plus, `resource` the dotted field that names what the call is about."""
        path = f"/{self._service}/{name}"
        field = attrgetter(resource)
        self.methods[path] = self._rpc.unary(path, request_type.pb(), lambda request: str(field(request)), handle)
