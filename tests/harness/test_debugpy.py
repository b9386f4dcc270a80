"""An editor's debugger attaches to a run, stops at breakpoints in simulated processes, looks, and changes nothing."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.dap import Client

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "tests" / "projects" / "shop", tmp_path / "shop")
    return tmp_path / "shop"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def run(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV"))}
    command = [sys.executable, "-m", "harness.cli", "run", "order", "--world", "plain", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env={**ours, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as running:  # fmt: skip
        try:
            yield running
        finally:
            running.kill()


def digest(folder: Path, out: str) -> str:
    return json.loads((folder / out / "plain" / "outcome.json").read_bytes())["history_sha256"]


def line_of(path: Path, text: str) -> int:
    (number,) = [number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line]
    return number


def test_it_stops_shows_variables_and_virtual_time_and_leaves_the_history_as_it_is(shop: Path) -> None:
    with run(shop, "--out", "undisturbed") as running:
        assert running.wait(120) == 0, running.communicate()
    port = free_port()
    front = shop / "shop" / "front.py"
    with run(shop, "--out", "debugged", "--debugpy", str(port)) as running:
        client = Client(port, running)
        client.attach({front: [line_of(front, "log.info("), line_of(front, "return item,")]})
        seen = []
        for number in range(5):
            thread = client.event("stopped")["threadId"]
            frame, *callers = client.ask("stackTrace", threadId=thread)["stackFrames"]
            scopes = client.ask("scopes", frameId=frame["id"])["scopes"]
            shown = client.ask("variables", variablesReference=scopes[0]["variablesReference"])["variables"]
            now = [
                client.ask("evaluate", expression=f"__import__('time').{clock}()", frameId=frame["id"])["result"]
                for clock in ("time", "monotonic", "time")
            ]
            seen.append((frame["name"], {one["name"]: one["value"] for one in shown}, now, len(callers)))
            if number == 1:
                client.ask("next", threadId=thread)
                assert client.event("stopped")["reason"] == "step"
            if number == 4:
                client.ask("setBreakpoints", source={"path": str(front)}, breakpoints=[])
            client.ask("continue", threadId=thread)
        assert running.wait(120) == 0, running.communicate()
        client.close()
    assert [name for name, *_ in seen] == ["fetch", "fetch", "fetch", "fetch", "app"]
    assert sorted(variables["item"] for name, variables, *_ in seen[:4]) == ["0", "1", "2", "3"]
    assert seen[4][1]["fields"].startswith("{'processor': 'front'")
    # Virtual time, by the nanosecond after the request at the first full minute: asked twice, it has hardly moved.
    for _, _, (first, monotonic, again), _ in seen:
        assert 1768521660 <= float(first) == float(again) < 1768521660 + 600
        assert 60 <= float(monotonic) < 660
    assert digest(shop, "debugged") == digest(shop, "undisturbed")


def test_breakpoint_in_the_code_stops_there_and_leaving_lets_the_run_go_on(shop: Path) -> None:
    stock = shop / "shop" / "stock.py"
    stock.write_text(
        stock.read_text().replace("        REQUESTS += 1\n", "        REQUESTS += 1\n        breakpoint()\n")
    )
    port = free_port()
    with run(shop, "--out", "debugged", "--debugpy", str(port)) as running:
        client = Client(port, running)
        client.attach({})
        thread = client.event("stopped")["threadId"]
        frame = client.ask("stackTrace", threadId=thread)["stackFrames"][0]
        assert Path(frame["source"]["path"]) == stock
        assert client.ask("evaluate", expression="REQUESTS", frameId=frame["id"])["result"] == "1"
        client.ask("disconnect")
        assert running.wait(120) == 0, running.communicate()
        client.close()


@pytest.mark.parametrize("other", [("--paranoid",), ("--until", "45m", "--pdb")])
def test_two_debuggers_are_refused(shop: Path, other: tuple[str, ...]) -> None:
    with run(shop, "--debugpy", "5678", *other) as running:
        assert "exclude one another" in running.communicate(timeout=60)[0]
        assert running.returncode == 64
