"""The vendor's own system tests of its Python client, run against the emulator on loopback.

    python -m benchmarks.bigquery_system CHECKOUT --python PYTHON [-- pytest's own options]

CHECKOUT is a clone of googleapis/python-bigquery; PYTHON is an interpreter with that package's test requirements
(google-cloud-bigquery[all], google-cloud-testutils, google-cloud-storage, google-cloud-datacatalog,
google-cloud-resource-manager, pytest, psutil, freezegun). Nothing of the suite is part of this project.

Prints how many tests passed, and exits 1 where one fails that `bigquery_system_failures.txt` does not explain, or
where one passes that the list still says fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from harness.wire.station import Station

MODULES = ("test_query", "test_list_rows", "test_structs", "test_arrow", "test_client")
EXPLAINED = Path(__file__).with_name("bigquery_system_failures.txt")
PROJECT = "windtunnel"

SHIM = f"""
import google.auth
from google.auth.credentials import AnonymousCredentials

def default(*_, **__):
    return AnonymousCredentials(), {PROJECT!r}

google.auth.default = default
"""
"""What the suite's environment must have: credentials that ask nobody."""

AT_ONCE = dict.fromkeys(("SELECT", "DML", "DDL", "SCRIPT", "LOAD", "COPY", "EXTRACT"), 0.0)
"""Jobs need no time: the suite asks what an answer is, not how long it takes."""


def explained() -> dict[str, str]:
    """Why a test fails, by its name."""
    found = {}
    for line in EXPLAINED.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, reason = line.partition("\t")
            found[name] = reason.strip()
    return found


def run(checkout: Path, python: str, options: list[str]) -> dict[str, str]:
    """The outcome of each test: `passed`, `skipped`, or the first line of what it failed with."""
    limits = {"durations_s": AT_ONCE}
    station = Station(["bigquery", "gcs"], options={"bigquery": {"project": PROJECT, "limits": limits}})
    try:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "windtunnel_shim.py").write_text(SHIM)
            results = Path(folder) / "results.xml"
            environment = {**os.environ, **station.environment(), "PYTHONPATH": folder, "GOOGLE_CLOUD_PROJECT": PROJECT}
            modules = [f"tests/system/{module}.py" for module in MODULES]
            command = [
                python,
                "-m",
                "pytest",
                "-q",
                "-p",
                "windtunnel_shim",
                f"--junitxml={results}",
                *options,
                *modules,
            ]
            subprocess.run(command, cwd=checkout, env=environment, check=False)
            return _outcomes(results)
    finally:
        station.close()


def _outcomes(results: Path) -> dict[str, str]:
    outcomes = {}
    for case in ElementTree.parse(results).iter("testcase"):
        module = (case.get("classname") or "").removeprefix("tests.system.").split(".")[0]
        problem = next((e for e in case if e.tag in ("failure", "error")), None)
        skipped = case.find("skipped") is not None
        text = (problem.get("message") or "failed").splitlines()[0] if problem is not None else ""
        outcomes[f"{module}::{case.get('name')}"] = text or ("skipped" if skipped else "passed")
    return outcomes


def main() -> int:
    """The count, then what is not as the list has it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--python", default=sys.executable)
    given, options = parser.parse_known_args()
    outcomes = run(given.checkout, given.python, [o for o in options if o != "--"])
    known = explained()
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
