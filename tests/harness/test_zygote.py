"""Starting a zygote disturbs neither the process that starts it nor what else runs there."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

STARTS_ONE_AND_MUST_NOT_FORK = """
import os
from harness.zygote import Zygote
if __name__ == "__main__":
    os.register_at_fork(before=os.abort)
    with Zygote(only=True):
        print("started")
"""


def test_a_zygote_starts_without_the_fork_handlers_of_who_starts_it():
    """gRPC's handlers abort the forked child while a channel is busy (exit code -6), now and then."""
    command = [sys.executable, "-c", STARTS_ONE_AND_MUST_NOT_FORK]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "started\n"), done.stderr


@pytest.mark.skipif(platform.system() != "Linux", reason="only Linux lays out memory by personality(2)")
def test_what_is_started_at_fixed_addresses_has_them_and_its_own_arguments():
    if run("import ctypes; print(ctypes.CDLL(None).personality(0x0040000))") == "-1":
        pytest.skip("this container refuses personality(2)")
    flags, arguments = run(
        "import sys; print(open('/proc/self/personality').read().strip(), sys.argv[1:])",
        *[sys.executable, "-I", "-S", str(ROOT / "harness" / "fixed_addresses.py")],
    ).split(maxsplit=1)
    assert (int(flags, 16) & 0x0040000, arguments) == (0x0040000, "['-a', 'b c']")


def run(program, *launcher):
    command = [*launcher, sys.executable, "-c", program, "-a", "b c"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
