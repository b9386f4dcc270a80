"""How an RPC ended, in gRPC's own words.

Wordings are what grpcio 1.85 says on a
real connection. This module must not know how a status travels.
"""

from __future__ import annotations

from dataclasses import dataclass

from fakes.seam import GRPC_CODES, GrpcError

NAMES = {number: name for name, number in GRPC_CODES.items()}

Metadata = tuple[tuple[str, str | bytes], ...]
"""Ordered metadata; the values of keys that end in `-bin` are bytes, all others text."""


@dataclass(frozen=True, slots=True)
class Status:
    """The end of an RPC: `code` is the number of a gRPC status, `details` its message, `trailers` what came with it.

    `explained` is whether core gives a debug string with it; there is one refusal it does not explain.
    """

    code: int
    details: str = ""
    trailers: Metadata = ()
    explained: bool = True

    @property
    def debug(self) -> str:
        """The `debug_error_string` grpcio shows beside it, "" for OK."""
        if not self.code or not self.explained:
            return ""
        return f"{NAMES[self.code]}:{self.details}" if self.details else NAMES[self.code]


OK = Status(0)


def cancelled(details: str) -> Status:
    """The client gave the call up."""
    return Status(GRPC_CODES["CANCELLED"], details)


def deadline_exceeded() -> Status:
    """The call's time was over before its answer was there."""
    return Status(GRPC_CODES["DEADLINE_EXCEEDED"], "Deadline Exceeded")


def unavailable(details: str) -> Status:
    """The peer cannot be reached, or was lost on the way."""
    return Status(GRPC_CODES["UNAVAILABLE"], details)


def of_error(error: GrpcError) -> Status:
    """What the client sees of a handler's `GrpcError`.

    Raises `ValueError` for a code that gRPC does not know and for trailers that could not be sent.
    """
    code = GRPC_CODES.get(error.code)
    if code is None or code == 0:
        known = ", ".join(list(GRPC_CODES)[1:])
        raise ValueError(f"GrpcError code {error.code!r} is no gRPC error status; use one of {known}")
    for key, value in error.trailers:
        if isinstance(value, bytes) != key.endswith("-bin"):
            raise ValueError(f"GrpcError trailer {key!r} is {value!r}: keys ending in '-bin' take bytes, others str")
    return Status(code, error.details, tuple(error.trailers))
