"""What the service answers when it cannot do what was asked: status, reason and message as the vendor words them.

Clients retry by `reason`, so the table of reasons and statuses is the contract here. Knows no HTTP and no SQL.
"""

from __future__ import annotations

from typing import Any

STATUS_OF = {
    # https://cloud.google.com/bigquery/docs/error-messages
    "accessDenied": 403,
    "backendError": 503,
    "badRequest": 400,
    "billingNotEnabled": 403,
    "bytesBilledLimitExceeded": 400,
    "conditionNotMet": 412,
    "duplicate": 409,
    "internalError": 500,
    "invalid": 400,
    "invalidQuery": 400,
    "invalidUser": 400,
    "jobBackendError": 400,
    "jobInternalError": 400,
    "jobRateLimitExceeded": 400,
    "notFound": 404,
    "notImplemented": 501,
    "parseError": 400,
    "quotaExceeded": 403,
    "rateLimitExceeded": 403,
    "required": 400,
    "resourceInUse": 400,
    "resourcesExceeded": 400,
    "responseTooLarge": 403,
    "stopped": 200,
    "tableUnavailable": 400,
    "timeout": 400,
    "unsupported": 501,
}
"""HTTP status of a `reason` where the answer itself is the error (the vendor's table of error messages)."""

REASON_OF = {
    400: "badRequest",
    401: "authError",
    403: "rateLimitExceeded",
    404: "notFound",
    409: "duplicate",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    500: "internalError",
    501: "notImplemented",
    502: "badGateway",
    503: "backendError",
    504: "timeout",
}
"""The usual `reason` of a status, for refusals that name none."""

CANONICAL = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class ApiError(Exception):
    """An answer of the service that is an error.

    `reason` is the vendor's word, `status` the HTTP status (the usual one of the reason when 0), `location` the
    vendor's `location` field (`query`, a table), and `debug` what helps a human and no client reads.
    """

    def __init__(self, reason: str, message: str, *, status: int = 0, location: str = "", debug: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = status or STATUS_OF.get(reason, 400)
        self.location = location
        self.debug = debug

    def proto(self) -> dict[str, str]:
        """The vendor's `ErrorProto`: how the error reads inside a job's status."""
        proto = {"reason": self.reason, "message": self.message}
        if self.location:
            proto["location"] = self.location
        if self.debug:
            proto["debugInfo"] = self.debug
        return proto

    def body(self) -> dict[str, Any]:
        """The JSON body of the HTTP answer."""
        error = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            error |= {"location": self.location, "locationType": "other"}
        return {
            "error": {
                "code": self.status,
                "message": self.message,
                "errors": [error],
                "status": CANONICAL.get(self.status, "UNKNOWN"),
            }
        }


class Unsupported(ApiError):  # noqa: N818 - a property of the request, named as users read it
    """Something the service does and this emulator does not: named, never retryable, never silently wrong."""

    def __init__(self, what: str, remedy: str = "") -> None:
        """`what` is the construct, in the user's spelling; `remedy` says what to write instead where there is one."""
        message = f"unsupported by the emulator: {what}" + (f"; {remedy}" if remedy else "")
        super().__init__("notImplemented", message, status=501)
        self.what = what


def invalid_query(message: str, at: tuple[int, int] | None = None) -> ApiError:
    """An analysis or run-time error of a statement; `at` is (line, column), both from 1."""
    where = f" at [{at[0]}:{at[1]}]" if at else ""
    return ApiError("invalidQuery", message + where, location="query")


def not_found(kind: str, name: str, *, location: str = "") -> ApiError:
    """A missing `kind` (`Table`, `Dataset`, `Job`, `Routine`); `name` in the vendor's `project:dataset.table` form."""
    where = f" was not found in location {location}" if location else ""
    return ApiError("notFound", f"Not found: {kind} {name}{where}")


def already_exists(kind: str, name: str) -> ApiError:
    """A resource that is there already, 409."""
    return ApiError("duplicate", f"Already Exists: {kind} {name}")


def invalid(message: str, *, location: str = "") -> ApiError:
    """A request the service cannot take, 400 `invalid`."""
    return ApiError("invalid", message, location=location)
