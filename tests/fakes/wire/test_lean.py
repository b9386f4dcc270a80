"""A server that needs no clients loads none; a process that has them keeps them."""

import subprocess
import sys

LOADED = """
import sys
from fakes.wire.lean import without_clients
without_clients()
for name in ("pubsub", "firestore", "logging"):
    __import__(f"fakes.{name}")
print(*(name for name in sys.modules if name.startswith("google.") and ".services." in name))
"""

KEPT = """
from google.cloud import pubsub_v1
from fakes.wire.lean import without_clients
without_clients()
from google.pubsub_v1 import PublisherClient
print(PublisherClient.__name__)
"""


LATER = """
from fakes.wire.lean import without_clients
without_clients()
import fakes.pubsub
from google.pubsub_v1 import PublisherClient
from google.cloud import pubsub_v1
print(PublisherClient.__name__, pubsub_v1.PublisherClient.__name__)
"""


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_no_client_is_loaded_for_the_sake_of_messages():
    assert run(LOADED) == ""


def test_whoever_wants_a_client_afterwards_has_one():
    assert run(LATER) == "PublisherClient PublisherClient"


def test_clients_that_are_loaded_stay():
    assert run(KEPT) == "PublisherClient"
