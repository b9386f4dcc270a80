"""Child processes: refused, with what to do instead."""

from __future__ import annotations

from tests.harness.sim.contracts.contract import Library, Trace, contract

MULTIPROCESSING = Library("multiprocessing", standard=True, loads=("multiprocessing", "multiprocessing.pool"))
SUBPROCESS = Library("subprocess", standard=True, loads=("subprocess",))
THREADS = "use concurrent.futures.ThreadPoolExecutor or threads, which run in virtual time"
CHILD = "run the work in this process, or declare it as a service or worker of the world"


@contract(MULTIPROCESSING, remedy=THREADS, refused=True)
def test_a_child_process_does_not_start(trace: Trace) -> None:
    import multiprocessing

    multiprocessing.Process(target=print).start()


@contract(MULTIPROCESSING, remedy=THREADS, refused=True)
def test_a_pool_of_processes_does_not_start(trace: Trace) -> None:
    import multiprocessing

    multiprocessing.Pool(2)


@contract(MULTIPROCESSING)
def test_a_thread_pool_of_multiprocessing_maps_in_virtual_time(trace: Trace) -> None:
    import time
    from multiprocessing.pool import ThreadPool

    with ThreadPool(2) as pool:
        pool.map(time.sleep, [3, 2, 1])
    trace("mapped")
    trace.expect(
        (3, "mapped"),
    )


@contract(SUBPROCESS, remedy=CHILD, refused=True)
def test_a_command_does_not_run(trace: Trace) -> None:
    import subprocess

    subprocess.run(["true"], check=True)


@contract(SUBPROCESS, remedy=CHILD, refused=True)
def test_a_command_whose_output_is_wanted_does_not_run(trace: Trace) -> None:
    import subprocess

    subprocess.run(["true"], capture_output=True, text=True, check=True)


@contract(SUBPROCESS, remedy=CHILD, refused=True)
def test_a_command_of_the_shell_does_not_run(trace: Trace) -> None:
    import os

    os.system("true")
