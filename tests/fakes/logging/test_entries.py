"""Log entries: what is taken, what is refused, and how they come back."""

import pytest

from fakes.logging.entries import Entries, EntryPb, Limits
from fakes.seam import GrpcError

DAY_NS = 86_400 * 10**9
NOW_NS = 1_768_521_600 * 10**9


def entry(text, at_ns=None, log="projects/p1/logs/a"):
    made = EntryPb(log_name=log, text_payload=text)
    if at_ns is not None:
        made.timestamp.seconds, made.timestamp.nanos = divmod(at_ns, 10**9)
    return made


def texts(entries):
    return [one.fields["textPayload"] for one in entries.find({"projects/p1"}, lambda _fields: True)]


def test_entries_come_in_the_order_of_their_times_not_of_their_arrival():
    entries = Entries(Limits())
    entries.add(entry("late", NOW_NS + 2), NOW_NS)
    entries.add(entry("early", NOW_NS + 1), NOW_NS)
    assert texts(entries) == ["early", "late"]


def test_entries_go_when_their_retention_is_over():
    entries = Entries(Limits(retention_days=30))
    entries.add(entry("old"), NOW_NS)
    entries.add(entry("new"), NOW_NS + 31 * DAY_NS)
    assert texts(entries) == ["new"]


@pytest.mark.parametrize("at_ns", [NOW_NS + 2 * DAY_NS, NOW_NS - 31 * DAY_NS])
def test_an_entry_from_too_far_away_in_time_is_refused(at_ns):
    with pytest.raises(GrpcError, match="timestamp"):
        Entries(Limits()).add(entry("x", at_ns), NOW_NS)


@pytest.mark.parametrize("log", ["", "a", "projects/p1/a", "projects/p1/logs/a/b", "projects/p1/logs/a b"])
def test_a_bad_log_name_is_refused_and_shown(log):
    with pytest.raises(GrpcError, match="log name"):
        Entries(Limits()).add(entry("x", log=log), NOW_NS)


def test_the_oldest_go_when_there_are_too_many():
    entries = Entries(Limits(most_entries=20))
    for number in range(50):
        entries.add(entry(str(number)), NOW_NS + number)
    assert texts(entries) == [str(number) for number in range(30, 50)]
