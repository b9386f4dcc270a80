"""The functions of the Logging query language that select entries: log_id, sample, ip_in_net, SEARCH.

Source: cloud.google.com/logging/docs/view/logging-query-language, "Functions". Each takes the fields and texts in its
parentheses and gives a predicate; `ValueError` says what is wrong with them. It must not know the grammar.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import unquote

Entry = Mapping[str, Any]
Predicate = Callable[[Entry], bool]

_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands in the parentheses: a text, and how to find the field of that name (None for a text in quotes)."""

    text: str
    reach: Callable[[Entry], list[Any]] | None


def log_id(arguments: Sequence[Argument]) -> Predicate:
    """`log_id("a/b")`: the entries of that log, by its id as people write it, whatever the project."""
    [wanted] = _exactly(arguments, 1, 'log_id("ID")')
    return lambda entry: unquote(str(entry.get("logName", "")).partition("/logs/")[2]) == wanted.text


def sample(arguments: Sequence[Argument]) -> Predicate:
    """`sample(insertId, 0.25)`: that share of the entries, by a hash of the field; none that lack it."""
    form = "sample(FIELD, FRACTION) with a fraction from 0 to 1"
    field, fraction = _exactly(arguments, 2, form)
    reach = _field(field, form)
    try:
        share = float(fraction.text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise ValueError(form)

    def chosen(entry: Entry) -> bool:
        values = reach(entry)
        digest = hashlib.sha256(str(values[0]).encode()).digest() if values else b""
        return bool(values) and int.from_bytes(digest[:8], "big") < share * 2**64

    return chosen


def ip_in_net(arguments: Sequence[Argument]) -> Predicate:
    """`ip_in_net(FIELD, "10.1.2.0/24")`: entries whose field holds an address, or network, within that one."""
    form = 'ip_in_net(FIELD, "SUBNET")'
    field, subnet = _exactly(arguments, 2, form)
    reach = _field(field, form)
    network = ip_network(subnet.text, strict=False)

    def inside(value: Any) -> bool:
        try:
            if "/" in str(value):
                here = ip_network(str(value), strict=False)
                return here.version == network.version and here.subnet_of(network)  # type: ignore[arg-type]  # one version
            return ip_address(str(value)) in network
        except ValueError:
            return False

    return lambda entry: any(map(inside, reach(entry)))


def search(arguments: Sequence[Argument]) -> Predicate:
    """`SEARCH("a b")` or `SEARCH(FIELD, "a b")`: every word of the text is a word of one of the fields, in any case."""
    form = 'SEARCH("TEXT") or SEARCH(FIELD, "TEXT")'
    if len(arguments) not in (1, 2):
        raise ValueError(form)
    wanted = set(_words(arguments[-1].text))
    if not wanted:
        raise ValueError(f"{form} with a word to search for")
    reach = _field(arguments[0], form) if len(arguments) == 2 else lambda entry: [entry]
    return lambda entry: wanted <= {word for value in reach(entry) for text in _texts(value) for word in _words(text)}


FUNCTIONS: Mapping[str, Callable[[Sequence[Argument]], Predicate]] = {
    "log_id": log_id,
    "sample": sample,
    "ip_in_net": ip_in_net,
    "search": search,
}
"""By name in lower case; the language minds no case there."""


def _exactly(arguments: Sequence[Argument], count: int, form: str) -> Sequence[Argument]:
    if len(arguments) != count:
        raise ValueError(form)
    return arguments


def _field(argument: Argument, form: str) -> Callable[[Entry], list[Any]]:
    if argument.reach is None:
        raise ValueError(form)
    return argument.reach


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)


def _words(text: str) -> list[str]:
    return _TOKEN.findall(text.lower())
