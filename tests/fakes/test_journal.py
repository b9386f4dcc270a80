"""A journal gives back whole transactions and all it acknowledged, wherever its process was killed."""

import shutil
import sqlite3
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.journal import Journal, JournalError, Ledger

KEYS = st.sampled_from(["a", "b", "c"])
CHANGES = st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=5000)), min_size=1, max_size=4)


def contents(folder: Path) -> dict[str, bytes]:
    journal = Journal(folder)
    found = {key: value for (key,), value in journal.records("k")}
    journal.close()
    return found


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.lists(CHANGES, max_size=12), st.data())
def test_after_a_kill_there_is_what_was_acknowledged_or_a_torn_tail_is_cut_off(transactions, data):
    with TemporaryDirectory() as place:
        folder = Path(place)
        journal = Journal(folder / "live")
        states: list[dict[str, bytes]] = [{}]
        killed = data.draw(st.integers(0, len(transactions)), label="killed after")
        for number, changes in enumerate(transactions):
            if number == killed:
                shutil.copytree(folder / "live", folder / "killed")
            journal.write([("k", (key,), value) for key, value in changes])
            state = dict(states[-1])
            for key, value in changes:
                state.pop(key, None) if value is None else state.update({key: value})
            states.append(state)
        if killed == len(transactions):
            shutil.copytree(folder / "live", folder / "killed")
        log = folder / "killed" / "journal.sqlite-wal"
        torn = data.draw(st.integers(0, log.stat().st_size if log.exists() else 0), label="torn off")
        if torn:
            log.write_bytes(log.read_bytes()[:-torn])
            assert contents(folder / "killed") in states[: killed + 1]
        else:
            assert contents(folder / "killed") == states[killed]
        journal.close()


def test_records_come_back_in_the_order_they_first_came(tmp_path):
    journal = Journal(tmp_path)
    journal.write([("k", (name,), b"1") for name in "cab"])
    journal.write([("k", ("a",), b"2"), ("other", ("z",), b"")])
    assert [key[0] for key, _ in journal.records("k")] == ["c", "a", "b"]


def test_a_folder_serves_one_process_at_a_time(tmp_path):
    journal = Journal(tmp_path)
    with pytest.raises(JournalError, match="another process"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


def test_what_cannot_be_a_journal_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be made"):
        Journal(tmp_path / "file" / "below")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "journal.sqlite").write_text("no database" * 1000)
    with pytest.raises(JournalError, match="not a journal of ours"):
        Journal(tmp_path / "text")
    Journal(tmp_path / "later").close()
    with sqlite3.connect(tmp_path / "later" / "journal.sqlite") as file:
        file.execute("PRAGMA user_version=99")
    file.close()
    with pytest.raises(JournalError, match="format 99"):
        Journal(tmp_path / "later")


def test_a_file_that_shrank_inside_is_compacted(tmp_path):
    journal = Journal(tmp_path)
    journal.write([("k", (str(number),), bytes(10_000)) for number in range(100)])
    journal.write([("k", (str(number),), None) for number in range(100)])
    journal.close()
    before = (tmp_path / "journal.sqlite").stat().st_size
    Journal(tmp_path).close()
    assert (tmp_path / "journal.sqlite").stat().st_size < before / 10


def test_a_ledger_writes_what_is_true_when_its_lock_is_let_go_for_good(tmp_path):
    journal = Journal(tmp_path)
    ledger = Ledger(journal)
    state = {"x": b"0"}
    ledger.keep("k", state.get)
    with ledger.lock:
        with ledger.lock:
            ledger.note("k", "x")
            state["x"] = b"1"
        assert list(journal.records("k")) == []
        state["x"] = b"2"
    assert list(journal.records("k")) == [(("x",), b"2")]
    with pytest.raises(ZeroDivisionError), ledger.lock:
        del state["x"]
        ledger.note("k", "x")
        raise ZeroDivisionError
    assert list(journal.records("k")) == []


def test_a_ledger_that_cannot_write_says_so_and_tries_again(tmp_path):
    journal = Journal(tmp_path)
    ledger = Ledger(journal)
    ledger.keep("k", lambda name: b"1")
    journal._file.execute("PRAGMA query_only=1")
    with pytest.raises(JournalError, match="cannot be kept"), ledger.lock:
        ledger.note("k", "x")
    journal._file.execute("PRAGMA query_only=0")
    with ledger.lock:
        pass
    assert list(journal.records("k")) == [(("x",), b"1")]


def test_a_ledger_keeps_threads_apart(tmp_path):
    ledger = Ledger(Journal(tmp_path))
    count = [0]
    ledger.keep("k", lambda: b"%d" % count[0])

    def work() -> None:
        for _ in range(50):
            with ledger.lock:
                seen = count[0]
                ledger.note("k")
                count[0] = seen + 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.journal is not None
    assert list(ledger.journal.records("k")) == [((), b"200")]
