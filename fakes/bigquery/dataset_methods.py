"""datasets.*: create, read, change and delete datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakes.bigquery.catalog import Dataset
from fakes.bigquery.errors import ApiError
from fakes.bigquery.paging import page

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.service import Service

SETTABLE = (
    "friendlyName", "description", "defaultTableExpirationMs", "defaultPartitionExpirationMs", "labels", "access",
    "location", "defaultEncryptionConfiguration", "defaultCollation", "defaultRoundingMode", "maxTimeTravelHours",
    "isCaseInsensitive", "storageBillingModel", "resourceTags",
)  # fmt: skip
DEFAULT_ACCESS = [
    {"role": "WRITER", "specialGroup": "projectWriters"},
    {"role": "OWNER", "specialGroup": "projectOwners"},
    {"role": "OWNER", "userByEmail": "windtunnel@example.com"},
    {"role": "READER", "specialGroup": "projectReaders"},
]


def resource(service: Service, dataset: Dataset) -> dict[str, Any]:
    """The vendor's `Dataset`."""
    return {
        "kind": "bigquery#dataset",
        "etag": dataset.etag,
        "id": dataset.path,
        "selfLink": f"https://bigquery.googleapis.com/bigquery/v2/projects/{dataset.project}/datasets/{dataset.name}",
        "datasetReference": {"projectId": dataset.project, "datasetId": dataset.name},
        "creationTime": str(dataset.created_ms),
        "lastModifiedTime": str(dataset.modified_ms),
        "type": "DEFAULT",
        "access": DEFAULT_ACCESS,
        **dataset.resource,
        "location": dataset.location,
    }


def list_all(service: Service, request: Request) -> dict[str, Any]:
    """datasets.list."""
    (project,) = request.path
    with service.lock:
        service.settle()
        found = [d for (p, _), d in sorted(service.catalog.datasets.items()) if p == project]
        if (wanted := request.query.get("filter")) is not None:
            found = [d for d in found if _has_labels(d, wanted)]
        if request.query.get("all") not in ("true", "True"):
            found = [d for d in found if not d.name.startswith("_")]
        shown, token = page(found, request)
        answer: dict[str, Any] = {"kind": "bigquery#datasetList", "etag": f"{service.catalog.generation:x}"}
        if token:
            answer["nextPageToken"] = token
        if shown:
            answer["datasets"] = [_summary(d) for d in shown]
        return answer


def _summary(dataset: Dataset) -> dict[str, Any]:
    kept = {k: dataset.resource[k] for k in ("friendlyName", "labels") if dataset.resource.get(k)}
    return {
        "kind": "bigquery#dataset",
        "id": dataset.path,
        "datasetReference": {"datasetId": dataset.name, "projectId": dataset.project},
        "location": dataset.location,
        "type": "DEFAULT",
        **kept,
    }


def _has_labels(dataset: Dataset, wanted: str) -> bool:
    labels = dataset.resource.get("labels") or {}
    for term in wanted.split():
        key, colon, value = term.removeprefix("labels.").partition(":")
        if key not in labels or (colon and labels[key] != value):
            return False
    return True


def insert(service: Service, request: Request) -> dict[str, Any]:
    """datasets.insert."""
    body = request.body
    reference = body.get("datasetReference") or {}
    if not reference.get("datasetId"):
        raise ApiError("required", "Required parameter is missing: datasetReference.datasetId")
    with service.lock:
        service.settle()
        fields = {k: body[k] for k in SETTABLE if body.get(k) is not None}
        dataset = service.make_dataset(reference.get("projectId") or request.path[0], reference["datasetId"], fields)
        return resource(service, dataset)


def get(service: Service, request: Request) -> dict[str, Any]:
    """datasets.get."""
    with service.lock:
        service.settle()
        return resource(service, service.catalog.dataset(*request.path))


def check_etag(request: Request, etag: str) -> None:
    """Raise 412 `conditionNotMet` where the request wants another version."""
    wanted = request.headers.get("if-match")
    if wanted is not None and wanted not in ("*", etag):
        raise ApiError("conditionNotMet", "Precondition check failed.", status=412)


def patch(service: Service, request: Request) -> dict[str, Any]:
    """datasets.patch: given fields change, null removes one."""
    return _change(service, request, replace=False)


def update(service: Service, request: Request) -> dict[str, Any]:
    """datasets.update: fields that are not given are removed."""
    return _change(service, request, replace=True)


def _change(service: Service, request: Request, *, replace: bool) -> dict[str, Any]:
    body = request.body
    with service.lock:
        service.settle()
        dataset = service.catalog.dataset(*request.path)
        check_etag(request, dataset.etag)
        kept = {"location": dataset.location} if replace else dict(dataset.resource)
        for key in SETTABLE:
            if key in body and key != "location":
                kept[key] = merged(kept.get(key), body[key])
        dataset.resource = {k: v for k, v in kept.items() if v is not None}
        dataset.modified_ms = max(service.now_ms, dataset.modified_ms + 1)
        return resource(service, dataset)


def merged(old: Any, new: Any) -> Any:
    """JSON merge patch of one field; labels merge key by key, null removes."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {k: v for k, v in {**old, **new}.items() if v is not None}
    if isinstance(new, dict):
        return {k: v for k, v in new.items() if v is not None}
    return new


def delete(service: Service, request: Request) -> None:
    """datasets.delete."""
    with service.lock:
        service.settle()
        contents = request.query.get("deleteContents", "").lower() == "true"
        service.catalog.drop_dataset(*request.path, contents=contents)


def projects(service: Service, request: Request) -> dict[str, Any]:
    """projects.list: the projects that anything lives in."""
    with service.lock:
        names = sorted({service.project, *(p for p, _ in service.catalog.datasets)})
    return {
        "kind": "bigquery#projectList",
        "etag": "1",
        "projects": [
            {
                "kind": "bigquery#project", "id": name, "numericId": str(1_000 + i), "friendlyName": name,
                "projectReference": {"projectId": name},
            }
            for i, name in enumerate(names)
        ],
        "totalItems": len(names),
    }  # fmt: skip


def service_account(service: Service, request: Request) -> dict[str, Any]:
    """projects.getServiceAccount."""
    return {
        "kind": "bigquery#getServiceAccountResponse",
        "email": "bq-1000@bigquery-encryption.iam.gserviceaccount.com" if request.path[0] else "",
    }
