"""IAM policies of topics, subscriptions and the rest: kept and shown, never enforced.

Every caller may do everything: who is refused what is a fault's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.iam.v1.iam_policy_pb2 import (
    GetIamPolicyRequest,
    SetIamPolicyRequest,
    TestIamPermissionsRequest,
    TestIamPermissionsResponse,
)
from google.iam.v1.policy_pb2 import Policy

from fakes.pubsub.broker import Broker
from fakes.rpc import Rpc
from fakes.seam import GrpcContext, GrpcError, GrpcMethod

_SERVICE = "/google.iam.v1.IAMPolicy/"


class Iam:
    """Serves policies; their resource must exist when a policy is set."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.policies: dict[str, Any] = {}

    def methods(self, rpc: Rpc) -> Mapping[str, GrpcMethod]:
        """Full method path -> RPC."""
        served = (
            ("SetIamPolicy", SetIamPolicyRequest, self.set),
            ("GetIamPolicy", GetIamPolicyRequest, self.get),
            ("TestIamPermissions", TestIamPermissionsRequest, self.test),
        )
        return {
            _SERVICE + name: rpc.unary(_SERVICE + name, request, lambda message: str(message.resource), handle)
            for name, request, handle in served
        }

    def set(self, request: Any, _context: GrpcContext) -> Any:
        """SetIamPolicy; ABORTED if the etag given is not the present one."""
        with self._broker.lock:
            self._check(request.resource)
            present = self.policies.get(request.resource, Policy(etag=b"0"))
            if request.policy.etag and request.policy.etag != present.etag:
                raise GrpcError("ABORTED", "There were concurrent policy changes. Please retry the whole operation.")
            policy = Policy()
            policy.CopyFrom(request.policy)
            policy.etag = b"%d" % (int(present.etag) + 1)
            self.policies[request.resource] = policy
            self._broker.ledger.note("policy", request.resource)
            return policy

    def get(self, request: Any, _context: GrpcContext) -> Any:
        """GetIamPolicy: an empty one until one is set."""
        with self._broker.lock:
            self._check(request.resource)
            return self.policies.get(request.resource, Policy(etag=b"0"))

    def test(self, request: Any, _context: GrpcContext) -> Any:
        """TestIamPermissions: all of them are held."""
        return TestIamPermissionsResponse(permissions=request.permissions)

    def _check(self, resource: str) -> None:
        broker = self._broker
        known = (broker.topics, broker.subscriptions, broker.snapshots, broker.schemas.schemas)
        if not any(resource in collection for collection in known):
            raise GrpcError("NOT_FOUND", f"Resource not found (resource={resource.rsplit('/', 1)[-1]}).")
