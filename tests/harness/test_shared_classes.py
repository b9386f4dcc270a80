"""A class that a program changes in an installed package all processes see: the run is unknown, with a remedy."""

import shutil
from pathlib import Path

import pytest

from harness.outcome import Outcome, Verdict
from harness.request import RunRequest
from harness.runner import run
from harness.scenario.errors import ScenarioError
from harness.scenario.load import load

SHOP = Path(__file__).resolve().parents[1] / "projects" / "shop"
HEAD = "title: t\nstart: 2026-01-16T00:00:00Z\nspan: 10m\nseed: 1\nchecks: [attempts >= 0]\n"
PROGRAM = """
import http.client
import logging
import time

import requests

log = logging.getLogger(__name__)

def mine(self, *arguments, **options):
    return None

def change():
    {change}
    look()

def look():
    time.sleep(60)
    log.info("limit %s, rebuilt by %s, level %s", requests.sessions.DEFAULT_REDIRECT_LIMIT,
             requests.Session.rebuild_auth.__module__, http.client.HTTPConnection.debuglevel)

def w(tunnel):
    tunnel.worker("changer", main="shop.made:change")
    {other}
"""
ORDINARY = """
def work():
    import asyncio, calendar, decimal, email.utils, getpass, gettext, importlib.metadata, ipaddress, json, locale
    import linecache, logging.config, mimetypes, platform, random, re, sched, ssl, statistics, string, tempfile
    import traceback, unittest.mock, urllib.request, uuid, warnings, webbrowser, xml.etree.ElementTree, zoneinfo

    import botocore.vendored.six
    from google.cloud import bigquery, pubsub_v1, storage

    platform.uname(), platform.node(), platform.platform(), platform.libc_ver(), platform.python_implementation()
    mimetypes.guess_type("a.csv"), mimetypes.init(), tempfile.gettempdir(), uuid.uuid1(), uuid.getnode()
    random.seed(1), zoneinfo.ZoneInfo("America/New_York"), zoneinfo.available_timezones(), email.utils.make_msgid()
    importlib.metadata.version("requests"), ssl.create_default_context(), locale.getlocale(), getpass.getuser()
    asyncio.run(asyncio.sleep(1)), asyncio.set_event_loop(None), re.purge(), decimal.getcontext().prec
    urllib.request.install_opener(urllib.request.build_opener()), calendar.setfirstweekday(6)
    gettext.textdomain("a"), logging.captureWarnings(True)
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
    xml.etree.ElementTree.register_namespace("a", "urn:a"), webbrowser.register("a", None)
    with warnings.catch_warnings(record=True):
        warnings.warn("a", stacklevel=1)
    with unittest.mock.patch("json.dumps"):
        json.dumps(1)
    bigquery.Client(project="p"), storage.Client(project="p"), pubsub_v1.PublisherClient()
"""
ANOTHER = 'tunnel.worker("other", main="shop.made:look")'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    shutil.copytree(SHOP, folder)
    return folder


def ran(shop: Path, change: str, other: str = ANOTHER) -> tuple[Outcome, str, str]:
    """The outcome, the diagnosis, and what the other process saw."""
    (shop / "shop" / "made.py").write_text(PROGRAM.format(change=change, other=other or "pass"))
    path = shop / "scenarios" / "own.yaml"
    path.write_text(HEAD + "worlds: {w: 'shop.made:w'}\n")
    (outcome,) = run(RunRequest(load(path), ("w",), 1, shop / "out")).outcomes
    problem = shop / "out" / "w" / "problem.txt"
    lines = (shop / "out" / "w" / "history.jsonl").read_text().splitlines()
    seen = "".join(line for line in lines if '"other"' in line and "rebuilt by" in line)
    return outcome, problem.read_text() if problem.exists() else "", seen


def test_a_replaced_method_of_a_package_makes_the_run_unknown_and_names_whose_doing_it_was(shop: Path) -> None:
    outcome, diagnosis, seen = ran(shop, "requests.Session.rebuild_auth = mine")
    assert "rebuilt by shop.made" in seen
    first, erred, remedy = diagnosis.splitlines()[:3]
    assert first.startswith("shared class: requests.sessions.Session")
    assert "rebuild_auth was requests.sessions.SessionRedirectMixin" in first or "rebuild_auth was absent" in first
    assert "has become shop.made.mine by changer#0" in first
    assert erred.startswith("erred: nobody")
    assert 'private = ["requests"] in [tool.windtunnel]' in remedy
    assert outcome.verdict is Verdict.UNKNOWN


def test_a_package_that_is_private_is_loaded_by_each_process(shop: Path) -> None:
    settings = shop / "pyproject.toml"
    settings.write_text(f"{settings.read_text()}private = ['requests']\n")
    _, diagnosis, seen = ran(shop, "requests.Session.rebuild_auth = mine")
    assert diagnosis == ""
    assert "rebuilt by requests.sessions" in seen


def test_a_changed_class_of_the_standard_library_is_told_with_its_values(shop: Path) -> None:
    outcome, diagnosis, seen = ran(shop, "http.client.HTTPConnection.debuglevel = 1")
    assert "level 1" in seen
    assert "http.client.HTTPConnection.debuglevel was 0 and has become 1" in diagnosis.splitlines()[0]
    assert "private" not in diagnosis
    assert outcome.verdict is Verdict.UNKNOWN


def test_what_libraries_remember_of_themselves_is_no_change(shop: Path) -> None:
    (shop / "shop" / "ordinary.py").write_text(ORDINARY)
    _, diagnosis, _ = ran(shop, "from shop.ordinary import work; work()")
    assert diagnosis == ""
    history = (shop / "out" / "w" / "history.jsonl").read_text()
    assert [line for line in history.splitlines() if '"changer"' in line and "rebuilt by" in line], history[-3000:]


def test_with_one_process_there_is_nobody_to_see_it(shop: Path) -> None:
    _, diagnosis, _ = ran(shop, "requests.Session.rebuild_auth = mine", other="")
    assert diagnosis == ""


def test_a_global_of_a_package_needs_no_diagnosis_since_it_is_kept_apart(shop: Path) -> None:
    _, diagnosis, seen = ran(shop, "requests.sessions.DEFAULT_REDIRECT_LIMIT = 5")
    assert diagnosis == ""
    assert "limit 30" in seen


@pytest.mark.parametrize("names", ["'requests'", "['requests.sessions']", "[1]"])
def test_private_packages_that_are_no_names_are_refused(shop: Path, names: str) -> None:
    settings = shop / "pyproject.toml"
    settings.write_text(f"{settings.read_text()}private = {names}\n")
    with pytest.raises(ScenarioError, match=r"private is .*make it a list of packages as they are imported"):
        ran(shop, "pass")
