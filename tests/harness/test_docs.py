"""The documents of the formats say what the code does, name by name."""

import re
from pathlib import Path

import pytest

from harness.checks.catalogue import CHECKS
from harness.faults.spec import FaultSpec
from harness.kinds import KINDS
from harness.scenario.load import load
from harness.scenario.model import Scenario
from harness.schemas import schema

DOCS = Path(__file__).resolve().parents[2] / "docs"


def text(name):
    return (DOCS / name).read_text(encoding="utf-8")


def section(document, *headings):
    """The part of `document` under the heading that names all of `headings`."""
    parts = re.split(r"^## ", document, flags=re.MULTILINE)
    return next(part for part in parts if all(heading in part.partition("\n")[0] for heading in headings))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_and_word_of_every_kind_is_documented(kind):
    part = section(text("history.md"), f"`{kind}`")
    definition = schema("history-event")["$defs"][kind]
    words = [
        word for rule in definition["properties"].values() for word in rule.get("enum", ()) if isinstance(word, str)
    ]
    missing = [
        name for name in (*definition["properties"], *words) if f"`{name}`" not in part and f'"{name}"' not in part
    ]
    assert missing == []


def test_every_check_is_documented_with_its_parameters():
    part = section(text("scenarios.md"), "Checks")
    for name, check in CHECKS.items():
        (line,) = [line for line in part.splitlines() if line.startswith(f"| `{name}` |")]
        parameters = {field.alias or key for key, field in check.model_fields.items()}
        assert set(re.findall(r"`(\w+)`", line.split("|")[2])) - {"recovery_from"} == parameters


def test_every_key_of_a_scenario_and_of_a_fault_is_documented():
    document = text("scenarios.md")
    keys = {field.alias or key for model in (Scenario, FaultSpec) for key, field in model.model_fields.items()}
    assert sorted(key for key in keys if f"`{key}`" not in document and f"`{key}:" not in document) == []


def test_the_example_is_a_scenario(tmp_path):
    example = re.search(r"```yaml\n(.*?)```", text("scenarios.md"), re.DOTALL).group(1)
    path = tmp_path / "example.yaml"
    path.write_text(example, encoding="utf-8")
    scenario = load(path)
    assert list(scenario.worlds) == ["as-was", "fixed"]
    assert [fault.id for fault in scenario.plan("as-was")] == ["quota", "commit-unknown"]
    assert len(scenario.checks_of("as-was")) == 6
