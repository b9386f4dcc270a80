"""Workers that go nowhere, each in its way."""

import os
import pathlib
import queue
import threading
import time


def spin_on_the_clock():
    while time.monotonic() < 1e9:
        pass


def poll_without_waiting():
    ready = threading.Event()
    while not ready.is_set():
        time.sleep(0)


def take_crosswise():
    one, other = threading.Lock(), threading.Lock()

    def take(first, second):
        with first:
            time.sleep(1)
            with second:
                pass

    thread = threading.Thread(target=take, args=(other, one), name="second")
    thread.start()
    take(one, other)


def wait_for_nobody():
    queue.Queue().get()


def await_nobody():
    import asyncio

    asyncio.run(asyncio.Event().wait())


def wait_for_a_thread_that_waits():
    thread = threading.Thread(target=threading.Event().wait, name="waiter")
    thread.start()
    thread.join()


def go_on():
    while True:
        time.sleep(10)


def wait_in_time():
    asked = queue.Queue()
    while True:
        try:
            asked.get(timeout=50)
        except queue.Empty:
            return


def compute_for_ever():
    number = 0
    while True:
        number += 1


def wait_for_a_file_lock():
    import fcntl
    import tempfile

    with tempfile.NamedTemporaryFile() as one, pathlib.Path(one.name).open() as other:
        fcntl.flock(one, fcntl.LOCK_EX)
        fcntl.flock(other, fcntl.LOCK_EX)


def wait_for_a_real_thread():
    _lock_twice("CDLL")  # a call that lets the interpreter go on, as extensions make to wait for threads of their own


def read_a_real_pipe():
    import ctypes

    ends = (ctypes.c_int * 2)()
    ctypes.CDLL(None).pipe(ends)
    with os.fdopen(ends[0], "rb", buffering=0) as pipe:
        pipe.read(1)


def never_return_from_c():
    _lock_twice("PyDLL")  # a call that keeps the interpreter to itself


def _lock_twice(library):
    import ctypes

    for _ in range(300_000):  # well into the run: a second or so of real time
        time.sleep(0.0001)
    mutex = ctypes.create_string_buffer(64)  # PTHREAD_MUTEX_INITIALIZER is all zeros
    lock = getattr(ctypes, library)(None).pthread_mutex_lock
    lock(mutex)
    lock(mutex)


def crash_in_c():
    import ctypes

    ctypes.string_at(0)


def swallow_everything():
    while True:
        try:
            compute_for_ever()
        except BaseException:  # noqa: BLE001 - a careless retry loop
            continue
