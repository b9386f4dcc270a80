"""Each test says in its name what pytest must report of it: passes, fails, errors, skips, xfails."""

import asyncio
import logging
import os
import sys
import time
import unittest
import warnings
from pathlib import Path

import pytest

pytestmark = pytest.mark.windtunnel
log = logging.getLogger("features")
HITS = 0


def test_passes_an_hour_in_no_time():
    time.sleep(3600)
    assert 3600 <= time.monotonic() < 3600.001


def test_passes_with_memory_of_its_own_1():
    global HITS
    HITS += 1
    assert HITS == 1


def test_passes_with_memory_of_its_own_2():
    test_passes_with_memory_of_its_own_1()


@pytest.mark.parametrize("seconds", [1, pytest.param(2, id="two")])
def test_passes_parametrised(seconds, letter):
    time.sleep(seconds)
    assert letter in "ab"


def test_passes_with_fixtures(cleaned, per_module, tmp_path, monkeypatch, request):
    assert cleaned == ["made"]
    assert per_module["born"] < 1  # made inside, in virtual time
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("FEATURE", "on")
    monkeypatch.setattr(time, "tzname", ("X", "X"))
    assert os.environ["FEATURE"] == "on"
    assert os.environ["EVERYWHERE"] == "set"
    assert request.node.name == "test_passes_with_fixtures"


def test_passes_with_a_fixture_from_outside(trained):
    assert trained["made_by"] != os.getpid()
    assert trained["times"] == 1
    assert trained["made_at"] > 1_780_000_000 or trained["made_at"] > 1_700_000_000


def test_passes_with_the_same_fixture_again(trained):
    assert trained["times"] == 1


def test_errors_for_a_fixture_that_cannot_cross(handle_of_the_os):
    pass


def test_passes_with_capsys(capsys):
    print("hello")
    assert capsys.readouterr().out == "hello\n"


def test_passes_with_caplog(caplog):
    with caplog.at_level(logging.DEBUG):
        log.debug("deep")
    assert caplog.record_tuples == [("features", logging.DEBUG, "deep")]


def test_passes_with_raises_and_warns():
    with pytest.raises(ZeroDivisionError, match="division"):
        print(1 // 0)
    with pytest.warns(UserWarning, match="careful"):
        warnings.warn("careful", UserWarning, stacklevel=1)


def test_passes_and_warns_the_session():
    warnings.warn("told to the session", UserWarning, stacklevel=1)


def test_fails_with_the_whole_diff():
    print("printed in the child")
    sys.stderr.write("complained in the child\n")
    log.warning("logged in the child")
    left = {"name": "north", "amounts": [1, 2, 3]}
    assert left == {"name": "north", "amounts": [1, 2, 4]}


def test_fails_inside_a_call():
    def helper(value):
        assert value < 3, "too much"

    helper(5)


def test_skips_inside():
    pytest.skip("not today")


@pytest.mark.skipif(True, reason="never")
def test_skips_by_its_mark():
    raise AssertionError


@pytest.mark.xfail(reason="known", strict=True)
def test_xfails():
    assert time.time() == 0


def test_xfails_from_inside():
    pytest.xfail("known too")


async def test_passes_as_a_coroutine():
    started = time.monotonic()
    await asyncio.gather(*(asyncio.sleep(60) for _ in range(10)))
    assert 60 <= time.monotonic() - started < 60.001


def test_passes_with_subtests(subtests):
    for number in range(3):
        with subtests.test(number=number):
            assert number < 5


def test_fails_in_a_subtest(subtests):
    for number in range(3):
        with subtests.test("odd", number=number):
            assert number != 1


class TestInAClass:
    @classmethod
    def setup_class(cls):
        cls.started = time.monotonic()

    def test_passes_in_a_class(self):
        assert self.started < 1


class CaseTest(unittest.TestCase):
    def test_passes_in_a_case(self):
        for number in range(2):
            with self.subTest(number=number):
                self.assertLess(number, 2)

    def test_fails_in_a_case(self):
        self.assertEqual([1], [2])


def test_fails_if_it_never_ends():
    import threading

    threading.Event().wait()


def test_fails_if_it_spins():
    while True:
        time.monotonic()


def test_fails_if_its_process_ends():
    os._exit(3)


def test_fails_for_a_fault_that_never_struck(windtunnel):
    windtunnel.fault("never", call={"service": "nobody"}, refuse=503)


def test_passes_for_a_fault_that_may_be_silent(windtunnel):
    windtunnel.fault("never", call={"service": "nobody"}, refuse=503, at_least=0)


def test_errors_for_real_io():
    """Not an error of pytest's: it fails, and says what to do."""
    import subprocess

    with pytest.raises(RuntimeError, match="declare it as a service or worker"):
        subprocess.run(["true"], check=True)


def test_passes_with_properties(record_property):
    record_property("colour", "blue")


@pytest.mark.windtunnel(seed=9, start="2026-03-01T12:00:00Z", env={"STAGE": "sim"})
def test_passes_with_a_seed(windtunnel):
    import random

    assert windtunnel.seed == 9
    assert str(windtunnel.now()) == "2026-03-01 12:00:00+00:00"
    assert os.environ["STAGE"] == "sim"
    Path(os.environ["DRAWN"]).write_text(str(random.random())) if "DRAWN" in os.environ else None


def shop(tunnel):
    tunnel.service("till", app=f"{__name__}:create_app", min_instances=1, cold_start_s=1)
    tunnel.worker("clerk", main=f"{__name__}:clerk")


def create_app():
    def app(environ, start_response):
        global HITS
        HITS += 1
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(HITS).encode()]

    return app


def clerk():
    while True:
        time.sleep(10)
        log.info("swept", extra={"mark": "swept", "fields": {}})


@pytest.mark.windtunnel(world=shop)
def test_passes_with_a_world(windtunnel):
    import requests

    assert [requests.get("http://till/").text for _ in range(3)] == ["1", "2", "3"]
    assert HITS == 0  # the service has a copy of this module of its own
    windtunnel.run_until("mark:swept")
    assert windtunnel.elapsed_s >= 10
    windtunnel.crash("till")
    windtunnel.run_until("process:till:ready")
    assert requests.get("http://till/").text == "1"
    with pytest.raises(TimeoutError, match="mark:never"):
        windtunnel.run_until("mark:never", within="5m")


@pytest.mark.windtunnel(sede=1)
def test_errors_for_a_misspelt_option():
    pass
