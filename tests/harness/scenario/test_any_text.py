"""Whatever is in a file, it is a scenario or a `ScenarioError` that names the file: never another error."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.scenario.errors import ScenarioError
from harness.scenario.load import load
from harness.scenario.model import Scenario
from tests.harness.scenario.test_load import GOOD

YAML = [
    "",
    " ",
    "\n",
    "- ",
    ": ",
    "{}",
    "[]",
    "[",
    "}",
    "&a ",
    "*a",
    "<<: ",
    "!x ",
    "!!int ",
    "? ",
    "| ",
    "'",
    '"',
    "#",
    "\t",
]
VALUES = ["16:30", "36", "36h", "-1", "0x", "1e999", ".nan", "~", "null", "true", "2026-01-16", "9h", "x.y:z"]
WORDS = ["attempts <= ", "recovered-within", "limit", "refuse", "crash", "at: 1h", "call: 5", "worlds", "checks"]
SCRAPS = st.sampled_from([*YAML, *VALUES, *WORDS]) | st.text(max_size=8)
LINES = GOOD.splitlines(keepends=True)


@st.composite
def mangled(draw):
    """The good file with a few stretches replaced, lines moved or lines left out."""
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(SCRAPS) + text[start + draw(st.integers(0, 12)) :]
    if draw(st.booleans()):
        lines = text.splitlines(keepends=True)
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(LINES)))
        text = "".join(lines)
    return text


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("scenario") / "any.yaml"


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=st.one_of(mangled(), st.text()))
def test_any_text_is_a_scenario_or_a_clear_error(path, text):
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        scenario = load(path)
    except ScenarioError as error:
        assert str(error).startswith(f"{path}")
        assert all(1 <= problem.line <= text.count("\n") + 2 + text.count("\r") for problem in error.problems)
    else:
        assert isinstance(scenario, Scenario)
        for world in scenario.worlds:
            assert scenario.plan(world) is not None
            assert scenario.checks_of(world) is not None
