"""The pages of docs/emulated/ say what the code does, and every remark in them is on something that is there."""

from pathlib import Path

import pytest

from fakes import mounted
from fakes.coverage import BACKENDS, coverage_of, method_rows, page, vendor_methods

DOCS = Path(__file__).resolve().parents[2] / "docs" / "emulated"


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_page_is_what_the_code_says(backend):
    assert (DOCS / f"{backend}.md").read_text() == page(*coverage_of(backend)), (
        "run `python -m fakes.coverage docs/emulated`"
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_remark_is_on_a_method_of_the_vendors_and_says_what_is_so(backend):
    coverage, served = coverage_of(backend)
    known = dict(vendor_methods(coverage))
    for name, remark in coverage.methods.items():
        assert (known[name] in served) == (remark.standing != "refused"), name


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_served_method_is_listed(backend):
    coverage, served = coverage_of(backend)
    assert served <= {path for _, path in vendor_methods(coverage)}
    assert all(standing in ("supported", "approximated", "refused") for _, standing, _ in method_rows(coverage, served))


@pytest.mark.parametrize("name", mounted.PAGES)
def test_the_page_of_what_is_mounted_is_what_the_code_says(name):
    assert (DOCS / f"{name}.md").read_text() == mounted.PAGES[name](), "run `python -m fakes.mounted docs/emulated`"
