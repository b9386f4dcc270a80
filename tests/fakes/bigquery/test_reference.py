"""The reference page says what the code does."""

from pathlib import Path

from fakes.bigquery.reference import markdown


def test_the_page_is_in_step_with_the_code():
    page = Path(__file__).parents[3] / "docs" / "emulated" / "bigquery.md"
    assert page.read_text() == markdown(), (
        "write it anew: python -m fakes.bigquery.reference > docs/emulated/bigquery.md"
    )
