"""Files that a run writes are as old as its clock says; those that lay there before keep their times."""

import logging.handlers
import os
import sqlite3
import tempfile
import time
from pathlib import Path

import pytest

from tests.harness.sim.beside import side_by_side
from tests.harness.sim.simulated import EPOCH_NS, in_simulation, simulated

HOUR_NS = 3600 * 10**9


@simulated
def test_a_file_has_the_time_at_which_it_was_written_however_it_is_asked() -> None:
    path = Path(tempfile.mkdtemp()) / "cache.json"
    time.sleep(3600)
    path.write_text("{}")
    before = time.time_ns()
    time.sleep(7200)
    with path.open() as file:
        told = [path.stat(), path.lstat(), os.fstat(file.fileno())]
    told += [next(os.scandir(path.parent)).stat()]
    assert {(each.st_mtime_ns, each.st_ctime_ns, each.st_size) for each in told} == {(told[0].st_mtime_ns,) * 2 + (2,)}
    assert before - 1000 < told[0].st_mtime_ns <= before
    assert told[0].st_mtime == pytest.approx(told[0].st_mtime_ns / 1e9)
    assert told[0][8] == told[0].st_mtime_ns // 10**9
    assert (told[0].st_mode, told[0].st_nlink) == (0o100644, 1)


@simulated
def test_writing_again_renaming_and_setting_times_are_followed() -> None:
    folder = Path(tempfile.mkdtemp())
    path, other = folder / "one", folder / "other"

    def age_s(of: Path) -> int:
        return round(time.time() - of.stat().st_mtime)

    path.touch()
    time.sleep(100)
    assert age_s(path) == 100
    path.rename(other)
    assert age_s(other) == 100
    with other.open("a") as file:
        file.write("more")
    time.sleep(10)
    assert age_s(other) == 10
    os.utime(other, (1_000_000_000, 1_000_000_000))
    assert other.stat().st_mtime == 1_000_000_000
    os.utime(other, ns=(time.time_ns(), time.time_ns() + 500 * 10**9))  # as copies of files with their times do
    assert age_s(other) == -500
    other.touch()
    assert age_s(other) == 0
    other.unlink()
    time.sleep(10)
    other.write_text("anew")
    assert age_s(other) == 0


@simulated
def test_folders_are_as_old_as_their_last_entry() -> None:
    folder = Path(tempfile.mkdtemp())
    time.sleep(60)
    (folder / "one").touch()
    time.sleep(5)
    (folder / "one").write_text("no new entry")
    assert round(time.time() - folder.stat().st_mtime) == 5
    (folder / "two").mkdir()
    assert round(time.time() - folder.stat().st_mtime) == 0


@simulated
def test_what_is_written_past_the_interpreter_is_as_old_as_it_was_first_seen() -> None:
    import duckdb

    path = Path(tempfile.mkdtemp()) / "table.parquet"
    duckdb.sql(f"copy (select 1 as n) to '{path}' (format parquet)")
    assert round(time.time() - path.stat().st_mtime) == 0
    time.sleep(30)
    assert round(time.time() - path.stat().st_mtime) == 30
    database = path.with_name("a.db")
    sqlite3.connect(database).execute("create table t (n int)")
    time.sleep(7)
    assert round(time.time() - database.stat().st_mtime) == 7


@simulated
def test_logs_rotate_by_the_age_of_their_file() -> None:
    path = Path(tempfile.mkdtemp()) / "app.log"
    log = logging.getLogger("rotating")
    for _ in range(3):
        handler = logging.handlers.TimedRotatingFileHandler(path, when="H", utc=True)
        log.addHandler(handler)
        log.warning("said")
        log.removeHandler(handler)
        handler.close()
        time.sleep(3600)
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "app.log",
        "app.log.2026-01-16_00",
        "app.log.2026-01-16_01",
    ]


def ask_of_an_older_file(path: str) -> list[int]:
    return [Path(path).stat().st_mtime_ns, Path(path).stat().st_ctime_ns]


def test_a_file_from_before_the_run_keeps_its_times(tmp_path: Path) -> None:
    path = tmp_path / "older"
    path.touch()
    long_ago_ns = path.stat().st_mtime_ns - HOUR_NS
    os.utime(path, ns=(long_ago_ns, long_ago_ns))
    told = in_simulation(f"{__name__}:ask_of_an_older_file", path=str(path))
    assert told == [long_ago_ns, path.stat().st_ctime_ns]
    assert told[0] > EPOCH_NS


@simulated
def test_processes_see_each_others_files_at_one_time() -> None:
    path = Path(tempfile.mkdtemp()) / "shared"

    def writes():
        path.write_text("mine")
        yield path.stat().st_mtime_ns

    def reads():
        time.sleep(5)
        yield path.stat().st_mtime_ns

    (written,), (read,) = side_by_side(writes, reads)
    assert written == read
