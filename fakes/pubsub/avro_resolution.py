"""Whether a reader's Avro schema can read whatever a writer's schema wrote.

Source: Apache Avro specification, "Schema Resolution". fastavro resolves values, one at a time, and does not judge
schemas. It must not know revisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PROMOTED = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}
_NAMED = ("record", "error", "enum", "fixed")


class Resolution:
    """Of a reader's schema with a writer's; each has the types it names."""

    def __init__(self, reader_types: Mapping[str, Any], writer_types: Mapping[str, Any]) -> None:
        self._reader_types = reader_types
        self._writer_types = writer_types
        self._assumed: set[tuple[str, str]] = set()
        """Pairs of records being compared: inside themselves they hold."""

    def problem(self, reader: Any, writer: Any) -> str:
        """Why not, "" if it can."""
        if isinstance(writer, list):
            return next((why for branch in writer if (why := self.problem(reader, branch))), "")
        if isinstance(reader, list):
            fits = any(not self.problem(branch, writer) for branch in reader)
            return "" if fits else f"no branch of the union reads {_kind(writer)}"
        here = self._reader_types.get(reader, reader) if isinstance(reader, str) else reader
        there = self._writer_types.get(writer, writer) if isinstance(writer, str) else writer
        kind, wrote = _kind(here), _kind(there)
        if kind != wrote:
            return "" if kind in _PROMOTED.get(wrote, ()) else f"{wrote} is no {kind}"
        if kind in _NAMED and not _same_name(here, there):
            return f"{there['name']} is not {here['name']}"
        match kind:
            case "array":
                return self.problem(here["items"], there["items"])
            case "map":
                return self.problem(here["values"], there["values"])
            case "enum":
                lost = [] if "default" in here else [one for one in there["symbols"] if one not in here["symbols"]]
                return f"{here['name']} lacks the symbols {', '.join(lost)}" if lost else ""
            case "fixed":
                return "" if here["size"] == there["size"] else f"{here['name']} has another size"
            case "record" | "error":
                return self._of_records(here, there)
        return ""

    def _of_records(self, reader: Any, writer: Any) -> str:
        pair = (reader["name"], writer["name"])
        if pair in self._assumed:
            return ""
        self._assumed.add(pair)
        written = {field["name"]: field for field in writer["fields"]}
        for field in reader["fields"]:
            found = next(
                (written[name] for name in (field["name"], *field.get("aliases", ())) if name in written), None
            )
            if found is None and "default" not in field:
                return f"field {field['name']} of {reader['name']} has no default"
            problem = "" if found is None else self.problem(field["type"], found["type"])
            if problem:
                return f"field {field['name']} of {reader['name']}: {problem}"
        return ""


def _kind(schema: Any) -> str:
    while isinstance(schema, dict):
        schema = schema["type"]
    return str(schema)


def _same_name(reader: Any, writer: Any) -> bool:
    names = {str(name).rsplit(".", 1)[-1] for name in (reader["name"], *reader.get("aliases", ()))}
    return str(writer["name"]).rsplit(".", 1)[-1] in names
