"""Loads one capture into its raw table. Keyed and fingerprinted, so a redelivery changes nothing."""

from __future__ import annotations

from pipeline import fingerprint
from pipeline.bucket import Bucket
from pipeline.clock import Clock
from pipeline.raw.feed import Feed, load_capture
from pipeline.warehouse import Warehouse
from pipeline.work import Outcome, Status, Work


class FeedLoader:
    """A processor that loads the capture at `address` through `feed`."""

    def __init__(self, feed: Feed, address: str, bucket: Bucket, warehouse: Warehouse, clock: Clock) -> None:
        self.name = feed.name
        self._feed = feed
        self._address = address
        self._bucket = bucket
        self._warehouse = warehouse
        self._clock = clock

    def process(self, work: Work) -> Outcome:
        """Read, parse, load. Success with no record means that the capture holds nothing for the table (yet)."""
        rows = self._feed.rows(load_capture(self._bucket.read(self._address)), self._clock())
        if rows:
            self._warehouse.upsert(self._feed.table, rows, self._feed.replace)
        version = fingerprint.of_rows(str(row["data_hash"]) for row in rows)
        return Outcome(work.processor, Status.SUCCESS, "", len(rows), True, version)
