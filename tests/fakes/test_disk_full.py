"""A disk that is full: every service answers as one that is unavailable, and tells nobody of success it cannot keep."""

import gc

import pytest

from benchmarks.workloads import WORKLOADS
from fakes.journal import Journal
from fakes.redis import create as create_redis
from fakes.redis.resp import encode
from fakes.seam import GrpcError
from fakes.smtp import create as create_smtp
from fakes.wire.surroundings import RealSurroundings
from tests.fakes.manual import ManualSurroundings
from tests.fakes.test_mounts_fuzz import talk


def full(journal: Journal) -> None:
    """No page can be added, and none of those there is free."""
    [[pages]] = journal._file.execute("PRAGMA page_count")
    journal._file.execute(f"PRAGMA max_page_count={pages}")


def empty(journal: Journal) -> None:
    journal._file.execute("PRAGMA max_page_count=100000")


def journal_in(folder) -> Journal:
    [journal] = [one for one in gc.get_objects() if isinstance(one, Journal) and not one.closed and at(one, folder)]
    return journal


def at(journal: Journal, folder) -> bool:
    return journal._file.execute("PRAGMA database_list").fetchone()[2].startswith(str(folder))


@pytest.mark.parametrize("service", ["firestore", "logging", "ses"])
def test_a_call_that_cannot_be_kept_is_refused_and_works_again_when_there_is_room(service, tmp_path):
    around = RealSurroundings(service)
    use = WORKLOADS[service].begin(around, tmp_path)
    use(0)
    journal = journal_in(tmp_path)
    full(journal)
    with pytest.raises((AssertionError, GrpcError)) as refused:
        for number in range(4, 1000):
            use(number)
    error = refused.value
    assert (error.code if isinstance(error, GrpcError) else str(error)[:11]) in ("UNAVAILABLE", "POST /: 503")
    assert "cannot keep its state" in str(error)
    empty(journal)
    for number in range(8):
        use(number)
    journal.close()
    around.close()


def test_redis_and_smtp_refuse_in_their_own_words(tmp_path):
    redis, smtp = (
        create_redis(ManualSurroundings(), data=tmp_path / "r"),
        create_smtp(ManualSurroundings(), data=tmp_path / "s"),
    )
    journals = [journal_in(tmp_path / "r"), journal_in(tmp_path / "s")]
    for journal in journals:
        full(journal)
    said = encode([b"SET", b"k", b"x" * 100_000])
    assert talk(redis, said, 1 << 20).startswith(b"-LOADING the emulator cannot keep its state")
    mail = b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n\r\n" + b"x" * 100_000 + b"\r\n.\r\nQUIT\r\n"
    assert b"\r\n4" in talk(smtp, mail, 1 << 20)
    for journal in journals:
        empty(journal)
    assert talk(redis, said, 1 << 20) == b"+OK\r\n"
    assert b"\r\n250 2.0.0" in talk(smtp, mail, 1 << 20)
    redis.close()
    smtp.close()
