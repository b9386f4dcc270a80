"""Resumable uploads: what has arrived can be asked for, an interrupted one goes on, and the job runs once."""

import json

import pytest
import requests

from tests.fakes.bigquery.client import PROJECT, World

BEGIN = f"https://bigquery.googleapis.com/upload/bigquery/v2/projects/{PROJECT}/jobs?uploadType=resumable"
LINES = b'{"id": 1}\n{"id": 2}\n{"id": 3}\n'


class Upload:
    """One resumable upload of `LINES` into d.t."""

    def __init__(self, world: World) -> None:
        self.http = world.client._http
        load = {
            "destinationTable": {"projectId": PROJECT, "datasetId": "d", "tableId": "t"},
            "sourceFormat": "NEWLINE_DELIMITED_JSON", "schema": {"fields": [{"name": "id", "type": "INT64"}]},
        }  # fmt: skip
        body = json.dumps({"configuration": {"load": load}, "jobReference": {"projectId": PROJECT, "jobId": "load"}})
        answer = self.http.request("POST", BEGIN, data=body, headers={"Content-Type": "application/json"})
        self.address = answer.headers["Location"]

    def put(self, span: str, data: bytes = b"") -> requests.Response:
        answer: requests.Response = self.http.request(
            "PUT", self.address, data=data, headers={"Content-Range": f"bytes {span}/{len(LINES)}"}
        )
        return answer


@pytest.fixture
def world() -> World:
    world = World()
    world.client.create_dataset("d")
    return world


def test_the_status_tells_how_much_has_arrived(world: World) -> None:
    upload = Upload(world)
    assert (upload.put("*").status_code, "Range" in upload.put("*").headers) == (308, False)
    assert upload.put("0-9", LINES[:10]).status_code == 308
    assert upload.put("*").headers["Range"] == "bytes=0-9"


def test_an_upload_goes_on_from_what_has_arrived_and_its_job_runs_once(world: World) -> None:
    upload = Upload(world)
    upload.put("0-9", LINES[:10])
    done = upload.put(f"10-{len(LINES) - 1}", LINES[10:])
    assert (done.status_code, done.json()["jobReference"]["jobId"]) == (200, "load")
    assert upload.put("*").json() == done.json()
    assert upload.put(f"0-{len(LINES) - 1}", LINES).json() == done.json()
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 3}]


def test_a_piece_that_came_twice_counts_once_and_a_gap_is_refused(world: World) -> None:
    upload = Upload(world)
    upload.put("0-9", LINES[:10])
    upload.put("0-9", LINES[:10])
    gap = upload.put(f"20-{len(LINES) - 1}", LINES[20:])
    assert (gap.status_code, "leaves a gap after byte 10" in gap.text) == (400, True)
    assert upload.put(f"10-{len(LINES) - 1}", LINES[10:]).status_code == 200


def test_an_upload_that_never_began_is_not_found(world: World) -> None:
    upload = Upload(world)
    upload.address = BEGIN + "&upload_id=none"
    assert upload.put("*").status_code == 404
