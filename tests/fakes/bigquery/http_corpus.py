"""The recorded HTTP exchanges: replaying one, and comparing bodies in which `<*>` stands for anything."""

import io
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from fakes.gcs import create as create_storage
from tests.fakes.bigquery.client import PROJECT, World
from tests.fakes.bigquery.corpus import DATASET, INSTANT, ROOT, Mismatch, Refused, fill


def cases() -> list[str]:
    """Names of the recordings."""
    return sorted(p.parent.name for p in ROOT.glob("http_corpus/jobs/*/request.json"))


def send(world: World, request: Mapping[str, Any], known: Mapping[str, str], folder: Any) -> tuple[int, Any]:
    """(status, body) of one request with its captured values filled in."""

    def filled(text: str) -> str:
        for name, value in known.items():
            text = text.replace("${" + name + "}", value)
        return fill(text)

    url = urlsplit(filled(request["path"]))
    body = b""
    if request.get("body_bin"):
        body = filled((folder / request["body_bin"]).read_text()).encode()
    elif request.get("body") is not None:
        body = filled(json.dumps(request["body"])).encode()
    headers = {k: filled(v) for k, v in (request.get("headers") or {}).items()}
    environ = {
        "REQUEST_METHOD": request["method"], "PATH_INFO": url.path, "QUERY_STRING": url.query,
        "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": headers.get("Content-Type", "application/json"),
        "HTTP_HOST": "bigquery.googleapis.com", "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "https",
    }  # fmt: skip
    answer: list[int] = []
    content = b"".join(world.backend.app(environ, lambda status, headers: answer.append(int(status.split()[0]))))
    return answer[0], json.loads(content) if content else {}


def run(case: str) -> None:
    """Replay one recording; raises `Mismatch` or `Refused`."""
    folder = ROOT / "http_corpus" / "jobs" / case
    world = World(INSTANT)
    world.around.peers["gcs"] = create_storage(world.around)
    world.around.peers["gcs"].provision({"buckets": {"corpus-bucket": {}}})
    try:
        world.client.create_dataset(DATASET)
        known: dict[str, str] = {}
        if (folder / "setup.sql").exists():
            world.client.query(fill((folder / "setup.sql").read_text()), job_retry=None).result(job_retry=None)
        if (folder / "setup_requests.json").exists():
            for step in json.loads((folder / "setup_requests.json").read_text()):
                status, body = send(world, step, known, folder)
                if status >= 400:
                    refuse(body)
                    raise Mismatch(f"setup answered {status}: {body}")
                for name, path in (step.get("capture") or {}).items():
                    value = body
                    for part in path.split("."):
                        value = value[part]
                    known[name] = value
        expected = json.loads((folder / "expected_response.json").read_text())
        status, body = send(world, json.loads((folder / "request.json").read_text()), known, folder)
        if status >= 400:
            refuse(body)
        if status != expected["http_status"]:
            raise Mismatch(f"status {status} instead of {expected['http_status']}: {body}")
        compare(json.loads(fill(json.dumps(expected["body"]))), body, "")
    finally:
        world.backend.close()


def refuse(body: Any) -> None:
    """Raise `Refused` where the emulator says that it does not support this."""
    if "unsupported by the emulator" in json.dumps(body):
        raise Refused(body["error"]["message"])


def compare(wanted: Any, got: Any, path: str) -> None:
    """Every recorded field must be there with its value; fields of ours beyond the recording are allowed."""
    if wanted == "<*>":
        return
    if isinstance(wanted, dict):
        if not isinstance(got, dict):
            raise Mismatch(f"{path}: {got!r} instead of an object")
        for key, value in wanted.items():
            if key not in got:
                if key in ("reservation_id", "nextPageToken", "sourceUris"):
                    continue  # of the recording's own project, or of its emulator
                raise Mismatch(f"{path}.{key} is missing")
            compare(value, got[key], f"{path}.{key}")
        return
    if isinstance(wanted, list):
        if not isinstance(got, list) or len(got) != len(wanted):
            raise Mismatch(f"{path}: {len(got)} items instead of {len(wanted)}")
        for i, (a, b) in enumerate(zip(wanted, got, strict=True)):
            compare(a, b, f"{path}[{i}]")
        return
    if wanted != got and str(wanted) != str(got).replace("corpus-bucket", "test-webhook-bucket/bqemu-conformance"):
        raise Mismatch(f"{path}: {got!r} instead of {wanted!r}")


__all__ = ["PROJECT", "cases", "run"]
