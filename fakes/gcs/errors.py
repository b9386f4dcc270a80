"""What Cloud Storage says when it says no: one exception, worded once for the JSON and once for the XML API.

It exists so that the state machine can refuse in the vendor's terms without knowing which API asked. It must not know
any request, route or fault.

Source of statuses and reasons: https://cloud.google.com/storage/docs/json_api/v1/status-codes and
https://cloud.google.com/storage/docs/xml-api/reference-status.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

import orjson

USUAL_REASON = {
    304: "notModified",
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    405: "methodNotAllowed",
    408: "requestTimeout",
    409: "conflict",
    410: "uploadBrokenConnection",
    411: "lengthRequired",
    412: "conditionNotMet",
    413: "uploadTooLarge",
    416: "requestedRangeNotSatisfiable",
    429: "rateLimitExceeded",
    499: "clientClosedRequest",
    500: "backendError",
    501: "notImplemented",
    502: "badGateway",
    503: "backendError",
    504: "gatewayTimeout",
}
"""The vendor's usual `reason` of a status."""

XML_CODE = {
    400: "InvalidArgument",
    401: "AuthenticationRequired",
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    408: "RequestTimeout",
    409: "Conflict",
    411: "MissingContentLength",
    412: "PreconditionFailed",
    416: "InvalidRange",
    429: "SlowDown",
    500: "InternalError",
    501: "NotImplemented",
    503: "ServiceUnavailable",
}
"""The XML API's `Code` of a status."""


class ApiError(Exception):
    """A request the service refuses: nothing was changed.

    `status` is the HTTP status, `reason` the JSON API's word for it ("" for the usual one), `code` the XML API's.
    `location` names the query parameter or header at fault, `headers` are sent along.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        reason: str = "",
        code: str = "",
        domain: str = "global",
        location: str = "",
        location_type: str = "parameter",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason or USUAL_REASON.get(status, "backendError" if status >= 500 else "invalid")
        self.code = code or XML_CODE.get(status, "InternalError" if status >= 500 else "InvalidArgument")
        self.domain = domain
        self.location = location
        self.location_type = location_type
        self.headers = headers

    def as_json(self) -> bytes:
        """The body as the JSON API words it."""
        detail = {"message": self.message, "domain": self.domain, "reason": self.reason}
        if self.location:
            detail |= {"locationType": self.location_type, "location": self.location}
        return orjson.dumps({"error": {"code": self.status, "message": self.message, "errors": [detail]}})

    def as_xml(self) -> bytes:
        """The body as the XML API words it."""
        return (
            "<?xml version='1.0' encoding='UTF-8'?>"
            f"<Error><Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message></Error>"
        ).encode()


def invalid(message: str, *, location: str = "", reason: str = "invalid") -> ApiError:
    """400: the request makes no sense; `location` is the parameter at fault."""
    return ApiError(400, message, reason=reason, location=location)


def required(parameter: str) -> ApiError:
    """400: a parameter that must be there is not."""
    return ApiError(400, f"Required parameter: {parameter}", reason="required", location=parameter)


def no_bucket() -> ApiError:
    """404: no such bucket."""
    return ApiError(404, "The specified bucket does not exist.", code="NoSuchBucket")


def no_object(bucket: str, name: str) -> ApiError:
    """404: no such object, or no such generation of it."""
    return ApiError(404, f"No such object: {bucket}/{name}", code="NoSuchKey")


def condition_not_met(parameter: str = "") -> ApiError:
    """412: a precondition does not hold; `parameter` is the one that fails."""
    return ApiError(
        412,
        "At least one of the pre-conditions you specified did not hold.",
        location=parameter or "If-Match",
        location_type="header",
    )


def not_modified() -> ApiError:
    """304: a read whose condition says that the caller has it already."""
    return ApiError(304, "")


def forbidden(message: str, *, reason: str = "forbidden") -> ApiError:
    """403: allowed to nobody as things stand (a hold, a retention policy)."""
    return ApiError(403, message, reason=reason)


def unsupported(what: str, remedy: str) -> ApiError:
    """501: the service can, this emulator cannot; never a retryable code."""
    return ApiError(501, f"unsupported by the emulator: {what}. {remedy}")
