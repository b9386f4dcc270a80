"""A stranger's tests run under the plugin as pytest runs any, in virtual time."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROJECTS = ROOT / "tests" / "projects"

OUTCOMES = {"passes": "", "fails": "failure", "errors": "error", "skips": "skipped", "xfails": "skipped"}
"""First word of a test's name -> what JUnit's XML holds for it."""


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """A copy outside our own tree."""
    shutil.copytree(PROJECTS / "features", tmp_path / "features")
    return tmp_path / "features"


def run(folder: Path, *arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder, env={**ours, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **environ},
        input=stdin, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def outcomes(junit: Path) -> dict[str, str]:
    found = {}
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        name = str(case.get("name"))
        found[name] = found.get(name) or "".join(kinds[:1])
    return found


def test_each_test_comes_out_as_its_name_says(features: Path) -> None:
    done = run(features, "--junitxml=junit.xml", "--durations=0", "-rA", "-m", "not slow")
    found = outcomes(features / "junit.xml")
    assert len(found) > 40, done.stdout
    assert not [name for name in found if name.startswith("test_passes_slowly")]
    assert {name: kind for name, kind in found.items() if kind != OUTCOMES[name.split("_")[1]]} == {
        # It shows that real I/O is refused with a remedy, and passes.
        "test_errors_for_real_io": ""
    }
    assert done.returncode == 1
    out = done.stdout
    # The whole difference, introspected, with what was printed and logged, all of it the child's.
    for piece in (
        "'amounts': [1, 2, 4]", "printed in the child", "complained in the child", "logged in the child",
        "too much", "cleaned up in virtual time", "told to the session",
        "seed 0, ", "history.jsonl",
        # Diagnoses and remedies.
        "fixture 'handle_of_the_os' cannot cross into the simulation: its value, _thread.lock",
        "did not end within its span of 24h of virtual time", "threading.Event().wait()",
        "the clock was read 5,000,000 times and nobody waited",
        "fault 'never' was planned and fired 0 times", "ended before the test did: exit status 3",
        "@pytest.mark.windtunnel has no 'sede'; did you mean 'seed'?",
        "mark this one with @pytest.mark.windtunnel", "st.data() cannot be used there",
        # The smallest example, shrunk over simulations.
        "amounts=[0, 100]", "assert 100 < 100", "noted 2",
    ):  # fmt: skip
        assert piece in out, piece
    cases = {case.get("name"): case for case in ElementTree.parse(features / "junit.xml").getroot().iter("testcase")}
    (colour,) = cases["test_passes_with_properties"].iter("property")
    assert (colour.get("name"), colour.get("value")) == ("colour", "blue")
    # Durations are real: an hour of sleep takes none.
    assert float(cases["test_passes_an_hour_in_no_time"].get("time", "3600")) < 60
    # A failing run keeps the history that it names; a passing one is not kept.
    (history,) = re.findall(r"history: (\S+)", out[out.index("test_fails_inside_a_call") :])[:1]
    kinds = [json.loads(line)["kind"] for line in Path(history).read_text().splitlines()]
    assert (kinds[0], kinds[-1]) == ("run.start", "run.end")


def test_xdist_distributes_them_and_selection_works(features: Path) -> None:
    done = run(features, "-n2", "-k", "passes and (memory or parametrised or outside or example)", "--junitxml=j.xml")
    found = outcomes(features / "j.xml")
    assert done.returncode == 0, done.stdout
    assert set(found.values()) == {""}
    assert "test_passes_parametrised[a-two]" in found
    assert "test_passes_an_hour_in_no_time" not in found


def test_it_stops_at_the_first_failure_and_begins_again_with_it(features: Path) -> None:
    chosen = "whole_diff or inside_a_call or skips_inside"
    first = run(features, "-x", "-k", chosen)
    assert "1 failed" in first.stdout and "stopping after 1 failures" in first.stdout
    again = run(features, "--lf", "-k", chosen)
    assert "1 failed" in again.stdout and "test_fails_with_the_whole_diff" in again.stdout
    assert " 1 skipped" not in again.stdout


def test_a_session_without_marked_tests_loads_nothing_of_ours_but_the_entry_point(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text(
        "import sys\n"
        "def test_plain():\n"
        "    ours = [name for name in sys.modules if name.partition('.')[0] in ('harness', 'fakes', 'gevent')]\n"
        "    assert ours == ['harness', 'harness.pytest_plugin', 'harness.pytest_plugin.plugin'], ours\n"
    )
    done = run(tmp_path, "-q")
    assert done.returncode == 0, done.stdout


def test_the_debugger_opens_in_the_child_while_virtual_time_stands_still(features: Path) -> None:
    (features / "test_stop.py").write_text(
        "import time, pytest\n"
        "@pytest.mark.windtunnel\n"
        "def test_halt():\n"
        "    time.sleep(60)\n"
        "    fruit = 'pear'\n"
        "    assert time.monotonic() < 60\n"
        "@pytest.mark.windtunnel\n"
        "def test_break():\n"
        "    before = time.monotonic()\n"
        "    breakpoint()\n"
        "    assert time.monotonic() - before < 0.001\n"
    )
    done = run(features, "--pdb", "-k", "test_halt", "test_stop.py", stdin="p 'it is ' + fruit\nc\n")
    assert "it is pear" in done.stdout, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    broke = run(features, "-k", "test_break", "test_stop.py", stdin="p 'before ' + str(before)\nc\n")
    assert "before " in broke.stdout
    assert "1 passed" in broke.stdout
    left = run(features, "--pdb", "test_stop.py", stdin="q\n")
    assert "Quitting debugger" in left.stdout
    assert "1 failed" in left.stdout and "passed" not in left.stdout
    nobody = run(features, "-n1", "-k", "test_break", "test_stop.py")
    assert "this run has no terminal" in nobody.stdout, nobody.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("coverage", "run", "--source=.", "-m", "pytest", "test_measured.py"),
        ("pytest", "--cov=.", "test_measured.py"),
        ("pytest", "--cov=.", "--cov-branch", "-n2", "test_measured.py"),
    ],
)
def test_coverage_counts_the_lines_that_run_in_children(features: Path, command: tuple[str, ...]) -> None:
    if "--cov=." in command:
        pytest.importorskip("pytest_cov")
    (features / "measured.py").write_text(
        "import threading, time\n"
        "def work(n):\n"
        "    time.sleep(1)\n"
        "    if n:\n"
        "        return 'some'\n"
        "    return 'none'\n"
        "def fan_out():\n"
        "    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2)]\n"
        "    [thread.start() for thread in threads]\n"
        "    [thread.join() for thread in threads]\n"
    )
    (features / "test_measured.py").write_text(
        "import pytest\n@pytest.mark.windtunnel\ndef test_it():\n    import measured\n    measured.fan_out()\n"
        "def test_outside():\n    import measured\n    assert measured.work\n"
    )
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV"))}
    environ = {**ours, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=features,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "CoverageWarning" not in done.stdout + done.stderr
    written = [sys.executable, "-m", "coverage", "json", "-q", "-o", "c.json"]
    subprocess.run(written, cwd=features, env=environ, check=True, timeout=60)
    measured = json.loads((features / "c.json").read_text())["files"]["measured.py"]
    assert measured["missing_lines"] == [6]


def test_a_stranger_tests_a_pipeline_with_a_fault_in_ten_lines(tmp_path: Path) -> None:
    shutil.copytree(PROJECTS / "takings", tmp_path / "takings")
    done = run(tmp_path / "takings", "-q")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_the_same_seed_draws_the_same_and_another_does_not(features: Path) -> None:
    def drawn(*arguments: str) -> str:
        (features / "test_drawn.py").write_text(
            "import os, pathlib, random, uuid, pytest\n"
            "@pytest.mark.windtunnel\n"
            "def test_draw(windtunnel):\n"
            "    pathlib.Path('drawn').write_text(f'{windtunnel.seed} {random.random()} {uuid.uuid4()}')\n"
        )
        assert run(features, "test_drawn.py", *arguments).returncode == 0
        return (features / "drawn").read_text()

    first = drawn("--windtunnel-seed=5")
    assert first.startswith("5 ")
    assert drawn("--windtunnel-seed=5") == first
    assert drawn() != first
