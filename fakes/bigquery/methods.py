"""The REST methods by id, and what each call is about. Knows which module does what; does nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fakes.bigquery import (
    access_methods,
    dataset_methods,
    job_methods,
    routine_methods,
    row_methods,
    table_methods,
    uploads,
)
from fakes.bigquery.queries import resource_of

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.service import Service

HANDLERS: dict[str, Callable[[Service, Request], Any]] = {
    "datasets.list": dataset_methods.list_all,
    "datasets.insert": dataset_methods.insert,
    "datasets.get": dataset_methods.get,
    "datasets.patch": dataset_methods.patch,
    "datasets.update": dataset_methods.update,
    "datasets.delete": dataset_methods.delete,
    "projects.list": dataset_methods.projects,
    "projects.getServiceAccount": dataset_methods.service_account,
    "tables.list": table_methods.list_all,
    "tables.insert": table_methods.insert,
    "tables.get": table_methods.get,
    "tables.patch": table_methods.patch,
    "tables.update": table_methods.update,
    "tables.delete": table_methods.delete,
    "tabledata.list": row_methods.list_rows,
    "tabledata.insertAll": row_methods.insert_all,
    "jobs.insert": job_methods.insert,
    "jobs.upload": uploads.upload,
    "jobs.query": job_methods.query,
    "jobs.get": job_methods.get,
    "jobs.getQueryResults": job_methods.get_query_results,
    "jobs.list": job_methods.list_all,
    "jobs.cancel": job_methods.cancel,
    "jobs.delete": job_methods.delete,
    "routines.list": routine_methods.list_all,
    "routines.insert": routine_methods.insert,
    "routines.get": routine_methods.get,
    "routines.update": routine_methods.update,
    "routines.delete": routine_methods.delete,
    "models.list": routine_methods.list_models,
    "tables.getIamPolicy": access_methods.get_policy,
    "tables.setIamPolicy": access_methods.set_policy,
    "tables.testIamPermissions": access_methods.test_permissions,
    "routines.getIamPolicy": access_methods.get_policy,
    "routines.setIamPolicy": access_methods.set_policy,
    "routines.testIamPermissions": access_methods.test_permissions,
}
"""Every method that is served; others are refused by name."""


def resource(service: Service, request: Request) -> str:
    """What a call is about: `project.dataset.table` where one is concerned, else dataset, job's table or project."""
    method, path = request.method, request.path
    if method == "jobs.insert":
        return resource_of(request.body.get("configuration") or {}, path[0])
    if method == "jobs.query":
        return resource_of({"query": request.body}, path[0])
    if method == "jobs.upload":
        return uploads.resource(service, request)
    if method.startswith("jobs.") and len(path) > 1:
        job = service.jobs.find(path[0], path[1])
        return job.resource if job is not None else path[0]
    return ".".join(path)
