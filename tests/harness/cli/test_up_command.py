"""`windtunnel up` as a user meets it: a process that prints where to go, serves, and stops when told."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from harness.cli.app import run
from harness.cli.up_command import written
from harness.wire.station import Station, StationError

ROOT = Path(__file__).resolve().parents[3]


def start(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.cli", "up", "--format", "json", *arguments],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def stop(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> int:
    process.send_signal(how)
    assert process.stdout is not None
    process.stdout.close()
    return process.wait(20)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(how: signal.Signals) -> None:
    process, environment = start("gcs", "--set", "gcs.limits=none")
    url = environment["STORAGE_EMULATOR_HOST"]
    assert requests.post(f"{url}/storage/v1/b?project=p", json={"name": "the-bucket"}).status_code == 200
    assert requests.get(f"{environment['WINDTUNNEL_CONTROL']}/health").json()["status"] == "ok"
    assert stop(process, how) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(url)


def test_state_in_a_folder_outlives_a_kill(tmp_path: Path) -> None:
    process, environment = start("gcs", "--data", str(tmp_path), "--set", "gcs.limits=none")
    url = environment["STORAGE_EMULATOR_HOST"]
    requests.post(f"{url}/storage/v1/b?project=p", json={"name": "the-bucket"})
    made = requests.post(f"{url}/upload/storage/v1/b/the-bucket/o?uploadType=media&name=x", data=b"hello").json()
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    process, environment = start("gcs", "--data", str(tmp_path))
    url = environment["STORAGE_EMULATOR_HOST"]
    again = requests.get(f"{url}/storage/v1/b/the-bucket/o/x").json()
    assert (again["generation"], again["crc32c"]) == (made["generation"], made["crc32c"])
    assert requests.get(f"{url}/storage/v1/b/the-bucket/o/x?alt=media").content == b"hello"
    assert stop(process) == 0


def test_variables_are_written_as_the_reader_wants_them() -> None:
    environment = {"A": "http://127.0.0.1:1", "B": "two words"}
    assert written(environment, "shell") == "export A=http://127.0.0.1:1\nexport B='two words'"
    assert written(environment, "dotenv") == "A=http://127.0.0.1:1\nB='two words'"
    assert json.loads(written(environment, "json")) == environment


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "there is no emulator 'nothing'"),
        (["gcs", "--host", "0.0.0.0"], "--allow-remote and --token"),
        (["gcs", "--host", "0.0.0.0", "--allow-remote"], "--allow-remote and --token"),
        (["gcs", "--port", "gcs=x"], "is no port"),
        (["gcs", "--port", "gcs"], "has no '='"),
        (["gcs", "--port", "pubsub=1"], "not served"),
        (["gcs", "--set", "limits=none"], "names no emulator"),
        (["gcs", "--set", "gcs.limits=few"], "limits = 'few'"),
        (["gcs", "--topology", "missing.yaml"], "cannot be read"),
        (["gcs", "--data", f"{__file__}/below"], "cannot be made or written"),
        (["upstreams", "--port", "upstreams=4443"], "leave --port out"),
        (["redis", "--set", "redis.version=new"], "give numbers"),
        (["ses", "--set", "ses.identities=a@b.c"], "give a list"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setitem(os.environ, "WINDTUNNEL_TOKEN", "")
    assert run(["up", *arguments]) == 64
    assert words in capsys.readouterr().err


def test_a_port_that_is_taken_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for service in ("gcs", "pubsub", "redis", "control"):
            arguments = ["up", "gcs", "pubsub", "redis", "--port", f"{service}={port}"]
            assert run(arguments) == 64
            assert "cannot listen" in capsys.readouterr().err


def test_what_is_not_installed_is_left_out_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakes.aws.find_spec", lambda _: None)
    station = Station(["s3", "smtp"], lenient=True)
    assert list(station.emulators) == ["smtp"]
    assert "pip install 'windtunnel[aws]'" in station.left_out["s3"]
    station.close()
    with pytest.raises(StationError, match="needs moto"):
        Station(["s3"])
