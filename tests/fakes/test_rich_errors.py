"""The error model: what a client can read of an error besides its code and its message."""

from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from fakes.rich_errors import KEY, enriched, rich
from fakes.rpc import refusal_error
from fakes.seam import GrpcError, Refuse


def status_of(error):
    return Status.FromString(dict(error.trailers)[KEY])


def reason_of(error):
    info = ErrorInfo()
    [detail] = status_of(error).details
    assert detail.Unpack(info)
    return info.reason


def test_a_refusal_has_its_status_and_the_reason_the_platform_gives_or_the_scenarios_own():
    refused = refusal_error(Refuse(403, message="no", headers={"retry-after": "3"}))
    status = status_of(refused)
    assert (status.code, status.message, refused.details) == (7, "no", "no")
    assert reason_of(refused) == "IAM_PERMISSION_DENIED"
    assert dict(refused.trailers)["retry-after"] == "3"
    assert reason_of(refusal_error(Refuse(429, "RESOURCE_QUOTA_EXCEEDED"))) == "RESOURCE_QUOTA_EXCEEDED"
    assert not status_of(refusal_error(Refuse(503))).details


def test_an_error_gets_its_status_once_and_only_where_it_fits():
    assert status_of(enriched(GrpcError("NOT_FOUND", "gone"))).code == 5
    whole = rich("INVALID_ARGUMENT", "bad", "REASON")
    assert enriched(whole) is whole
    long = GrpcError("INVALID_ARGUMENT", "x" * 5000)
    assert enriched(long) is long
