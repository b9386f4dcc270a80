"""The vendor's own system tests of its Python clients, run against the emulators on loopback.

    python -m benchmarks.vendor_suite SUITE CHECKOUT --python PYTHON [-- pytest's own options]

SUITE is `bigquery` (a clone of googleapis/python-bigquery), `storage` (googleapis/python-storage, with its test data),
`retries` (the same clone: 570 cases of how the client bears faults, of which it skips 5 itself; five minutes with
`-- -n 2`, for it waits for real), `pubsub` (googleapis/python-pubsub, less its own `google` folder, which hides the
installed one; three minutes) or `firestore` (googleapis/python-firestore at its last commit with tests). PYTHON is an
interpreter with that package's test requirements (`noxfile.py` there names them). Nothing of a suite is part of this
project.

Prints how many tests passed, and exits 1 where one fails that `vendor_suite_SUITE.txt` does not explain, or where one
passes that the list still says fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from harness.wire.station import Station

PROJECT = "windtunnel"

SHIM = f"""
import google.auth
from google.auth.credentials import AnonymousCredentials

def default(*_, **__):
    return AnonymousCredentials(), {PROJECT!r}

google.auth.default = default
"""
"""What a suite's environment must have: credentials that ask nobody."""

AT_ONCE = dict.fromkeys(("SELECT", "DML", "DDL", "SCRIPT", "LOAD", "COPY", "EXTRACT"), 0.0)
"""Jobs need no time: the suite asks what an answer is, not how long it takes."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Which modules below `tests` are run, against which emulators with which options, and which of their tests."""

    modules: tuple[str, ...]
    services: tuple[str, ...]
    options: Mapping[str, dict[str, Any]]
    chosen: tuple[str, ...] = ()
    idle_commands: tuple[str, ...] = ()
    """Commands that shall be found and do nothing."""


SUITES = {
    "bigquery": Suite(
        tuple(f"system/test_{name}" for name in ("query", "list_rows", "structs", "arrow", "client")),
        ("bigquery", "gcs"),
        {"bigquery": {"project": PROJECT, "limits": {"durations_s": AT_ONCE}}},
    ),
    "storage": Suite(
        # test__signing asks IAM to sign and test_zonal is for gRPC: neither is emulated.
        tuple(
            f"system/test_{name}" for name in ("blob", "bucket", "client", "fileio", "hmac_key_metadata",
                                               "kms_integration", "notification", "transfer_manager")
        ),
        ("gcs", "pubsub"),
        {"gcs": {"limits": "none"}},  # several workers update one bucket faster than once a second
    ),
    # It would pull and run storage-testbench, whose instructions the emulator speaks.
    "retries": Suite(
        ("conformance/test_conformance",),
        ("gcs",),
        # It deletes what it has locked, which storage-testbench lets it do.
        {"gcs": {"limits": "none", "enforce_retention": False}},
        idle_commands=("docker",),
    ),
    # Over gRPC, as the vendor's own emulator is tested; IAM and REST are the suite's other half.
    "pubsub": Suite(("system",), ("pubsub",), {}, ("-k", "not RBAC and not rest and not iam")),
    # Knows that it runs against an emulator, and leaves out what the vendor's own does not do.
    "firestore": Suite(("system/test_system",), ("firestore",), {}),
}  # fmt: skip


def explained(suite: str) -> dict[str, str]:
    """Why a test fails, by its name."""
    found = {}
    for line in Path(__file__).with_name(f"vendor_suite_{suite}.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, reason = line.partition("\t")
            found[name] = reason.strip()
    return found


def run(suite: Suite, checkout: Path, python: str, options: list[str]) -> dict[str, str]:
    """The outcome of each test: `passed`, `skipped`, or the first line of what it failed with."""
    station = Station(list(suite.services), options=dict(suite.options))
    try:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "windtunnel_shim.py").write_text(SHIM)
            results = Path(folder) / "results.xml"
            path = [folder, *os.get_exec_path()]
            for name in suite.idle_commands:
                (Path(folder) / name).write_text("#!/bin/sh\n")
                (Path(folder) / name).chmod(0o755)
            environment = {
                **os.environ,
                "PATH": os.pathsep.join(path),
                **station.environment(),
                "PYTHONPATH": folder,
                "GOOGLE_CLOUD_PROJECT": PROJECT,
            }
            modules = [f"tests/{module}.py" for module in suite.modules]
            command = [python, "-m", "pytest", "-q", "-p", "windtunnel_shim", f"--junitxml={results}"]
            subprocess.run([*command, *suite.chosen, *options, *modules], cwd=checkout, env=environment, check=False)
            return _outcomes(results)
    finally:
        station.close()


def _outcomes(results: Path) -> dict[str, str]:
    outcomes = {}
    for case in ElementTree.parse(results).iter("testcase"):
        module = (case.get("classname") or "").removeprefix("tests.").removeprefix("system.").split(".")[0]
        problem = next((e for e in case if e.tag in ("failure", "error")), None)
        skipped = case.find("skipped") is not None
        text = (problem.get("message") or "failed").splitlines()[0] if problem is not None else ""
        outcomes[f"{module}::{case.get('name')}"] = text or ("skipped" if skipped else "passed")
    return outcomes


def main() -> int:
    """The count, then what is not as the list has it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", choices=sorted(SUITES))
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--python", default=sys.executable)
    given, options = parser.parse_known_args()
    outcomes = run(SUITES[given.suite], given.checkout, given.python, [o for o in options if o != "--"])
    known = explained(given.suite)
    failed = {n: text for n, text in outcomes.items() if text not in ("passed", "skipped")}
    count = {word: list(outcomes.values()).count(word) for word in ("passed", "skipped")}
    unexplained = {n: text for n, text in failed.items() if n not in known}
    stale = [n for n in known if outcomes.get(n) == "passed"]
    print(
        f"passed {count['passed']}  failed {len(failed)} (unexplained {len(unexplained)})  skipped {count['skipped']}"
    )
    for name, text in sorted(unexplained.items()):
        print(f"  unexplained: {name}: {text[:300]}")
    for name in stale:
        print(f"  passes now: {name}")
    return 1 if unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main())
