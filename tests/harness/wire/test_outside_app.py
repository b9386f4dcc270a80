"""Another program, with every client library as it comes, finds its way by what `windtunnel up` printed alone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
APP = Path(__file__).with_name("outside_app.py")


def test_an_app_in_another_process_uses_everything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harness.cli", "up", "--format", "dotenv", "--data", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True)
    assert process.stdout is not None
    environment: dict[str, str] = {}
    while "WINDTUNNEL_CONTROL" not in environment:
        name, _, value = process.stdout.readline().rstrip("\n").partition("=")
        environment[name] = value
    done = subprocess.run(
        [sys.executable, str(APP)],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert done.returncode == 0, done.stderr
    assert " ".join(done.stdout.split()) == (
        "bigquery firestore gcs logging pubsub redis s3 ses smtp upstreams control"
    )
    assert process.returncode == 0
    assert "Traceback" not in err
