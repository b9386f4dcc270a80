"""Writes the schema files of the published records from their models: python -m tests.harness.write_schemas"""

import json
from pathlib import Path

import harness.schemas
from harness.outcome import Outcome
from harness.run_record import RunRecord


def published(name, record):
    """The schema of `record` as it stands in harness/schemas."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://windtunnel.dev/schemas/{name}.schema.json",
        **record.model_json_schema(mode="serialization"),
    }


def main():
    folder = Path(harness.schemas.__file__).parent
    for name, record in (("outcome", Outcome), ("run", RunRecord)):
        text = json.dumps(published(name, record), indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.schema.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
