"""The function catalogue's notation, and the choice of a signature for a call.

A line reads `NAME(type, type, [optional]) result = DuckDB template`. `T` stands for any type, the same wherever it
occurs; a type followed by `...` repeats. In a template `{0}` is the first argument, `{*}` all of them; aggregates also
have `{d}` (DISTINCT), `{o}` (ORDER BY), `{over}` (the window). Knows no function by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from fakes.bigquery.sql.scope import Expr
from fakes.bigquery.sql.types import SCALARS, Type, array, coercible, supertype

ANY = Type("T")


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function."""

    name: str
    arguments: tuple[Type, ...]
    optional: int
    variadic: bool
    result: Type
    template: str

    @property
    def text(self) -> str:
        """As the service lists it in "No matching signature"."""
        shown = [t.sql for t in self.arguments]
        if self.variadic:
            shown[-1] = f"[{shown[-1]}, ...]"
        elif self.optional:
            shown = [s if i < len(shown) - self.optional else f"[{s}]" for i, s in enumerate(shown)]
        return f"{self.name}({', '.join(shown)})"

    @property
    def least(self) -> int:
        """How many arguments it needs at least."""
        return len(self.arguments) - self.optional - (1 if self.variadic else 0)

    def accepts(self, count: int) -> bool:
        """Whether it can be called with `count` arguments."""
        return count >= self.least and (self.variadic or count <= len(self.arguments))

    def wanted(self, count: int) -> list[Type]:
        """The types of `count` arguments."""
        if not self.variadic:
            return list(self.arguments[:count])
        fixed = list(self.arguments[:-1])
        return fixed + [self.arguments[-1]] * (count - len(fixed))


_LINE = re.compile(r"([A-Z0-9_.]+)\((.*?)\)\s+(\S+(?:<.*?>)?)\s*=\s*(.+)")


def read(catalogue: str) -> dict[str, list[Signature]]:
    """Signatures by name, in the catalogue's order. Raises ValueError naming a line that is no signature."""
    found: dict[str, list[Signature]] = {}
    for line in catalogue.splitlines():
        line = line.strip()  # noqa: PLW2901 - the same line, trimmed
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if not match:
            raise ValueError(f"not a signature: {line!r}")
        name, arguments, result, template = match.groups()
        optional, variadic, types = 0, False, []
        for part in filter(None, (p.strip() for p in _split(arguments))):
            word = part
            if word.startswith("["):
                optional += 1
                word = word[1:-1]
            if word.endswith("..."):
                variadic, word = True, word[:-3]
            types.append(parse(word))
        found.setdefault(name, []).append(
            Signature(name, tuple(types), optional, variadic, parse(result), template.strip())
        )
    return found


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "<[") - (c in ">]")
        if c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


@lru_cache(maxsize=256)
def parse(word: str) -> Type:
    """The type a catalogue word spells."""
    if word.startswith("ARRAY<"):
        return array(parse(word[6:-1]))
    if word.startswith("RANGE<"):
        return Type("RANGE", item=parse(word[6:-1]))
    return SCALARS.get(word) or Type(word)


def generic(kind: Type) -> bool:
    """Whether `T` occurs in `kind`."""
    return kind.kind == "T" or (kind.item is not None and generic(kind.item))


def choose(options: Sequence[Signature], arguments: Sequence[Expr]) -> tuple[Signature, list[Type], Type] | None:
    """The signature that fits `arguments` best, the types they become, and the result; None where none fits."""
    best: tuple[int, Signature, list[Type], Type] | None = None
    for signature in options:
        if not signature.accepts(len(arguments)):
            continue
        fit = _fit(signature, arguments)
        if fit is not None and (best is None or fit[0] < best[0]):
            best = (fit[0], signature, fit[1], fit[2])
            if fit[0] == 0:
                break
    return best[1:] if best else None


def _fit(signature: Signature, arguments: Sequence[Expr]) -> tuple[int, list[Type], Type] | None:
    wanted = signature.wanted(len(arguments))
    bound: Type | None = None
    candidates = [_bind(w, a.type) for w, a in zip(wanted, arguments, strict=True) if generic(w)]
    if candidates or generic(signature.result):
        firm = [_bind(w, a.type) for w, a in zip(wanted, arguments, strict=True) if generic(w) and not a.literal]
        known = [c for c in firm if c is not None and c.kind != "NULL"]
        if any(c is None for c in candidates):
            return None
        bound = supertype(known) if known else None
        if bound is None or not all(c is None or coercible(c, bound, literal=True) for c in candidates):
            bound = supertype([c for c in candidates if c is not None and c.kind != "NULL"])
        if bound is None:
            return None
    cost, types = 0, []
    for want, argument in zip(wanted, arguments, strict=True):
        target = _substitute(want, bound) if generic(want) else want
        if argument.type != target:
            if not coercible(argument.type, target, literal=argument.literal):
                return None
            cost += 1 if argument.literal or argument.type.kind == "NULL" else 2
        types.append(target)
    return cost, types, _substitute(signature.result, bound) if generic(signature.result) else signature.result


def _bind(pattern: Type, actual: Type) -> Type | None:
    """What `T` must be for `actual` to fit `pattern`; None where it cannot."""
    if pattern.kind == "T":
        return actual
    if actual.kind == "NULL":
        return actual
    if pattern.kind == actual.kind and pattern.item and actual.item:
        return _bind(pattern.item, actual.item)
    return None


def _substitute(pattern: Type, bound: Type | None) -> Type:
    if pattern.kind == "T":
        assert bound is not None
        return bound
    if pattern.item is not None:
        return Type(pattern.kind, item=_substitute(pattern.item, bound))
    return pattern


def mismatch(name: str, options: Sequence[Signature], arguments: Sequence[Expr]) -> str:
    """The service's message for a call that fits no signature."""
    if not arguments:
        head = f"No matching signature for function {name} with no arguments"
    else:
        kinds = ", ".join("NULL" if a.type.kind == "NULL" else a.type.sql for a in arguments)
        head = f"No matching signature for function {name}\n  Argument types: {kinds}"
    lines = [head]
    for option in options:
        lines.append(f"  Signature: {option.text}")
        count = len(arguments)
        if not option.accepts(count):
            more = "at least " if option.variadic or option.optional or count < option.least else "at most "
            bound = option.least if count < option.least else len(option.arguments)
            if count < option.least:
                more = "at least "
            plural = "argument" if bound == 1 else "arguments"
            had = "argument" if count == 1 else "arguments"
            lines.append(f"    Signature requires {more}{bound} {plural}, found {count} {had}")
        else:
            for i, (want, have) in enumerate(zip(option.wanted(count), arguments, strict=True), 1):
                if not generic(want) and not coercible(have.type, want, literal=have.literal):
                    lines.append(f"    Argument {i}: Unable to coerce type {have.type} to expected type {want}")
                    break
    return "\n".join(lines)
