"""The recorded answers of the real service: reading a case, running it through the vendor's client, and comparing.

The recordings live beside the project and are never part of it; `WINDTUNNEL_BIGQUERY_CORPUS` may say where.
"""

import base64
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery

from fakes.gcs import create as create_storage
from tests.fakes.bigquery.client import PROJECT, World

ROOT = Path(os.environ.get("WINDTUNNEL_BIGQUERY_CORPUS", Path(__file__).parents[4] / "shared" / "bigquery-corpus"))
DATASET = "corpus"
INSTANT = {"durations_s": dict.fromkeys(("SELECT", "DML", "DDL", "SCRIPT", "LOAD", "COPY", "EXTRACT"), 0.0),
           "table_updates_per_10_s": None}  # fmt: skip


def cases() -> list[str]:
    """`area/case` of every SQL recording."""
    return sorted(f"{p.parent.parent.name}/{p.parent.name}" for p in ROOT.glob("sql_corpus/*/*/query.sql"))


def text_of(path: Path) -> str:
    """A file with its placeholders filled."""
    return fill(path.read_text())


def fill(text: str) -> str:
    """`text` with its placeholders filled."""
    return (
        text.replace("${DATASET}", f"{PROJECT}.{DATASET}")
        .replace("${PROJECT}", PROJECT)
        .replace("${DATASET_ID}", DATASET)
        .replace("${GCS_BUCKET}", "corpus-bucket")
        .replace("${OTHER_PRINCIPAL}", "user:other@example.com")
    )


def parameter(node: Mapping[str, Any]) -> Any:
    """A query parameter of the client."""
    kind = node["type"]
    name, value = node.get("name"), node["value"]
    if isinstance(kind, str):
        return bigquery.ScalarQueryParameter(name, kind, value)
    if kind["type"] == "ARRAY":
        return bigquery.ArrayQueryParameter(name, kind["arrayType"]["type"], value)
    fields = [bigquery.ScalarQueryParameter(f["name"], f["type"], value[f["name"]]) for f in kind["structTypes"]]
    return bigquery.StructQueryParameter(name, *fields)


def job_config(folder: Path) -> bigquery.QueryJobConfig:
    """The configuration a case asks for."""
    config = bigquery.QueryJobConfig(use_legacy_sql=False)
    if (folder / "parameters.json").exists():
        given = json.loads((folder / "parameters.json").read_text())
        config.query_parameters = [parameter(p) for p in given["parameters"]]
    if (folder / "job_config.json").exists():
        for key, value in json.loads(text_of(folder / "job_config.json")).items():
            setattr(config, key, _READ.get(key, lambda given: given)(value))
    return config


_READ = {
    "connection_properties": lambda given: [bigquery.ConnectionProperty(**p) for p in given],
    "default_dataset": bigquery.DatasetReference.from_string,
}


class Mismatch(AssertionError):
    """The answer differs from the recording."""


class Refused(Exception):
    """The emulator says that it does not support this."""


def run(case: str) -> None:
    """Run one case; raises `Mismatch` where the answer is wrong, `Refused` where it is refused."""
    folder = ROOT / "sql_corpus" / case
    world = World(INSTANT)
    world.around.peers["gcs"] = create_storage(world.around)
    world.around.peers["gcs"].provision({"buckets": {"corpus-bucket": {}}})
    try:
        world.client.create_dataset(DATASET)
        try:
            _run(world, folder)
        except GoogleAPICallError as error:
            refuse(error)
            raise Mismatch(f"unexpected error: {error.message}") from error
    finally:
        world.backend.close()


def refuse(error: GoogleAPICallError) -> None:
    """Raise `Refused` where `error` is the emulator's refusal."""
    if "unsupported by the emulator" in str(error):
        raise Refused(re.sub(r"\s+", " ", str(error))[-300:])


def _run(world: World, folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    if (folder / "setup.sql").exists():
        world.client.query(text_of(folder / "setup.sql"), job_retry=None).result(job_retry=None)
    if (folder / "setup_rest.json").exists():
        for step in json.loads(text_of(folder / "setup_rest.json")):
            world.client._connection.api_request(
                method=step["method"], path=step["path"].removeprefix("/bigquery/v2"), data=step.get("body")
            )
    config = job_config(folder)
    query = text_of(folder / "query.sql")
    if "error" in expected:
        _fails(world, query, config, expected["error"])
        return
    job = world.client.query(query, job_config=config, job_retry=None)
    if config.dry_run:
        rows, schema = [], job.schema or []
    else:
        found = job.result(job_retry=None)
        rows, schema = [dict(r.items()) for r in found], list(found.schema)
    compare_schema(expected["schema"] or [], [f.to_api_repr() for f in schema])
    ordered = re.search(r"\bORDER\s+BY\b", query, re.I) is not None
    compare_rows(expected["rows"] or [], rows, ordered=ordered)
    for key, wanted in expected.get("job_metadata", {}).items():
        got = getattr(job, key, None)
        if got != wanted and not (wanted is False and not got):
            raise Mismatch(f"{key}: {got!r} instead of {wanted!r}")


def _fails(world: World, query: str, config: bigquery.QueryJobConfig, wanted: Mapping[str, Any]) -> None:
    try:
        world.client.query(query, job_config=config, job_retry=None).result(job_retry=None)
    except GoogleAPICallError as error:
        refuse(error)
        reason = (error.errors[0] if error.errors else {}).get("reason")
        if reason != wanted["reason"] or error.code != wanted["http_status"]:
            raise Mismatch(
                f"{error.code} {reason} instead of {wanted['http_status']} {wanted['reason']}: {error}"
            ) from None
        if not re.search(wanted["message_pattern"], str(error)):
            raise Mismatch(f"message {error.message!r} instead of {wanted['message_sample']!r}") from None
        return
    raise Mismatch(f"no error instead of {wanted['message_sample']!r}")


def compare_schema(wanted: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]], path: str = "") -> None:
    """Names, types and modes, in order."""
    shown = [(f["name"], f["type"], f.get("mode", "NULLABLE")) for f in got]
    hoped = [(f["name"], f["type"], f.get("mode", "NULLABLE")) for f in wanted]
    if shown != hoped:
        raise Mismatch(f"schema{path}: {shown} instead of {hoped}")
    for one, other in zip(wanted, got, strict=True):
        if one.get("fields"):
            compare_schema(one["fields"], other.get("fields", []), f"{path}.{one['name']}")


def plain(value: Any) -> Any:
    """A client's value as the recordings write it."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def same(wanted: Any, got: Any) -> bool:
    """Equality after normalising numbers."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return wanted.keys() == got.keys() and all(same(v, got[k]) for k, v in wanted.items())
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(same(a, b) for a, b in zip(wanted, got, strict=True))
    if isinstance(wanted, bool) or isinstance(got, bool) or wanted is None or got is None:
        return wanted is got
    if isinstance(wanted, (int, float)) and isinstance(got, (int, float)):
        if isinstance(wanted, float) and math.isnan(wanted):
            return isinstance(got, float) and math.isnan(got)
        return wanted == got or (isinstance(got, float) and math.isclose(wanted, got, rel_tol=1e-12))
    if isinstance(wanted, str) and isinstance(got, (int, float)):
        return wanted.lower() in (str(got).lower(), {math.inf: "infinity", -math.inf: "-infinity"}.get(got, ""))
    if isinstance(wanted, str) and isinstance(got, (dict, list)):
        return bool(json.loads(wanted) == got)
    if wanted == got:
        return True
    try:
        return Decimal(str(wanted)) == Decimal(str(got))
    except InvalidOperation:
        return _instant(wanted) is not None and _instant(wanted) == _instant(got)


def _instant(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def compare_rows(wanted: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], *, ordered: bool) -> None:
    """In order where the query orders, as multisets elsewhere."""
    got = [plain(r) for r in rows]
    if len(got) != len(wanted):
        raise Mismatch(f"{len(got)} rows instead of {len(wanted)}: {str(got)[:300]} / {str(wanted)[:300]}")
    if ordered and all(same(a, b) for a, b in zip(wanted, got, strict=True)):
        return
    rest = list(got)
    for row in wanted:
        found = next((r for r in rest if same(row, r)), None)
        if found is None:
            raise Mismatch(f"rows {str(got)[:400]} instead of {str(wanted)[:400]}")
        rest.remove(found)
    if ordered:
        raise Mismatch(f"order {str(got)[:300]} instead of {str(wanted)[:300]}")
