"""YAML 1.2 as plain values that remember their lines.

Reads the node graph rather than ruamel's objects: every key and item keeps its line for error messages, times stay
text (their zone decides what they mean), and `16:30` or `no` are text as YAML 1.2 has it. This module must not know
what a scenario is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from harness.scenario.errors import Problem, ScenarioError

Key = tuple[str | int, ...]
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Document:
    """A file's `value` and the line (from 1) of each key and item in it, by its path from the root."""

    path: Path
    value: Any
    lines: dict[Key, int]

    def line(self, key: Key) -> int:
        """The line of `key`, or of the nearest thing round it that is there."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)


def read(path: Path) -> Document:
    """The one YAML document in `path`; `ScenarioError` if it can't be read or is not one."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ScenarioError([Problem(path, line, "", "is not UTF-8; save the file as UTF-8")]) from error
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        what = f"has the character U+{error.character:04X}, which YAML does not allow; take it out"
        raise ScenarioError([Problem(path, line, "", what)]) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise ScenarioError([Problem(path, line, "", f"is no YAML: {what}")]) from error
    if root is None:
        raise ScenarioError([Problem(path, 1, "", "is empty; `windtunnel new scenario NAME` writes one to start from")])
    lines: dict[Key, int] = {}
    return Document(path, _value(root, (), lines, path, ()), lines)


def _value(node: Node, key: Key, lines: dict[Key, int], path: Path, above: tuple[int, ...]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(key, line)
    if id(node) in above:
        raise ScenarioError([Problem(path, line, dotted(key), "holds itself through an alias; write it out")])
    above = (*above, id(node))
    if isinstance(node, MappingNode):
        mapping: dict[str, Any] = {}
        for name_node, item in node.value:
            name, name_line = name_node.value, name_node.start_mark.line + 1
            if not isinstance(name_node, ScalarNode) or name == "<<":
                raise ScenarioError([Problem(path, name_line, dotted(key), "a key must be plain text; write it out")])
            if name in mapping:
                first = lines[(*key, name)]
                raise ScenarioError(
                    [Problem(path, name_line, dotted((*key, name)), f"is there twice, first in line {first}")]
                )
            lines[(*key, name)] = name_line
            mapping[name] = _value(item, (*key, name), lines, path, above)
        return mapping
    if isinstance(node, SequenceNode):
        return [_value(item, (*key, number), lines, path, above) for number, item in enumerate(node.value)]
    return _scalar(node.tag, node.value, Problem(path, line, dotted(key), ""))


def _scalar(tag: object, text: str, place: Problem) -> Any:
    match str(tag).removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int" | "float" as kind:
            try:
                return _integer(text) if kind == "int" else float(text.lower().replace(".inf", "inf"))
            except ValueError:
                raise ScenarioError([replace(place, message=f"{text!r} is no number")]) from None
        case "str" | "timestamp":
            return text
        case other:
            raise ScenarioError([replace(place, message=f"has the tag !{other}; write plain text")])


def _integer(text: str) -> int:
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2].lower(), 10)
    return int(sign + (digits[2:] if base != 10 else digits), base)


def dotted(key: Key) -> str:
    """`key` as people write it: `worlds.fixed.checks[2]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")
