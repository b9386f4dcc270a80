"""The JSON API's methods on buckets.

Source: https://cloud.google.com/storage/docs/json_api/v1/buckets.
"""

from __future__ import annotations

from typing import Any

from fakes.gcs import access
from fakes.gcs.buckets import Bucket
from fakes.gcs.errors import ApiError, condition_not_met, invalid, required
from fakes.gcs.http import Reply, Request, empty_reply
from fakes.gcs.preconditions import of_query
from fakes.gcs.routes import Route
from fakes.gcs.service import Service
from fakes.gcs.shown import full, page_of, shown
from fakes.gcs.stamps import metageneration_etag


def _bucket(service: Service, request: Request, name: str, *, reading: bool = False) -> Bucket:
    bucket = service.bucket(name)
    conditions = of_query(request.query, request.headers)
    conditions.check(bucket.generation, bucket.metageneration, bucket.etag, reading=reading)
    return bucket


def _generation(request: Request) -> int:
    generation = request.integer("generation")
    if generation is None:
        raise required("generation")
    return generation


def insert(service: Service, request: Request) -> Reply:
    """Create a bucket."""
    project = request.query.get("project")
    if not project:
        raise required("project")
    query = request.query
    bucket = service.store.create_bucket(
        project,
        request.json(),
        acl=query.get("predefinedAcl", ""),
        default_acl=query.get("predefinedDefaultObjectAcl", ""),
        object_retention=request.flag("enableObjectRetention"),
    )
    return shown(request, bucket.resource(request.base, full=full(request)))


def get(service: Service, request: Request, name: str) -> Reply:
    """Show a bucket."""
    if request.flag("softDeleted"):
        bucket = service.store.gone_bucket(name, _generation(request))
    else:
        bucket = _bucket(service, request, name, reading=True)
    return shown(request, bucket.resource(request.base, full=full(request)))


def list_(service: Service, request: Request) -> Reply:
    """List a project's buckets by name, page by page."""
    project = request.query.get("project")
    if not project:
        raise required("project")
    prefix = request.query.get("prefix", "")
    source = service.store.gone_buckets() if request.flag("softDeleted") else service.store.buckets.values()
    found = {one.name: one for one in source if one.project == project and one.name.startswith(prefix)}
    some, token = page_of(request, sorted(found))
    items = [found[name].resource(request.base, full=full(request)) for name in some]
    result: dict[str, Any] = {"kind": "storage#buckets"}
    if items:
        result["items"] = items
    if token:
        result["nextPageToken"] = token
    unreachable = service.retry_tests.unreachable(request.headers)
    if unreachable and request.flag("returnPartialSuccess"):
        result["unreachable"] = [f"projects/_/buckets/{one}" for one in unreachable]
        result["items"] = [item for item in items if item["name"] not in unreachable]
    return shown(request, result)


def _change(service: Service, request: Request, name: str, *, whole: bool) -> Reply:
    bucket = _bucket(service, request, name)
    asked = request.json()
    acl, default_acl = request.query.get("predefinedAcl"), request.query.get("predefinedDefaultObjectAcl")
    if acl:
        pairs = access.predefined(acl, bucket.project_number, bucket=True)
        asked["acl"] = [{"entity": entity, "role": role} for entity, role in pairs]
    if default_acl:
        pairs = access.predefined(default_acl, bucket.project_number, bucket=False)
        asked["defaultObjectAcl"] = [{"entity": entity, "role": role} for entity, role in pairs]
    service.store.update_bucket(bucket, asked, whole=whole)
    return shown(request, bucket.resource(request.base, full=full(request)))


def patch(service: Service, request: Request, name: str) -> Reply:
    """Change some of a bucket's settings."""
    return _change(service, request, name, whole=False)


def update(service: Service, request: Request, name: str) -> Reply:
    """Replace a bucket's settings."""
    return _change(service, request, name, whole=True)


def delete(service: Service, request: Request, name: str) -> Reply:
    """Delete an empty bucket."""
    service.store.delete_bucket(_bucket(service, request, name))
    return empty_reply()


def restore(service: Service, request: Request, name: str) -> Reply:
    """Bring a soft-deleted bucket back."""
    bucket = service.store.restore_bucket(name, _generation(request))
    return shown(request, bucket.resource(request.base, full=full(request)))


def lock_retention_policy(service: Service, request: Request, name: str) -> Reply:
    """Make a bucket's retention policy permanent."""
    if request.integer("ifMetagenerationMatch") is None:
        raise required("ifMetagenerationMatch")
    bucket = _bucket(service, request, name)
    policy = bucket.fields.get("retentionPolicy")
    if not policy:
        raise ApiError(400, f"The bucket {name} has no retention policy to lock.", reason="invalid")
    if policy.get("isLocked"):
        raise ApiError(400, f"The retention policy of bucket {name} is locked already.", reason="invalid")
    service.store.touch_bucket(bucket)
    bucket.fields = {**bucket.fields, "retentionPolicy": {**policy, "isLocked": True}}
    return shown(request, bucket.resource(request.base, full=full(request)))


def _policy(bucket: Bucket) -> dict[str, Any]:
    return {
        "kind": "storage#policy",
        "resourceId": f"projects/_/buckets/{bucket.name}",
        **bucket.policy,
        "etag": metageneration_etag(bucket.policy_version),
    }


def get_iam_policy(service: Service, request: Request, name: str) -> Reply:
    """Show a bucket's IAM policy."""
    return shown(request, _policy(service.bucket(name)))


def set_iam_policy(service: Service, request: Request, name: str) -> Reply:
    """Replace a bucket's IAM policy; 412 where its etag is not the current one."""
    bucket = service.bucket(name)
    asked = request.json()
    etag = asked.get("etag")
    if etag and etag != metageneration_etag(bucket.policy_version):
        raise condition_not_met()
    policy = access.policy_of(asked, uniform=bucket.uniform)
    everybody = [(member, "") for binding in policy["bindings"] for member in binding.get("members", ())]
    access.check_public(everybody, bucket.public_access_prevention)
    bucket.policy = policy
    bucket.policy_version += 1
    return shown(request, _policy(bucket))


def test_iam_permissions(service: Service, request: Request, name: str) -> Reply:
    """Say which of the asked permissions the caller has: all of them."""
    service.bucket(name)
    permissions = request.query_lists.get("permissions", [])
    if not permissions:
        raise required("permissions")
    if not all(one.startswith("storage.") for one in permissions):
        raise invalid("Invalid argument: a permission of Cloud Storage begins with 'storage.'")
    return shown(request, {"kind": "storage#testIamPermissionsResponse", "permissions": permissions})


def storage_layout(service: Service, request: Request, name: str) -> Reply:
    """Show where a bucket's data are."""
    bucket = service.bucket(name)
    return shown(
        request,
        {
            "kind": "storage#storageLayout",
            "bucket": name,
            "location": bucket.location,
            "locationType": bucket.location_type,
            "hierarchicalNamespace": bucket.fields.get("hierarchicalNamespace", {"enabled": False}),
        },
    )


ROUTES = (
    Route("GET", "b", "storage.buckets.list", list_),
    Route("POST", "b", "storage.buckets.insert", insert),
    Route("GET", "b/*", "storage.buckets.get", get),
    Route("PATCH", "b/*", "storage.buckets.patch", patch, note="lifecycle rules are kept and shown, not carried out"),
    Route("PUT", "b/*", "storage.buckets.update", update),
    Route("DELETE", "b/*", "storage.buckets.delete", delete),
    Route("POST", "b/*/restore", "storage.buckets.restore", restore),
    Route("POST", "b/*/lockRetentionPolicy", "storage.buckets.lockRetentionPolicy", lock_retention_policy),
    Route("GET", "b/*/iam", "storage.buckets.getIamPolicy", get_iam_policy),
    Route("PUT", "b/*/iam", "storage.buckets.setIamPolicy", set_iam_policy, "approximated", "kept, not enforced"),
    Route(
        "GET",
        "b/*/iam/testPermissions",
        "storage.buckets.testIamPermissions",
        test_iam_permissions,
        "approximated",
        "every caller has every permission",
    ),
    Route("GET", "b/*/storageLayout", "storage.buckets.getStorageLayout", storage_layout),
)
