"""The command line, `windtunnel`: a thin shell round the runner, the judge and the reports."""

from __future__ import annotations


def main() -> None:
    """Run the command that `sys.argv` says and exit with its code (`harness.cli.exits`)."""
    import sys

    from harness.cli.app import run

    sys.exit(run(sys.argv[1:]))
