"""Addresses that programs can see, replaced by numbers: in texts about objects, in hashes, in what `id()` tells.

`<urllib3.connection.HTTPConnection object at 0x7f…>` ends up in error tables, payloads and sizes of messages, and a set
of plain objects has the order of their addresses. The number of an object is given at its first asking, which in a
deterministic run is a deterministic moment. This module must not know time or processes.

Texts are covered for all that has no text of its own: C's default is one function, and the slots that hold it are given
C's own function for classes with a method written in Python, which then finds ours. Attributes of classes stay as they
are, since libraries look at them: `dataclass` writes no `__hash__` where a class seems to have one. Hashes are covered
for classes written in Python, by the same slot; the interpreter's own objects keep theirs, for speed.
"""

from __future__ import annotations

import builtins
import ctypes
import functools
import gc
import re
import sysconfig
import types
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from harness.sim import order

_TP_REPR, _TP_HASH, _TP_STR = 88, 120, 136
"""Where a type keeps them: `PyTypeObject` of `Include/cpython/object.h`, unchanged from 3.11 to 3.13."""
_NOT_HASHED = ("harness", "fakes", "reports", "gevent", "greenlet", "ctypes")
"""Packages that never let the order of a set be seen, and are used all the time."""
_WITH_ADDRESSES = (
    types.FunctionType, types.BuiltinFunctionType, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType,
    types.FrameType, types.CodeType, types.CellType, types.MethodWrapperType, weakref.ReferenceType,
)  # fmt: skip
"""Types of the interpreter whose own texts hold addresses."""
_KEPT_FOR_ID = 100_000
_ADDRESS = re.compile(r"0x(?!000)[0-9a-f]+")
_INSTALLED = (f"{sysconfig.get_paths()['stdlib']}/", "<")

_table: dict[int, tuple[weakref.ref[Any], int]] = {}
_kept: dict[int, tuple[Any, int]] = {}
_looking: list[bool] = []
_build_class: Any = builtins.__build_class__
_address = builtins.id


class _Model:
    """Its slots hold what C uses for methods written in Python."""

    def __repr__(self) -> str:
        return ""

    def __str__(self) -> str:
        return ""

    def __hash__(self) -> int:
        return 0


def _slot(cls: type, offset: int) -> ctypes.c_void_p:
    return ctypes.c_void_p.from_address(_address(cls) + offset)


_PLAIN = {offset: _slot(object, offset).value for offset in (_TP_REPR, _TP_HASH)}
_BY_METHOD = {offset: _slot(_Model, offset).value for offset in (_TP_REPR, _TP_HASH, _TP_STR)}


def _number(thing: Any) -> int:
    """The number of an object; it is not marked, since its attributes are the user's. TypeError where it cannot be
    referred to weakly.
    """
    key = _address(thing)
    found = _table.get(key)
    if found is None:
        reference = weakref.ref(thing, functools.partial(_forget, key))
        found = _table[key] = (reference, order.next_number())
    return found[1]


def _forget(key: int, gone: Any) -> None:
    _table.pop(key, None)


def _shown(thing: Any) -> str:
    """What stands for its address in a text: zero for objects that cannot be told apart later."""
    if _looking and _address(thing) not in _table:
        return f"0x{0:012x}"
    try:
        return f"0x{_number(thing):012x}"
    except TypeError:
        return f"0x{0:012x}"


def _described(self: Any, /) -> str:
    kind = type(self)
    module = kind.__module__
    name = kind.__qualname__ if module == "builtins" or not isinstance(module, str) else f"{module}.{kind.__qualname__}"
    return f"<{name} object at {_shown(self)}>"


def _hashed(self: Any, /) -> int:
    return identity(self) if _slot(type(self), _TP_HASH).value == _BY_METHOD[_TP_HASH] else _plain_hash(self)


_plain_hash: Callable[[Any], int] = object.__hash__


def identity(thing: Any, /) -> int:
    """What `id(thing)` is in a program's own code: unique while `thing` lives, and the same in every replay.

    What cannot be referred to weakly (lists, dicts, texts) is kept alive for it, up to 100,000 such objects a run.
    """
    try:
        return _number(thing)
    except TypeError:
        key = _address(thing)
        found = _kept.get(key)
        if found is None:
            if len(_kept) >= _KEPT_FOR_ID:
                return key
            found = _kept[key] = (thing, order.next_number())
        return found[1]


@contextmanager
def unnumbered() -> Iterator[None]:
    """Give no object a number for being shown in the block: a debugger that shows variables must not change a run."""
    _looking.append(True)
    try:
        yield
    finally:
        _looking.pop()


def _may_hash(made: Any) -> bool:
    return isinstance(made, type) and not issubclass(made, type) and _slot(made, _TP_HASH).value == _PLAIN[_TP_HASH]


def _class_with_order(body: Any, name: str, *bases: Any, **options: Any) -> Any:
    made = _build_class(body, name, *bases, **options)
    if _may_hash(made) and not _is_ours(body.__globals__.get("__name__")):
        place = str(body.__globals__.get("__file__", "<"))
        # Objects with slots alone would have to be kept alive: those of a program's own, not a library's.
        if made.__weakrefoffset__ or not (place.startswith(_INSTALLED) or "/site-packages/" in place):
            _slot(made, _TP_HASH).value = _BY_METHOD[_TP_HASH]
    return made


def _is_ours(module: Any) -> bool:
    return str(module).partition(".")[0] in _NOT_HASHED


def install(also: Iterable[type] = ()) -> None:
    """Replace addresses in texts, and in hashes of objects of classes that are written in Python from now on, or are
    there already without an object of theirs in a set. The texts of the types `also` are known to hold addresses.
    """
    _set(object, "__repr__", _described)
    _set(object, "__hash__", _hashed)
    classes = _classes(object)
    for cls in classes:
        if _slot(cls, _TP_REPR).value == _PLAIN[_TP_REPR]:
            _slot(cls, _TP_REPR).value = _BY_METHOD[_TP_REPR]
    for kind in (*_WITH_ADDRESSES, *also):
        for name, offset in (("__repr__", _TP_REPR), ("__str__", _TP_STR)):
            real: Callable[[Any], str] = getattr(kind, name)
            if real is not object.__str__:
                _set(kind, name, _without_address(real))
                _slot(kind, offset).value = _BY_METHOD[offset]
    in_use = _hashed_already()
    for cls in classes:
        written = isinstance(cls.__dict__.get("__init__"), types.FunctionType) and bool(cls.__weakrefoffset__)
        if written and not _is_ours(cls.__module__) and cls not in in_use and _may_hash(cls):
            _slot(cls, _TP_HASH).value = _BY_METHOD[_TP_HASH]
    builtins.__build_class__ = _class_with_order  # type: ignore[assignment]  # the stub spells its arguments out


def _without_address(real: Callable[[Any], str]) -> Callable[[Any], str]:
    def told(self: Any, /) -> str:
        text = real(self)
        address = f"0x{_address(self):x}"
        if address in text:
            text = text.replace(address, _shown(self))
        # A reference also tells where its object is, a cell where its content, a frame's text where its code.
        return _ADDRESS.sub(
            lambda found: found[0] if len(found[0]) == 14 and found[0][2:5] == "000" else "0x000000000000", text
        )

    return told


def _set(cls: type, name: str, function: Any) -> None:
    attributes = gc.get_referents(cls.__dict__)[0]
    attributes[name] = function
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))


def _classes(root: type) -> list[type]:
    found: list[type] = [root]
    known = {root}
    for cls in found:
        child: type
        for child in type.__subclasses__(cls):
            if child not in known:
                known.add(child)
                found.append(child)
    return found


def _hashed_already() -> set[type]:
    """The types of what is in sets and keys of dicts now, bases included: their hashes must stay what they were."""
    used: set[type] = set()
    for thing in gc.get_objects():
        if isinstance(thing, weakref.ReferenceType):
            used.add(type(thing()))
        elif type(thing) in (dict, set, frozenset):
            for key in list(thing):  # letting go of a key may take it out
                used.add(type(key() if isinstance(key, weakref.ReferenceType) else key))
    return {base for cls in used for base in cls.__mro__}
