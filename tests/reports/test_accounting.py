"""Rows and attempts stand side by side, and so does the record: 7,139 / 5,061 / 2,064 / 14."""

from dataclasses import replace

import pytest

from reports.accounting import accounts, intervals
from reports.run import Run
from reports.timeline import Timeline
from tests.reports.storm import PER_HOUR, RECORD


def test_the_record_comes_first_with_its_own_figures(run: Run) -> None:
    record = accounts(run)[0]
    assert record.is_record
    assert (record.rows, record.rows_failed, record.rows_running, record.rows_success) == (7139, 5061, 2064, 14)
    assert record.attempts == 5075
    assert record.worst == 878
    assert record.failed_share_of_rows == pytest.approx(0.709, abs=5e-4)
    assert record.failed_share_of_attempts is None


def test_each_world_is_counted_both_ways(run: Run) -> None:
    as_was = accounts(run)[1]
    count = sum(PER_HOUR["as_was"].values())
    started = sum(n for hour, n in PER_HOUR["as_was"].items() if 16 <= hour < 28)
    assert (as_was.attempts, as_was.attempts_failed) == (count, count)
    assert (as_was.rows, as_was.rows_failed, as_was.rows_running) == (count + started, count, started)
    assert as_was.rows_other == 0
    assert as_was.failed_share_of_rows is not None
    assert as_was.failed_share_of_rows < 0.6
    assert as_was.failed_share_of_attempts == 1


def test_the_hours_add_up_to_the_totals(run: Run) -> None:
    lines = intervals(run)
    for account in accounts(run)[1:]:
        assert sum(line.attempts[account.name] or 0 for line in lines) == account.attempts
        assert sum(line.rows[account.name] or 0 for line in lines) == account.rows
    assert sum(line.recorded or 0 for line in lines) == sum(RECORD.values())


def test_a_run_in_which_nobody_counted_has_no_accounts(run: Run) -> None:
    world = replace(run.worlds[0], timeline=Timeline(600, 10))
    record = run.record.model_copy(update={"reference": None})
    assert accounts(replace(run, record=record, worlds=(world,))) == []
