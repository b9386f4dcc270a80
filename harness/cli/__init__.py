"""The command line, `windtunnel`: a thin shell round the runner, the judge and the reports."""

from __future__ import annotations


def main() -> None:
    """Run the command that `sys.argv` says and exit with its code (`harness.cli.exits`)."""
    import signal
    import sys

    from harness.cli.app import run

    # A run that a CI system cancels leaves as from the keyboard, and so cleans up after itself.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))
