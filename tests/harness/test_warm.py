"""A zygote that is kept warm runs each job where the one who asks for it is, and is replaced when it is dead."""

import json
import os
import sys
from pathlib import Path

import pytest

from harness import warm

TOLD = Path(__file__).parents[2]


def tell(channel, path):
    """The child's side."""
    import at_home

    told = {"directory": str(Path.cwd()), "word": os.environ.get("WORD"), "pid": os.getppid(), "home": at_home.NAME}
    Path(path).write_text(json.dumps({**told, "first": sys.path[0]}))


def told_by(zygote, roots):
    job = zygote.start(f"{__name__}:tell", {"path": "told.json"}, Path("output.txt"), [*roots, TOLD])
    errors = [message["traceback"] for message in zygote.messages(job) if message["kind"] == "error"]
    assert not errors, errors
    return json.loads(Path("told.json").read_text())


def test_a_job_begins_in_the_environment_and_directory_of_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = set()
    for name in ("one", "two"):
        home = tmp_path / name
        (home / "lib").mkdir(parents=True)
        (home / "lib" / "at_home.py").write_text(f"NAME = {name!r}")
        monkeypatch.chdir(home)
        monkeypatch.setenv("WORD", name)
        told = told_by(warm.zygote(), [home / "lib"])
        pids.add(told.pop("pid"))
        assert told == {"directory": str(home), "word": name, "home": name, "first": str(home)}
        assert (home / "output.txt").exists()
    assert len(pids) == 1


def test_a_dead_zygote_is_replaced_and_settings_have_zygotes_of_their_own() -> None:
    kept = warm.zygote(["wave"])
    assert kept.is_alive
    assert warm.zygote(["wave"]) is kept
    assert warm.zygote() is not kept
    kept.abort()
    assert not kept.is_alive
    assert warm.zygote(["wave"]) is not kept
