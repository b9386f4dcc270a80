"""How log records leave a service: one JSON object a line, in the fields Cloud Logging understands."""

from __future__ import annotations

import json
import logging

FIELDS = ("mark", "fields", "breaker")


class JsonLines(logging.Formatter):
    """Cloud Logging's structured form: severity, message, time, and the stack trace where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON; values that are not JSON are written as text."""
        line: dict[str, object] = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        line.update({name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure() -> None:
    """Let the pipeline's records of level INFO and above out; adds a handler only where the host set up none."""
    logging.getLogger("pipeline").setLevel(logging.INFO)
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        root.addHandler(handler)
