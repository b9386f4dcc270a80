"""Not marked: stays in the worker, in real time."""

import sys

import pytest


def test_passes_unpatched():
    assert "gevent" not in sys.modules
    assert "harness.sim" not in sys.modules


def test_errors_without_the_mark(windtunnel):
    pass


@pytest.mark.slow
def test_passes_slowly():
    pass
