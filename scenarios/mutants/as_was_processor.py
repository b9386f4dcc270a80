"""The processors' base class as it was: every exception becomes a returned failure, so that nobody above sees one."""

from __future__ import annotations

import logging

from pipeline.attempts import Processor
from pipeline.work import Outcome, Status, Work

LOG = logging.getLogger(__name__)


class SwallowingProcessor:
    """Wraps a processor and returns False (a failed outcome) for whatever it raises."""

    def __init__(self, inner: Processor) -> None:
        self.name = inner.name
        self._inner = inner

    def process(self, work: Work) -> Outcome:
        """Never raises."""
        try:
            return self._inner.process(work)
        except Exception as error:  # noqa: BLE001 - this is the very defect
            LOG.warning("%s: %s", work.key, error)
            return Outcome(work.processor, Status.FAILED, str(error)[:300], error_type="str")
