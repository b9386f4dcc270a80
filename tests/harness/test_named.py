"""Functions by name: found without running anything, loaded with clear errors."""

import sys

import pytest

from harness.named import UnresolvedNameError, find_function, load_function


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "shop_under_test"
    (folder / "deep").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (folder / "deep" / "__init__.py").write_text("")
    (folder / "deep" / "worlds.py").write_text(
        "import os\nfrom json import loads as parse\nraise RuntimeError('imported')\n"
        "if os:\n    def build(tunnel): ...\nalias = parse\nfixed: object = None\n"
    )
    (folder / "deep" / "starred.py").write_text("from os.path import *\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.startswith("shop_under_test")]:
        del sys.modules[name]


@pytest.mark.parametrize("function", ["build", "parse", "alias", "fixed"])
def test_a_function_is_found_without_running_its_module(package, function):
    find_function(f"shop_under_test.deep.worlds:{function}")


def test_what_a_star_import_brings_is_taken_on_trust(package):
    find_function("shop_under_test.deep.starred:join")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("shop_under_test.deep.worlds:biuld", "has no function 'biuld'; did you mean 'build'"),
        ("shop_under_test.deep.wrolds:build", r"there is no module 'shop_under_test\.deep\.wrolds'"),
        ("no_such_package.worlds:build", "there is no module 'no_such_package'"),
        ("shop_under_test.deep.worlds", "names no function; write 'package.module:function'"),
    ],
)
def test_a_name_that_leads_nowhere_says_at_which_step(package, name, says):
    with pytest.raises(UnresolvedNameError, match=says):
        find_function(name)


def test_what_the_module_itself_raises_is_not_hidden(package):
    with pytest.raises(RuntimeError, match="imported"):
        load_function("shop_under_test.deep.worlds:build")


def test_a_function_is_loaded():
    from json import dumps

    assert load_function("json:dumps") is dumps


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("json:dupms", "did you mean 'dumps'"),
        ("json.no_such:dumps", r"there is no module 'json\.no_such'"),
        ("json:__doc__", "has no function '__doc__'"),
    ],
)
def test_a_name_that_cannot_be_loaded_says_why(name, says):
    with pytest.raises(UnresolvedNameError, match=says):
        load_function(name)
