"""The error model of Google's APIs: what travels with a gRPC error beside its code and its message.

The services send a `google.rpc.Status` in the trailing metadata (google.aip.dev/193), and clients decide by it:
Pub/Sub's tells a refused acknowledgement from a good one by nothing else. It must not know any single service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.seam import GRPC_CODES, GrpcError

KEY = "grpc-status-details-bin"

_MOST_MESSAGE = 2000
"""Characters of a message that is sent twice; longer ones would not fit into the 8 KiB of metadata clients accept."""

USUAL_REASON = {
    "PERMISSION_DENIED": "IAM_PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED": "RATE_LIMIT_EXCEEDED",
    "UNAUTHENTICATED": "ACCESS_TOKEN_EXPIRED",
}
"""Reasons that Google's platform gives for a service (`google/api/error_reason.proto`)."""


def rich(
    code: str,
    message: str,
    reason: str = "",
    metadata: Mapping[str, str] | None = None,
    domain: str = "googleapis.com",
) -> GrpcError:
    """An error with its `google.rpc.Status`, and in that a `google.rpc.ErrorInfo` where there is a `reason`."""
    from google.protobuf.any_pb2 import Any as AnyPb
    from google.rpc.error_details_pb2 import ErrorInfo
    from google.rpc.status_pb2 import Status

    details: list[Any] = []
    if reason:
        packed = AnyPb()
        packed.Pack(ErrorInfo(reason=reason, domain=domain, metadata=metadata or {}), deterministic=True)
        details.append(packed)
    status = Status(code=GRPC_CODES[code], message=message, details=details)
    return GrpcError(code, message, ((KEY, status.SerializeToString(deterministic=True)),))


def enriched(error: GrpcError) -> GrpcError:
    """The error with its status, if it has none."""
    if len(error.details) > _MOST_MESSAGE or any(key == KEY for key, _ in error.trailers):
        return error
    return GrpcError(error.code, error.details, (*error.trailers, *rich(error.code, error.details).trailers))
