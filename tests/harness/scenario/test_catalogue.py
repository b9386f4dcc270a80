"""Scenarios are found by name under the project's folders, and by path from anywhere."""

import pytest

from harness.scenario.catalogue import Project
from harness.scenario.errors import ScenarioError

SCENARIO = "title: {}\nstart: 2026-01-16T00:00:00Z\nspan: 1h\nworlds: {{w: a.b:c}}\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.windtunnel]\nscenarios = ["one", "two"]\n')
    for name in ("one/incidents/storm", "two/incidents/storm", "two/quiet"):
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SCENARIO.format(name))
    return tmp_path


def test_names_are_paths_without_suffix_and_the_first_folder_wins(root):
    deep = root / "src" / "deep"
    deep.mkdir(parents=True)
    project = Project.nearest(deep)
    assert project.root == root
    assert list(project.names()) == ["incidents/storm", "quiet"]
    assert project.find("incidents/storm").title == "one/incidents/storm"


def test_a_pyproject_without_settings_is_passed_over(root):
    inner = root / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert Project.nearest(inner).root == root


def test_a_path_to_a_file_works_from_anywhere_and_keeps_the_name_it_is_known_by(root, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "mine.yaml").write_text(SCENARIO.format("mine"))
    monkeypatch.chdir(elsewhere)
    assert Project.nearest(elsewhere).find("mine.yaml").name == "mine"
    assert Project.nearest(root).find(str(root / "two/quiet.yaml")).name == "quiet"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("incidents/strom", r"no scenario 'incidents/strom'; did you mean 'incidents/storm'\?"),
        ("zzz", r"no scenario 'zzz'; it can be incidents/storm, quiet"),
        ("zzz.yaml", r"no file zzz\.yaml"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_what_there_is(root, name, says):
    with pytest.raises(ScenarioError, match=says):
        Project.nearest(root).find(name)


def test_without_settings_the_message_says_where_to_put_them(tmp_path):
    with pytest.raises(ScenarioError, match=r"\[tool.windtunnel\] scenarios in pyproject.toml names no folder"):
        Project.nearest(tmp_path).find("storm")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("[tool.windtunnel]\nscenarios = 'x'\n", r"scenarios is 'x'; make it a list of folders"),
        ("[tool.windtunnel]\nscenarios = ['gone']\n", r"gone, which is no folder"),
        ("[tool.windtunnel\n", r"pyproject\.toml can't be read"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path, settings, says):
    (tmp_path / "pyproject.toml").write_text(settings)
    with pytest.raises(ScenarioError, match=says):
        Project.nearest(tmp_path)
