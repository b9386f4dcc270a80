"""The command line: what it prints, where it leaves things, and the exit codes that scripts rely on."""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from harness.cli import app
from harness.cli.exits import InputError
from harness.cli.stage import Stage
from harness.run_record import RunRecord
from harness.scenario.errors import ScenarioError

ROOT = Path(__file__).resolve().parents[3]
SHOP = ROOT / "tests" / "projects" / "shop"
AROUND = {name: value for name, value in os.environ.items() if name != "WINDTUNNEL_COMMAND"}
"""The tests may have been started through `start.py`, which names itself for the repeating command."""
GOOD = """\
title: A quiet day
owner: data-platform
tags: [quiet]
start: 2026-01-16T00:00:00Z
span: 10m
worlds: {plain: "shop.world:build"}
checks: [attempts >= 5]
"""


class Shell:
    """Runs `windtunnel` as a user does: a process of its own in the project's folder, no terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments, code=0, folder=None, **environ):
        done = subprocess.run(
            [sys.executable, "-m", "harness.cli", *map(str, arguments)],
            cwd=folder or self.folder,
            env={**AROUND, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "\x1b" not in done.stdout + done.stderr, "no colour where there is no terminal"
        return done

    def scenario(self, text, name="own"):
        path = self.folder / "scenarios" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return name


@pytest.fixture
def windtunnel(tmp_path):
    """A copy of a stranger's project outside our tree, with a quiet scenario of its own."""
    folder = tmp_path / "project"
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns("__pycache__", ".windtunnel"))
    shell = Shell(folder)
    shell.scenario(GOOD, "quiet/day")
    return shell


def visible(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if "__pycache__" not in path.parts)


class TestRun:
    def test_a_run_leaves_its_records_and_reports_and_the_next_commands_find_them(self, windtunnel):
        assert "there is no run under" in windtunnel("report", code=64).stderr
        done = windtunnel("run", "quiet/day")
        assert re.match(r"quiet/day  seed 1  commit \S.*\n", done.stdout)
        (folder,) = (windtunnel.folder / ".windtunnel" / "runs").iterdir()
        assert folder.name.endswith("-quiet-day-1")
        assert {"run.json", "report.html", "summary.md", "plain/outcome.json", "plain/history.jsonl"} <= set(
            visible(folder)
        )
        assert [name for name in visible(folder) if "running" in name or "partial" in name] == []
        assert json.loads((folder / "run.json").read_bytes())["command"] == "windtunnel run quiet/day --seed 1"
        assert f"report: {folder / 'report.html'}\n" in done.stdout

        assert re.search(r"quiet/day +pass +data-platform +A quiet day  \[quiet\]", windtunnel("list").stdout)
        first = (folder / "report.html").read_bytes()
        (folder / "report.html").unlink()
        assert "report.html" in windtunnel("report").stdout
        assert (folder / "report.html").read_bytes() == first

    def test_of_several_scenarios_the_gravest_verdict_counts_and_a_failed_one_ends_with_the_command_that_repeats_it(
        self, windtunnel
    ):
        windtunnel.scenario(GOOD.replace(">= 5", ">= 500"))
        done = windtunnel("run", "quiet/day", "own", "--seed", "3", "--out", "out", code=1)
        assert {"quiet-day/run.json", "own/run.json"} <= set(visible(windtunnel.folder / "out"))
        assert done.stdout.endswith("to repeat: windtunnel run own --seed 3\n")
        assert done.stdout.count("to repeat") == 1

    def test_an_unknown_run_exits_2_and_json_is_all_that_is_printed_for_machines(self, windtunnel):
        faults = "faults: [{id: never, call: {service: nobody}, refuse: 503}]\n"
        windtunnel.scenario(GOOD.replace("{plain:", "{other: 'a.b:c', plain:") + faults)
        out = windtunnel.folder / "out"
        out.mkdir()
        (out / "precious.txt").write_text("keep")
        done = windtunnel("run", "own", "--world", "plain", "--out", "out", "--json", code=2)
        said = json.loads(done.stdout)
        assert done.stderr == ""
        assert (said["scenario"], said["verdict"], said["worlds"]) == ("own", "unknown", ["plain"])
        assert said["command"] == "windtunnel run own --seed 1 --world plain"
        assert "fault never fired" in [finding["check"] for finding in said["outcomes"][0]["findings"]]
        assert said["outcomes"][0]["metrics"]["attempts"] >= 5
        assert Path(said["reports"]["html"]).samefile(out / "report.html")
        assert (out / "precious.txt").read_text() == "keep"

    def test_a_world_that_raises_exits_1_and_its_traceback_is_shown_and_kept(self, windtunnel):
        windtunnel.scenario(GOOD.replace("world:build", "world:raising"))
        done = windtunnel("run", "own", "--out", "out", code=1)
        assert "the author of this world erred" in done.stdout + done.stderr
        assert "the author of this world erred" in (windtunnel.folder / "out" / "plain" / "problem.txt").read_text()
        assert done.stdout.endswith("to repeat: windtunnel run own --seed 1\n")

    def test_the_name_in_front_of_the_repeating_command_can_be_told(self, windtunnel):
        windtunnel.scenario(GOOD.replace("world:build", "world:raising"))
        done = windtunnel("run", "own", code=1, WINDTUNNEL_COMMAND="python3 start.py")
        assert done.stdout.endswith("to repeat: python3 start.py run own --seed 1\n")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_at_once_and_leaves_nothing(windtunnel, how):
    windtunnel.scenario(GOOD.replace("10m", "3650d"))
    before = visible(windtunnel.folder)
    command = [sys.executable, "-m", "harness.cli", "run", "own", "--out", "out"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    # A shell starts background jobs deaf to SIGINT, and the deafness is inherited.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    running = subprocess.Popen(command, cwd=windtunnel.folder, env=environ, stderr=subprocess.PIPE)
    signal.signal(signal.SIGINT, heard)
    try:
        out = windtunnel.folder / "out"
        wait_for(lambda: any(out.rglob("history.jsonl.partial")))
        running.send_signal(how)
        told = running.communicate(timeout=120)[1].decode()
    finally:
        running.kill()
        running.communicate()
    assert (running.returncode, told) == (130, "\nwindtunnel: stopped before its end\n")
    wait_for(lambda: visible(windtunnel.folder) == before)


def wait_for(there, attempts=3000):
    """Another process's doings have no event to wait on: look ten times a second, and give up loudly."""
    for _ in range(attempts):
        if there():
            return
        select.select([], [], [], 0.1)
    raise AssertionError("it did not come about within five minutes")


class TestStage:
    """What becomes of the folder of a run, without running anything."""

    RUN = RunRecord(
        scenario="s",
        title="t",
        seed=1,
        engine="sim",
        release="r",
        started_at="2026-01-20T10:00:00Z",
        wall_s=1.0,
        start="2026-01-16T00:00:00Z",
        span="1h",
        command="c",
        worlds=("old", "kept"),
        verdict="pass",
    )

    def filled(self, stage, *worlds):
        for world in worlds:
            (stage.folder / world).mkdir()
            (stage.folder / world / "outcome.json").write_text(world)
        self.RUN.model_copy(update={"worlds": worlds}).write(stage.folder / "run.json")
        stage.publish()

    def test_a_run_replaces_an_earlier_one_whole_and_nothing_else(self, tmp_path):
        with Stage(tmp_path / "out", ["old", "kept"]) as stage:
            self.filled(stage, "old", "kept")
        (tmp_path / "out" / "precious.txt").write_text("keep")
        with Stage(tmp_path / "out", ["kept", "new"]) as stage:
            self.filled(stage, "kept", "new")
        assert visible(tmp_path / "out") == [
            *("kept", "kept/outcome.json", "new", "new/outcome.json", "precious.txt", "run.json"),
        ]

    def test_bad_input_found_late_leaves_the_earlier_run_and_no_trace(self, tmp_path):
        with Stage(tmp_path / "out", ["old"]) as stage:
            self.filled(stage, "old")
        before = visible(tmp_path)
        for out in ("out", "fresh/deep"):
            with pytest.raises(ScenarioError), Stage(tmp_path / out, ["old"]) as stage:
                (stage.folder / "half").write_text("written")
                raise ScenarioError("no such back end")
        assert visible(tmp_path) == before

    def test_a_bug_of_ours_keeps_what_there_is_and_says_where(self, tmp_path):
        with pytest.raises(RuntimeError) as raised, Stage(tmp_path / "out", ["w"]) as stage:
            (stage.folder / "half").write_text("written")
            raise RuntimeError("bug")
        assert str(stage.folder) in raised.value.__notes__[0]
        assert (stage.folder / "half").read_text() == "written"

    def test_what_no_run_wrote_is_not_replaced(self, tmp_path):
        (tmp_path / "fixed").mkdir()
        with pytest.raises(InputError, match="fixed is there and is no run's to replace"):
            Stage(tmp_path, ["fixed"])
        assert visible(tmp_path) == ["fixed"]


NOTHING_HAPPENED = [
    (["run", "nope"], r"there is no scenario 'nope'; "),
    (["run", "quiet/dya"], r"no scenario 'quiet/dya'; did you mean 'quiet/day'\?"),
    (["run", "nope.yaml"], r"there is no file nope\.yaml"),
    (["run", "quiet/day", "--seed", "one"], r"--seed.*'one' is not a valid integer"),
    (["run", "quiet/day", "--seed", "-1"], r"--seed.*-1 is not in the range"),
    (["run", "quiet/day", "--world", "plian"], r"quiet/day has no world 'plian'; did you mean 'plain'\?"),
    (["run", "quiet/day", "--engine", "wire"], r"--engine wire is not there yet; use --engine sim"),
    (["run", "quiet/day", "--engine", "steam"], r"'steam' is not one of 'sim', 'wire'"),
    (["run", "quiet/day", "--jobs", "0"], r"--jobs"),
    (["run", "quiet/day", "--out", "pyproject.toml"], r"pyproject\.toml can't be written"),
    (["run", "quiet/day", "--out", "pyproject.toml/below"], r"pyproject\.toml/below can't be written"),
    (["run", "quiet/day", "--out", "/proc/nowhere"], r"/proc/nowhere can't be written"),
    (["run"], r"Missing argument"),
    (["run", "quiet/day", "--frob"], r"No such option '?--frob"),
    (["frob"], r"No such command 'frob'"),
    (["list", "-k", "(quiet"], r"-k '\(quiet' can't be read: a bracket is not closed"),
    (["report", "nope"], r"nope is no run folder: there is no run\.json in it"),
    (["explain", "nope"], r"there is no scenario 'nope'"),
    (["validate", "nope"], r"there is no scenario 'nope'"),
    (["new", "scenario", "../evil"], r"'\.\./evil' is no name for a scenario"),
    (["new", "scenario", "quiet/day"], r"day\.yaml is there already"),
    ([], r"Usage: windtunnel"),
]


@pytest.mark.parametrize(("arguments", "says"), NOTHING_HAPPENED, ids=[" ".join(line[0]) for line in NOTHING_HAPPENED])
def test_bad_input_exits_64_with_one_clear_message_and_leaves_nothing(windtunnel, arguments, says):
    before = visible(windtunnel.folder)
    done = windtunnel(*arguments, code=64)
    assert re.search(says, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert visible(windtunnel.folder) == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("span: 10m", "span: 10"), r"own\.yaml:5: span: a duration needs a unit.*10 has none"),
        (GOOD.replace("00:00:00Z", "00:00:00"), r"own\.yaml:4: start: .*has no zone"),
        (GOOD.replace("title", "titel"), r"own\.yaml:1: titel: there is no key 'titel' here; did you mean 'title'"),
        (GOOD.replace("world:build", "world:biuld"), r"worlds\.plain\.build: .* did you mean 'build'"),
        (GOOD.replace("shop.world", "shpo.world"), r"worlds\.plain\.build: .*there is no module 'shpo'"),
        (GOOD.replace("world:build", "world:backend_missing"), r"bigtable"),
        (GOOD + "metrics: [shop.nowhere:f]\n", r"metrics: .*there is no module 'shop\.nowhere'"),
        ("title: [", r"own\.yaml:1: is no YAML"),
    ],
)
def test_a_scenario_that_cannot_be_run_exits_64_and_leaves_nothing(windtunnel, text, says):
    windtunnel.scenario(text)
    before = visible(windtunnel.folder)
    done = windtunnel("run", "own", code=64)
    assert re.search(says, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert visible(windtunnel.folder) == before


def test_errors_are_json_for_machines_too(windtunnel):
    done = windtunnel("run", "nope", "--json", code=64)
    assert json.loads(done.stdout)["exit"] == 64
    assert "no scenario 'nope'" in json.loads(done.stdout)["error"]


class TestList:
    def test_expressions_and_tags_select(self, windtunnel):
        def names(*arguments):
            return [row["name"] for row in json.loads(windtunnel("list", "--json", *arguments).stdout)["scenarios"]]

        assert names() == ["order", "quiet/day"]
        assert names("-k", "QUIET") == ["quiet/day"]
        assert names("-k", "not quiet") == ["order"]
        assert names("-k", "(quiet or killed) and not data-platform") == ["order"]
        assert names("-m", "quiet") == ["quiet/day"]
        assert names("-m", "quiet", "-k", "order") == []

    def test_a_broken_file_is_told_and_hides_no_other(self, windtunnel):
        windtunnel.scenario("title: t\n", "broken")
        done = windtunnel("list", code=64)
        assert "quiet/day" in done.stdout
        assert re.search(r"broken\.yaml:1: .*\(and \d more; see `windtunnel validate`\)", done.stderr)

    def test_a_reader_that_has_had_enough_is_no_error(self, windtunnel):
        command = f"{sys.executable} -m harness.cli explain order | head -n 1; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=windtunnel.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_validate_needs_no_code_of_the_users_to_run(windtunnel):
    world = windtunnel.folder / "shop" / "world.py"
    world.write_text("raise RuntimeError('imported')\n" + world.read_text())
    done = windtunnel("validate")
    assert done.stdout == "order: can be run\nquiet/day: can be run\n"


def test_validate_tells_all_errors_of_all_files(windtunnel):
    windtunnel.scenario(GOOD.replace("10m", "10").replace(">= 5", "=> 5"), "bad")
    said = json.loads(windtunnel("validate", "--json", "bad", "order", code=64).stdout)
    assert [len(result["errors"]) for result in said] == [2, 0]


def test_explain_says_what_happens_and_what_is_expected(windtunnel):
    said = windtunnel("explain", "order").stdout
    assert "busy: refuse status=503, calls with service=stock, each with probability 0.3, in faulty only" in said
    assert "kill: crash front (instance any), at 3m500ms, in faulty only" in said
    assert "expected of every world:\n  attempts >= 5" in said
    worlds = json.loads(windtunnel("explain", "order", "--json").stdout)["worlds"]
    assert [world["faults"] for world in worlds.values()] == [[], ["busy", "kill"]]


def test_a_new_scenario_is_one_that_can_be_explained(windtunnel):
    windtunnel("new", "scenario", "incidents/2026-02-01-quota")
    assert "2026 02 01 quota" in windtunnel("explain", "incidents/2026-02-01-quota").stdout
    assert "bigquery-unavailable" in windtunnel("explain", "incidents/2026-02-01-quota").stdout


class TestNewProject:
    def test_it_runs_as_it_stands_finds_the_fault_of_its_job_and_passes_with_the_remedy(self, windtunnel, tmp_path):
        (tmp_path / "begun").mkdir()
        begun = Shell(tmp_path / "begun")
        (begun.folder / "pyproject.toml").write_text('[project]\nname = "mine"\n')
        begun("new", "project")
        assert tomllib.loads((begun.folder / "pyproject.toml").read_text())["project"] == {"name": "mine"}
        begun("validate")
        failed = begun("run", "first", code=1)
        assert "no-duplicates" in failed.stdout
        assert "unknown" not in failed.stdout
        world = begun.folder / "worlds.py"
        code, remedy = re.search(r"(set\(\))  # the remedy: (.+)", world.read_text()).groups()
        world.write_text(world.read_text().replace(f"done = {code}", f"done = {remedy}"))
        begun("run", "first")
        assert "is a project already" in begun("new", "project", code=64).stderr

    def test_it_overwrites_nothing_and_leaves_nothing_half_done(self, tmp_path):
        begun = Shell(tmp_path)
        (tmp_path / "worlds.py").write_text("mine")
        assert "worlds.py is there already" in begun("new", "project", code=64).stderr
        assert visible(tmp_path) == ["worlds.py"]


@pytest.mark.parametrize("place", ["reports.py", "reports/__init__.py", "fakes/__init__.py", "harness/__init__.py"])
def test_a_package_that_hides_ours_is_named_at_start(windtunnel, place):
    path = windtunnel.folder / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    # The user's folder may come before ours on the path; the interpreter is started elsewhere so that we start at all.
    code = "import sys; from harness.cli.app import run; import os; os.chdir(sys.argv[1]); sys.exit(run(['list']))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(windtunnel.folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    name = place.partition("/")[0].removesuffix(".py")
    assert done.returncode == 64
    assert re.search(rf"{re.escape(place)} has the name of Windtunnel's own package '{name}'", done.stderr)


def test_a_plain_folder_of_that_name_hides_nothing(windtunnel):
    (windtunnel.folder / "reports").mkdir()
    (windtunnel.folder / "reports" / "today.html").write_text("")
    windtunnel("list")


def test_a_bug_of_ours_exits_70_with_its_traceback(capsys):
    @app.windtunnel.command("stumble")
    def stumble():
        raise ZeroDivisionError("our own foot")

    try:
        assert app.run(["stumble"]) == 70
    finally:
        del app.windtunnel.commands["stumble"]
    told = capsys.readouterr().err
    assert "in stumble" in told
    assert told.endswith("This is a bug of Windtunnel's, not of your code; please report the above\n")


def test_help_and_version_are_no_errors(windtunnel):
    assert "Exit codes: 0 pass, 1 fail, 2 unknown, 64" in windtunnel("--help").stdout
    assert "Usage: windtunnel run" in windtunnel("run", "-h").stdout


def test_a_file_of_another_project_is_run_with_that_projects_code(windtunnel, tmp_path_factory):
    windtunnel.scenario(GOOD)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    path = windtunnel.folder / "scenarios" / "own.yaml"
    done = windtunnel("run", path, "--out", elsewhere / "out", folder=elsewhere)
    assert "pass A quiet day" in done.stdout
    assert (elsewhere / "out" / "plain" / "history.jsonl").is_file()
