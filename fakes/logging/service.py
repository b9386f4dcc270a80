"""The RPCs of `google.logging.v2.LoggingServiceV2`.

It translates between protobuf and the entries and must not hold state of its own beyond them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.cloud.logging_v2 import types
from google.protobuf.empty_pb2 import Empty

from fakes.logging.entries import Entries, EntryPb
from fakes.logging.query import compile_query
from fakes.paging import page
from fakes.rpc import PbMessage, Rpc
from fakes.seam import GrpcContext, GrpcError, GrpcMethod, Surroundings

SERVICE = "/google.logging.v2.LoggingServiceV2/"


class LoggingService:
    """Serves writing and reading of entries."""

    def __init__(self, around: Surroundings, entries: Entries) -> None:
        self._around = around
        self._entries = entries
        self._lock = entries.ledger.lock

    def methods(self, rpc: Rpc) -> Mapping[str, GrpcMethod]:
        """Full method path -> RPC; tailing is not among them."""
        served: tuple[tuple[str, Any, Callable[[Any], str], Callable[[Any, GrpcContext], PbMessage]], ...] = (
            ("WriteLogEntries", types.WriteLogEntriesRequest, _written, self.write),
            ("ListLogEntries", types.ListLogEntriesRequest, _listed, self.list),
            ("ListLogs", types.ListLogsRequest, lambda request: str(request.parent), self.list_logs),
            ("DeleteLog", types.DeleteLogRequest, lambda request: str(request.log_name), self.delete),
        )
        return {
            SERVICE + name: rpc.unary(SERVICE + name, request.pb(), resource, handle)
            for name, request, resource, handle in served
        }

    def write(self, request: Any, _context: GrpcContext) -> Any:
        """WriteLogEntries: all or none, unless `partial_success` or one is bad; `dry_run` keeps none."""
        completed = [self._completed(request, entry) for entry in request.entries]
        entries = Entries(self._entries.limits) if request.dry_run else self._entries
        with self._lock:
            now_ns = self._around.now_ns()
            if not request.partial_success:
                for entry in completed:
                    entries.check(entry, now_ns)
            problem: GrpcError | None = None
            for entry in completed:
                try:
                    entries.add(entry, now_ns)
                except GrpcError as error:
                    problem = problem or error
        if problem is not None:
            raise problem
        return types.WriteLogEntriesResponse.pb()()

    def _completed(self, request: Any, entry: Any) -> Any:
        complete = EntryPb()
        complete.CopyFrom(entry)
        complete.log_name = entry.log_name or request.log_name
        if not entry.HasField("resource") and request.HasField("resource"):
            complete.resource.CopyFrom(request.resource)
        for name, value in request.labels.items():
            if name not in complete.labels:
                complete.labels[name] = value
        kind, _, project = complete.log_name.partition("/logs/")[0].partition("/")
        if complete.resource.type and kind == "projects" and "project_id" not in complete.resource.labels:
            # Output only, for whatever resource: the vendor's system test takes it off again.
            complete.resource.labels["project_id"] = project
        return complete

    def list(self, request: Any, _context: GrpcContext) -> Any:
        """ListLogEntries: what the filter lets through, by time."""
        descending = _descending(request.order_by)
        matches = compile_query(request.filter)
        parents = {_parent(name) for name in request.resource_names}
        if not parents:
            raise GrpcError("INVALID_ARGUMENT", "resource_names must name at least one project, folder or the like")
        with self._lock:
            found = list(self._entries.find(parents, matches))
        if descending:
            found.reverse()
        part, token = page(found, request.page_size, request.page_token, default=50)
        return types.ListLogEntriesResponse.pb()(entries=[one.pb for one in part], next_page_token=token)

    def list_logs(self, request: Any, _context: GrpcContext) -> Any:
        """ListLogs: names of the logs that have entries."""
        parents = {_parent(name) for name in (request.parent, *request.resource_names) if name}
        with self._lock:
            names = self._entries.log_names(parents)
        part, token = page(names, request.page_size, request.page_token, default=50)
        return types.ListLogsResponse.pb()(log_names=part, next_page_token=token)

    def delete(self, request: Any, _context: GrpcContext) -> Any:
        """DeleteLog; NOT_FOUND if it has no entries."""
        with self._lock:
            if not self._entries.delete_log(request.log_name):
                raise GrpcError("NOT_FOUND", f"Log {request.log_name} does not exist")
        return Empty()


def _parent(name: str) -> str:
    parts = name.split("/")
    if len(parts) < 2 or parts[0] not in ("projects", "organizations", "folders", "billingAccounts") or not parts[1]:
        raise GrpcError("INVALID_ARGUMENT", f"Invalid resource name {name!r}; give projects/{{project}} or the like")
    return "/".join(parts[:2])


def _descending(order_by: str) -> bool:
    if order_by in ("", "timestamp asc", "timestamp"):
        return False
    if order_by == "timestamp desc":
        return True
    raise GrpcError("INVALID_ARGUMENT", f'Invalid order_by {order_by!r}; give "timestamp asc" or "timestamp desc"')


def _written(request: Any) -> str:
    return str(request.log_name or (request.entries[0].log_name if request.entries else ""))


def _listed(request: Any) -> str:
    return str(request.resource_names[0]) if request.resource_names else ""
