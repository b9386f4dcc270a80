"""Fixtures of every kind, as a user has them."""

import os
import threading
import time

import pytest

BUILT = []


@pytest.fixture(scope="session")
def trained():
    """Dear to make: once, in the worker."""
    BUILT.append(os.getpid())
    return {"made_by": os.getpid(), "made_at": time.time(), "times": len(BUILT)}


@pytest.fixture(scope="session")
def handle_of_the_os():
    return threading.Lock()


@pytest.fixture(scope="session", autouse=True)
def everywhere():
    os.environ["EVERYWHERE"] = "set"
    yield


@pytest.fixture(scope="module")
def per_module():
    return {"born": time.monotonic()}


@pytest.fixture(params=["a", "b"])
def letter(request):
    return request.param


@pytest.fixture
def cleaned():
    events = ["made"]
    yield events
    time.sleep(1)
    print("cleaned up in virtual time")
