"""routines.* and models.*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakes.bigquery.errors import Unsupported, not_found

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.service import Service


def list_all(service: Service, request: Request) -> dict[str, Any]:
    """routines.list."""
    with service.lock:
        service.settle()
        dataset = service.catalog.dataset(*request.path)
        found = [r.resource() for _, r in sorted(dataset.routines.items())]
    return {"routines": found} if found else {}


def get(service: Service, request: Request) -> dict[str, Any]:
    """routines.get."""
    with service.lock:
        service.settle()
        return dict(_find(service, request).resource())


def _find(service: Service, request: Request) -> Any:
    project, dataset, name = request.path
    found = service.catalog.dataset(project, dataset).routines.get(name.lower())
    if found is None:
        raise not_found("Routine", f"{project}:{dataset}.{name}")
    return found


def insert(service: Service, request: Request) -> dict[str, Any]:
    """routines.insert."""
    raise Unsupported("routines.insert", "use CREATE FUNCTION")


def update(service: Service, request: Request) -> dict[str, Any]:
    """routines.update."""
    raise Unsupported("routines.update", "use CREATE OR REPLACE FUNCTION")


def delete(service: Service, request: Request) -> None:
    """routines.delete."""
    with service.lock:
        service.settle()
        _find(service, request)
        project, dataset, name = request.path
        del service.catalog.dataset(project, dataset).routines[name.lower()]
        service.catalog.generation += 1


def list_models(service: Service, request: Request) -> dict[str, Any]:
    """models.list: there are none."""
    with service.lock:
        service.settle()
        service.catalog.dataset(*request.path)
    return {}
