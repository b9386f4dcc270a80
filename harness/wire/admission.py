"""Who may use a station that listens beyond loopback: whoever knows its token.

Each protocol has its own place for it, so that client libraries need no change: see `http` and `rpc`; Redis and SMTP
take it as the password. It must not know any emulator.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from typing import Any

from fakes.seam import Backend, GrpcContext, GrpcError, GrpcMethod

HEADER = "x-windtunnel-token"
REMEDY = f"send {HEADER}, or Authorization: Bearer, with the token that `windtunnel up` was given"


class Admission:
    """Lets in who shows `token`; everybody where that is empty."""

    def __init__(self, token: str = "") -> None:
        self._token = token

    @property
    def asks(self) -> bool:
        """Whether there is a token to show."""
        return bool(self._token)

    def http(self, environ: Mapping[str, Any]) -> bool:
        """In a header of its own, as a bearer token, as the password of basic authentication, or as the AWS key id."""
        if not self._token:
            return True
        shown = [str(environ.get("HTTP_" + HEADER.upper().replace("-", "_"), "")), *_shown(environ)]
        return any(self._is(one) for one in shown)

    def rpc(self, metadata: Mapping[str, str]) -> bool:
        """In metadata of its own or as a bearer token."""
        bearer = metadata.get("authorization", "").removeprefix("Bearer ")
        return not self._token or self._is(metadata.get(HEADER, "")) or self._is(bearer)

    def _is(self, shown: str) -> bool:
        return hmac.compare_digest(shown.encode(), self._token.encode())


def _shown(environ: Mapping[str, Any]) -> list[str]:
    scheme, _, rest = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    match scheme.lower():
        case "bearer":
            return [rest.strip()]
        case "basic":
            try:
                return [base64.b64decode(rest).decode().partition(":")[2]]
            except ValueError:  # no base64, no UTF-8 in it, or not even ASCII
                return []
        case "aws4-hmac-sha256":
            return [rest.partition("Credential=")[2].partition("/")[0]]
    return []


class Guarded:
    """A back end's RPCs behind an admission."""

    def __init__(self, backend: Backend, admission: Admission) -> None:
        self._backend = backend
        self._admission = admission

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """The same methods; UNAUTHENTICATED for who shows no token."""
        return {
            host: {path: GrpcMethod(method.kind, self._guarded(method.serve)) for path, method in methods.items()}
            for host, methods in self._backend.grpc().items()
        }

    def _guarded(self, serve: Callable[[Any, GrpcContext], Any]) -> Callable[[Any, GrpcContext], Any]:
        def guarded(request: Any, context: GrpcContext) -> Any:
            if not self._admission.rpc(context.metadata):
                raise GrpcError("UNAUTHENTICATED", REMEDY)
            return serve(request, context)

        return guarded
