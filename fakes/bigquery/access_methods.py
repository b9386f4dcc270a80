"""IAM policies of tables, views and routines: kept and given back, never enforced; everybody may do everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakes.bigquery.errors import ApiError, invalid, not_found

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.service import Service

Id = tuple[str, str, str]


def _named(service: Service, request: Request) -> Id:
    project, dataset, name = request.path
    if request.method.startswith("tables."):
        service.catalog.table((project, dataset, name))
    elif name.lower() not in service.catalog.dataset(project, dataset).routines:
        raise not_found("Routine", f"{project}:{dataset}.{name}")
    return (project, dataset, name)


def get_policy(service: Service, request: Request) -> dict[str, Any]:
    """tables.getIamPolicy, routines.getIamPolicy."""
    with service.lock:
        service.settle()
        return service.catalog.policies.get(_named(service, request), {"etag": "ACAB"})


def set_policy(service: Service, request: Request) -> dict[str, Any]:
    """tables.setIamPolicy, routines.setIamPolicy: 409 `aborted` where the policy's etag is not the present one."""
    policy = request.body.get("policy")
    if not isinstance(policy, dict) or not isinstance(policy.get("bindings", []), list):
        raise invalid("Invalid value for policy: an object with bindings is expected")
    with service.lock:
        service.settle()
        id = _named(service, request)
        present = service.catalog.policies.get(id, {"etag": "ACAB"})
        if policy.get("etag") not in (None, present["etag"]):
            raise ApiError(
                "aborted",
                "There were concurrent policy changes. Please retry the whole read-modify-write with exponential"
                " backoff.",
                status=409,
            )
        service.catalog.policy_changes += 1
        kept = {**policy, "version": policy.get("version", 1), "etag": f"BwX{service.catalog.policy_changes:08x}="}
        service.catalog.policies[id] = kept
        return kept


def test_permissions(service: Service, request: Request) -> dict[str, Any]:
    """tables.testIamPermissions, routines.testIamPermissions: whatever is asked for is held."""
    with service.lock:
        service.settle()
        _named(service, request)
    held: list[str] = []
    for one in request.body.get("permissions") or ():
        held += one if isinstance(one, list) else [one]
    if not all(isinstance(p, str) for p in held):
        raise invalid("Invalid value for permissions: strings are expected")
    return {"permissions": held} if held else {}
