"""`python -m harness.cli`, for where the script `windtunnel` is not on the path."""

from harness.cli import main

main()
