"""The pages of docs/emulated/ that are made of remarks say what the code says."""

from pathlib import Path

import pytest

from fakes.pages import BACKENDS, text

DOCS = Path(__file__).resolve().parents[2] / "docs" / "emulated"


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_page_is_what_the_code_says(backend):
    assert (DOCS / f"{backend}.md").read_text() == text(backend), "run `python -m fakes.pages docs/emulated`"
