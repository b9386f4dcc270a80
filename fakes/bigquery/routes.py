"""Which REST method a request means: a match on path segments, cheap enough for every call.

Method ids are the vendor's (https://cloud.google.com/bigquery/docs/reference/rest). Knows paths only.
"""

from __future__ import annotations

from urllib.parse import unquote

Match = tuple[str, tuple[str, ...]]

_COLLECTION = {
    ("GET", "datasets"): "datasets.list",
    ("POST", "datasets"): "datasets.insert",
    ("GET", "jobs"): "jobs.list",
    ("POST", "jobs"): "jobs.insert",
    ("POST", "queries"): "jobs.query",
    ("GET", "serviceAccount"): "projects.getServiceAccount",
}
_DATASET = {"GET": "datasets.get", "PATCH": "datasets.patch", "PUT": "datasets.update", "DELETE": "datasets.delete"}
_CHILDREN = {
    ("GET", "tables"): "tables.list",
    ("POST", "tables"): "tables.insert",
    ("GET", "routines"): "routines.list",
    ("POST", "routines"): "routines.insert",
    ("GET", "models"): "models.list",
}
_CHILD = {
    "tables": {"GET": "tables.get", "PATCH": "tables.patch", "PUT": "tables.update", "DELETE": "tables.delete"},
    "routines": {"GET": "routines.get", "PUT": "routines.update", "DELETE": "routines.delete"},
    "models": {"GET": "models.get", "PATCH": "models.patch", "DELETE": "models.delete"},
}
_TABLE = {
    ("GET", "data"): "tabledata.list",
    ("POST", "insertAll"): "tabledata.insertAll",
    ("GET", "rowAccessPolicies"): "rowAccessPolicies.list",
    ("POST", "rowAccessPolicies"): "rowAccessPolicies.insert",
}


def match(verb: str, path: str) -> Match | None:
    """(method id, path arguments) of a request, or None where there is no such method."""
    upload = False
    at = path.find("/bigquery/v2/")
    if at >= 0:
        upload = "upload/" in path[: at + 1] or "resumable" in path[: at + 1]
        path = path[at + 13 :]
    else:
        path = path.lstrip("/")
    parts = path.rstrip("/").split("/")
    if "%" in path:
        parts = [unquote(p) for p in parts]
    if parts[0] == "discovery":
        return ("discovery.get", ())
    if parts[0] != "projects":
        return None
    if upload:
        return ("jobs.upload", (parts[1],)) if len(parts) == 3 and parts[2] == "jobs" else None
    count = len(parts)
    if count == 1:
        return ("projects.list", ()) if verb == "GET" else None
    if count == 2:
        return None
    project = parts[1]
    if count == 3:
        method = _COLLECTION.get((verb, parts[2]))
        return (method, (project,)) if method else None
    if count == 4:
        return _item(verb, parts, project)
    if parts[2] == "jobs" and count == 5:
        method = {("POST", "cancel"): "jobs.cancel", ("DELETE", "delete"): "jobs.delete"}.get((verb, parts[4]))
        return (method, (project, parts[3])) if method else None
    if parts[2] != "datasets":
        return None
    if count == 5:
        method = _CHILDREN.get((verb, parts[4]))
        return (method, (project, parts[3])) if method else None
    if count == 6:
        name, colon, action = parts[5].partition(":")
        if colon and action in ("getIamPolicy", "setIamPolicy", "testIamPermissions"):
            return (f"{parts[4]}.{action}", (project, parts[3], name))
        method = _CHILD.get(parts[4], {}).get(verb)
        return (method, (project, parts[3], parts[5])) if method else None
    if count == 7 and parts[4] == "tables":
        method = _TABLE.get((verb, parts[6]))
        return (method, (project, parts[3], parts[5])) if method else None
    if count == 8 and parts[6] == "rowAccessPolicies":
        return ("rowAccessPolicies.delete", (project, parts[3], parts[5], parts[7]))
    return None


def _item(verb: str, parts: list[str], project: str) -> Match | None:
    if parts[2] == "datasets":
        name, colon, action = parts[3].partition(":")
        if colon:
            return (f"datasets.{action}", (project, name))
        method = _DATASET.get(verb)
        return (method, (project, parts[3])) if method else None
    if verb != "GET":
        return None
    if parts[2] == "jobs":
        return ("jobs.get", (project, parts[3]))
    if parts[2] == "queries":
        return ("jobs.getQueryResults", (project, parts[3]))
    return None
