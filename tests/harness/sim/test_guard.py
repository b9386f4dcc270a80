"""Real I/O inside a simulation is refused, however it is reached."""

import errno
import os
import socket
import subprocess
from typing import Any

import pytest

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import a_network


def refused(call: str, action: Any, *args: Any, **kwargs: Any) -> None:
    from harness.sim.guard import RealIoError

    with pytest.raises(RealIoError) as caught:
        action(*args, **kwargs)
    assert call in str(caught.value)
    assert "Remedy: " in str(caught.value)


@simulated
def test_child_processes_are_refused_and_named():
    import multiprocessing

    a_network()
    refused("subprocess.Popen(['ls', '-l'])", subprocess.run, ["ls", "-l"], check=False)
    with pytest.raises(FileNotFoundError) as caught:  # who only asks whether there is such a program, does without
        subprocess.check_output(["git", "rev-parse", "HEAD"])
    assert caught.value.errno == errno.ENOENT
    refused("os.system(b'true')", os.system, "true")
    refused("os.fork", os.fork)
    refused("os.posix_spawn", os.posix_spawn, "/bin/true", ["true"], {})
    refused("os.exec", os.execv, "/bin/true", ["true"])
    for method in ("fork", "spawn"):
        refused("multiprocessing.Process.start", multiprocessing.get_context(method).Process(target=print).start)


@simulated
def test_a_real_socket_is_refused_even_from_below_the_socket_module():
    import _socket

    a_network()
    refused("socket.socket()", _socket.socket)


@simulated
def test_a_subclass_of_the_real_class_made_before_the_simulation_is_refused_not_silently_real():
    a_network()
    from harness.sim.sockets import RealSocket

    class Early(RealSocket):
        pass

    refused("socket.socket()", Early)


@simulated
def test_files_on_disk_are_allowed():
    import tempfile

    a_network()
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
        assert file.tell() == 1


@simulated
def test_the_kernel_may_do_real_io_where_it_says_so():
    import _socket

    from harness.sim.descriptors import FIRST_FD
    from harness.sim.guard import real_io_allowed

    a_network()
    with real_io_allowed():
        real = _socket.socket()
        assert 0 <= real.fileno() < FIRST_FD
        real.close()
    refused("socket.socket()", _socket.socket)


@simulated
def test_gevents_later_patching_changes_nothing():
    import select
    import selectors
    import signal
    import ssl
    import threading
    import time

    import gevent.monkey
    import gevent.socket

    def names() -> dict[str, Any]:
        modules = (os, select, selectors, signal, socket, ssl, subprocess, threading, time)
        return {f"{module.__name__}.{name}": value for module in modules for name, value in vars(module).items()}

    a_network()
    before = names()
    assert gevent.monkey.patch_all()
    gevent.monkey.patch_socket()
    assert [name for name, value in names().items() if value is not before[name]] == []
    assert gevent.socket.socket is socket.socket


@simulated
def test_modules_that_open_sockets_in_c_cannot_be_imported_and_optional_users_do_without():
    import importlib

    a_network()
    refused("import of uvloop", importlib.import_module, "uvloop")
    with pytest.raises(ImportError):
        importlib.import_module("pycares")


@simulated
def test_a_real_descriptor_cannot_become_a_socket():
    a_network()
    refused("socket.socket(fileno=0)", socket.socket, fileno=0)
