"""The PartitionQuery RPC: where to cut a collection group so that several can read it at once.

Source: `google/firestore/v1/firestore.proto`, PartitionQueryRequest. The service cuts where its own storage is split,
and may give fewer points than asked for; here all parts have the same number of documents. It must not know
transactions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.cloud.firestore_v1 import types

from fakes.firestore.database import Database
from fakes.firestore.documents import SERVICE
from fakes.firestore.query import NAME, Query
from fakes.paging import page
from fakes.rpc import Rpc
from fakes.seam import GrpcContext, GrpcError, GrpcMethod

_ASCENDING = int(types.StructuredQuery.Direction.ASCENDING)


class Partitions:
    """Serves PartitionQuery."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def methods(self, rpc: Rpc) -> Mapping[str, GrpcMethod]:
        """Full method path -> RPC."""
        path = f"/{SERVICE}/PartitionQuery"
        request = types.PartitionQueryRequest.pb()
        return {path: rpc.unary(path, request, lambda asked: str(asked.parent), self.partition)}

    def partition(self, request: Any, context: GrpcContext) -> Any:
        """PartitionQuery: at most `partition_count` points, in order."""
        pb = request.structured_query
        query = Query(pb)
        by_name = [(one.field.field_path, one.direction) for one in pb.order_by] == [(NAME, _ASCENDING)]
        if not query.all_descendants or not by_name or pb.HasField("where") or pb.HasField("limit") or pb.offset:
            raise GrpcError(
                "INVALID_ARGUMENT",
                "only a query of a collection group ordered by __name__ ascending, without filters, limit and offset, "
                "can be partitioned",
            )
        if request.partition_count <= 0:
            raise GrpcError("INVALID_ARGUMENT", f"partition_count must be positive: {request.partition_count}")
        at_us = self._database.read_us(request.read_time) if request.HasField("read_time") else None
        names = [found.name for found in self._database.query(request.parent, query, None, at_us, context)]
        parts = min(request.partition_count + 1, len(names))
        points = [names[len(names) * number // parts] for number in range(1, parts)]
        found, token = page(points, request.page_size, request.page_token)
        cursors = [types.Cursor.pb()(values=[{"reference_value": name}], before=True) for name in found]
        return types.PartitionQueryResponse.pb()(partitions=cursors, next_page_token=token)
