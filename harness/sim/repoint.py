"""Replaces what a built-in function does, for every reference to it there already is.

This module exists because patching names is not enough: `from time import monotonic` in a library that was imported
first keeps the real clock for ever (finding 1 of the kernel notes: `Semaphore.acquire(timeout=3)` took three real
seconds). It knows CPython's object layout and nothing of clocks, threads or simulations.

The trick needs no C compiler and no trampoline. A built-in function object holds a pointer to its `PyMethodDef` and a
`self`. We give it a definition whose C function is `PyObject_Vectorcall` – which has exactly the signature of a
`METH_FASTCALL | METH_KEYWORDS` method – and as `self` the Python callable to run. The object keeps its identity, its
type, its name and its inability to bind as a method; exceptions and greenlet switches pass through it as through any
call. It costs about 0.1 µs.
"""

from __future__ import annotations

import ctypes
import gc
import types
from collections.abc import Callable
from typing import Any

METH_FASTCALL_KEYWORDS = 0x0080 | 0x0002
"""`Include/methodobject.h`: the calling convention `(self, args, nargs, kwnames)`."""


class _MethodDef(ctypes.Structure):
    """`PyMethodDef` of `Include/methodobject.h`, unchanged from 3.11 to 3.13."""

    _fields_ = (
        ("ml_name", ctypes.c_char_p),
        ("ml_meth", ctypes.c_void_p),
        ("ml_flags", ctypes.c_int),
        ("ml_doc", ctypes.c_char_p),
    )


class _CFunction(ctypes.Structure):
    """`PyCFunctionObject` of `Include/cpython/methodobject.h`, unchanged from 3.11 to 3.13."""

    _fields_ = (
        ("ob_refcnt", ctypes.c_ssize_t),
        ("ob_type", ctypes.c_void_p),
        ("m_ml", ctypes.POINTER(_MethodDef)),
        ("m_self", ctypes.c_void_p),
        ("m_module", ctypes.c_void_p),
        ("m_weakreflist", ctypes.c_void_p),
        ("vectorcall", ctypes.c_void_p),
    )


_new_function = ctypes.pythonapi.PyCFunction_NewEx
_new_function.restype = ctypes.py_object
_new_function.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
_VECTORCALL = ctypes.cast(ctypes.pythonapi.PyObject_Vectorcall, ctypes.c_void_p).value
_KEPT: list[object] = []  # what C holds pointers to lives as long as the interpreter
_REAL: dict[int, Callable[..., Any]] = {}


def repoint(function: Callable[..., Any], replacement: Callable[..., Any]) -> Callable[..., Any]:
    """Make `function` do what `replacement` does, and return a new built-in that does what it did.

    Raises TypeError if `function` is no plain built-in (a Python function or a type has names, not a definition).
    """
    if not isinstance(function, types.BuiltinFunctionType):
        raise TypeError(f"only built-in functions can be repointed, not {function!r}")
    there = _CFunction.from_address(id(function))
    was = there.m_ml.contents
    original = _MethodDef(was.ml_name, was.ml_meth, was.ml_flags, was.ml_doc)
    ours = _MethodDef(was.ml_name, _VECTORCALL, METH_FASTCALL_KEYWORDS, was.ml_doc)
    owner = function.__self__
    _KEPT.extend((original, ours, owner, replacement))
    real: Callable[..., Any] = _new_function(ctypes.addressof(original), owner, there.m_module)
    # A new function of our calling convention has the matching vectorcall entry; borrow it from there.
    model = _new_function(ctypes.addressof(ours), replacement, None)
    there.vectorcall = _CFunction.from_address(id(model)).vectorcall
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(replacement))
    there.m_ml = ctypes.pointer(ours)
    there.m_self = id(replacement)
    _REAL[id(function)] = _REAL.get(id(function), real)
    return real


def original(thing: Any) -> Any:
    """Return a built-in that does what `thing` did before it was repointed; anything else as it is."""
    return _REAL.get(id(thing), thing)


def replace_class_method(cls: type, name: str, replacement: Callable[..., Any]) -> None:
    """Give the built-in type `cls` a class method `name(cls, ...)` of ours, bound references to the old one included.

    Bound references (`default=datetime.utcnow` in somebody's table definition) are found through the collector, so
    call this before `gc.freeze()`.
    """
    attributes = gc.get_referents(cls.__dict__)[0]
    old = [
        found
        for found in gc.get_objects()
        if type(found) is types.BuiltinFunctionType and found.__name__ == name and found.__self__ is cls
    ]
    attributes[name] = classmethod(replacement)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))
    bound = getattr(cls, name)
    for found in old:
        repoint(found, bound)
