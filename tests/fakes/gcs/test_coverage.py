"""docs/emulated/gcs.md is what the code says, and the code says it of every method it serves."""

from pathlib import Path

from fakes.gcs.coverage import page, rows
from fakes.gcs.front import METHODS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "emulated" / "gcs.md"


def test_the_page_is_the_generated_one() -> None:
    assert PAGE.read_text() == page(), "run `python -m fakes.gcs.coverage docs/emulated/gcs.md`"


def test_every_method_has_a_row() -> None:
    assert {method for _, method, _, _ in rows() if method} >= METHODS


def test_what_is_refused_says_so(cloud, bucket) -> None:
    for request, _, standing, _ in rows():
        if standing == "refused":
            verb, path = request.split(" ")
            answer = cloud.http.request(verb, cloud.url + path.replace("…", "the-bucket"))
            assert answer.status_code == 501, request
            assert "unsupported by the emulator" in answer.json()["error"]["message"]
