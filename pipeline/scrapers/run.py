"""Brings what a scraper fetched into the pipeline: stores each capture under a new name, then says so."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import date, datetime

from pipeline.bucket import Bucket
from pipeline.clock import Clock
from pipeline.messages import ScraperCompletion
from pipeline.publisher import Publisher
from pipeline.scrapers.scraper import Capture, Scraper

LOG = logging.getLogger(__name__)

TOPIC = "nba-phase1-scrapers-complete"


class ScrapeRun:
    """Fetches, stores in `bucket` and publishes; what is stored and not published is found by the next run."""

    def __init__(self, bucket: Bucket, publisher: Publisher, clock: Clock) -> None:
        self._bucket = bucket
        self._publisher = publisher
        self._clock = clock

    def __call__(self, scraper: Scraper, day: date) -> list[Capture]:
        """Fetch and deliver; the captures. Raises what any of the steps raises."""
        now = self._clock()
        captures = scraper.scrape(day, now)
        self.deliver(scraper, captures, now)
        return captures

    def deliver(self, scraper: Scraper, captures: Sequence[Capture], now: datetime) -> None:
        """Store and publish what was fetched at `now`; raises what either raises."""
        execution_id = uuid.uuid4().hex
        for capture in captures:
            address = self._bucket.create(capture.path, capture.body(scraper.name, now))
            self._publisher.publish(
                TOPIC,
                ScraperCompletion(
                    scraper=scraper.name,
                    gcs_path=address,
                    execution_id=execution_id,
                    correlation_id=execution_id,
                    status="success" if capture.records else "no_data",
                    record_count=capture.records,
                    game_date=capture.game_date,
                    timestamp=self._clock(),
                ),
            )
        LOG.info("%s brought %d captures", scraper.name, len(captures))
