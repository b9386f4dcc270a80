"""The JSON API's methods on projects: the service agent and HMAC keys.

Source: https://cloud.google.com/storage/docs/json_api/v1/projects/hmacKeys.
"""

from __future__ import annotations

import base64
from typing import Any

from fakes.gcs.bucket_store import project_number
from fakes.gcs.errors import ApiError, condition_not_met, invalid, required
from fakes.gcs.http import Reply, Request, empty_reply
from fakes.gcs.routes import Route
from fakes.gcs.service import Service
from fakes.gcs.shown import page_of, shown
from fakes.gcs.stamps import metageneration_etag, rfc3339

KEYS_PER_ACCOUNT = 10
"""Keys of one service account, deleted ones apart: https://cloud.google.com/storage/quotas."""


def service_account(service: Service, request: Request, project: str) -> Reply:
    """Name the project's Cloud Storage service agent."""
    email = f"service-{project_number(project)}@gs-project-accounts.iam.gserviceaccount.com"
    return shown(request, {"kind": "storage#serviceAccount", "email_address": email})


def create(service: Service, request: Request, project: str) -> Reply:
    """Make a key; its secret is shown this once."""
    email = request.query.get("serviceAccountEmail")
    if not email:
        raise required("serviceAccountEmail")
    active = [
        key
        for key in service.hmac_keys.values()
        if key["serviceAccountEmail"] == email and key["projectId"] == project and key["state"] != "DELETED"
    ]
    if len(active) >= KEYS_PER_ACCOUNT and service.bounded:
        raise ApiError(429, f"{email} has {KEYS_PER_ACCOUNT} HMAC keys, the most there can be.", domain="usageLimits")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    access_id = "GOOG1E" + "".join(service.ids.choices(alphabet, k=55))
    now = rfc3339(service.around.now_ns())
    key = {
        "kind": "storage#hmacKeyMetadata",
        "id": f"{project}/{access_id}",
        "selfLink": f"{request.base}/storage/v1/projects/{project}/hmacKeys/{access_id}",
        "accessId": access_id,
        "projectId": project,
        "serviceAccountEmail": email,
        "state": "ACTIVE",
        "timeCreated": now,
        "updated": now,
        "etag": metageneration_etag(1),
    }
    secret = base64.b64encode(service.ids.randbytes(30)).decode()
    service.hmac_keys[access_id] = key
    service.hmac_secrets[access_id] = secret
    return shown(request, {"kind": "storage#hmacKey", "metadata": key, "secret": secret})


def _key(service: Service, project: str, access_id: str) -> dict[str, Any]:
    key = service.hmac_keys.get(access_id)
    if key is None or key["projectId"] != project:
        raise ApiError(404, "Access ID not found.")
    return key


def list_(service: Service, request: Request, project: str) -> Reply:
    """List a project's keys."""
    email, deleted = request.query.get("serviceAccountEmail"), request.flag("showDeletedKeys")
    found = {
        access_id: key
        for access_id, key in service.hmac_keys.items()
        if key["projectId"] == project
        and (not email or key["serviceAccountEmail"] == email)
        and (deleted or key["state"] != "DELETED")
    }
    some, token = page_of(request, sorted(found))
    result: dict[str, Any] = {"kind": "storage#hmacKeysMetadata", "items": [found[one] for one in some]}
    if token:
        result["nextPageToken"] = token
    return shown(request, result)


def get(service: Service, request: Request, project: str, access_id: str) -> Reply:
    """Show a key without its secret."""
    return shown(request, _key(service, project, access_id))


def update(service: Service, request: Request, project: str, access_id: str) -> Reply:
    """Switch a key on or off."""
    key = _key(service, project, access_id)
    asked = request.json()
    state = asked.get("state")
    if key["state"] == "DELETED":
        raise ApiError(404, "Access ID not found.")
    etag = asked.get("etag") or request.headers.get("if-match")
    if etag and etag != key["etag"]:
        raise condition_not_met()
    if state not in ("ACTIVE", "INACTIVE"):
        raise invalid(f"Invalid value for state: {state!r} (ACTIVE or INACTIVE)", location="state")
    return shown(request, _set(service, key, state))


def _set(service: Service, key: dict[str, Any], state: str) -> dict[str, Any]:
    version = int.from_bytes(base64.b64decode(key["etag"])[1:], "little") + 1
    key |= {"state": state, "updated": rfc3339(service.around.now_ns()), "etag": metageneration_etag(version & 0x7F)}
    return key


def delete(service: Service, request: Request, project: str, access_id: str) -> Reply:
    """Delete a key that is switched off; 400 for one that is on."""
    key = _key(service, project, access_id)
    if key["state"] == "ACTIVE":
        raise invalid("Cannot delete keys in 'ACTIVE' state.")
    _set(service, key, "DELETED")
    service.hmac_secrets.pop(access_id, None)
    return empty_reply()


ROUTES = (
    Route("GET", "projects/*/serviceAccount", "storage.serviceaccount.get", service_account),
    Route("POST", "projects/*/hmacKeys", "storage.hmacKey.create", create),
    Route("GET", "projects/*/hmacKeys", "storage.hmacKey.list", list_),
    Route("GET", "projects/*/hmacKeys/*", "storage.hmacKey.get", get),
    Route("PUT", "projects/*/hmacKeys/*", "storage.hmacKey.update", update),
    Route("DELETE", "projects/*/hmacKeys/*", "storage.hmacKey.delete", delete),
)
