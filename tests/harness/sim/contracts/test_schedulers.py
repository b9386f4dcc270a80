"""Schedulers: APScheduler, schedule and sched."""

from __future__ import annotations

from tests.harness.sim.contracts.contract import Library, Trace, contract

APSCHEDULER = Library(
    "apscheduler",
    loads=("apscheduler.schedulers.background", "apscheduler.schedulers.blocking", "apscheduler.schedulers.asyncio"),
)
SCHEDULE = Library("schedule")
SCHED = Library("sched", standard=True)


@contract(APSCHEDULER)
def test_apscheduler_runs_jobs_in_the_background_at_their_instants(trace: Trace) -> None:
    import time

    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(lambda: trace("every ten"), "interval", seconds=10)
    scheduler.add_job(lambda: trace("at the minute"), "cron", second=0)
    scheduler.start()
    time.sleep(65)
    scheduler.shutdown()
    trace("shut down")
    trace.expect(
        (10, "every ten"),
        (20, "every ten"),
        (30, "every ten"),
        (40, "every ten"),
        (50, "every ten"),
        (50, "at the minute"),
        (60, "every ten"),
        (65, "shut down"),
    )


@contract(APSCHEDULER)
def test_apscheduler_skips_what_still_runs_and_blocks_its_main_thread(trace: Trace) -> None:
    import threading
    import time

    from apscheduler import events
    from apscheduler.schedulers.blocking import BlockingScheduler

    scheduler = BlockingScheduler(timezone="UTC")

    def slow() -> None:
        trace("slow")
        time.sleep(15)

    scheduler.add_job(slow, "interval", seconds=10, max_instances=1)
    scheduler.add_listener(lambda event: trace("skipped"), events.EVENT_JOB_MAX_INSTANCES)
    threading.Timer(45, scheduler.shutdown, kwargs={"wait": False}).start()
    scheduler.start()
    trace("shut down")
    trace.expect(
        (10, "slow"),
        (20, "skipped"),
        (30, "slow"),
        (40, "skipped"),
        (45, "shut down"),
    )


@contract(APSCHEDULER)
def test_apscheduler_runs_coroutines(trace: Trace) -> None:
    import asyncio

    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    async def job() -> None:
        await asyncio.sleep(1)
        trace("job")

    async def main() -> None:
        scheduler = AsyncIOScheduler(timezone="UTC")
        scheduler.add_job(job, "interval", seconds=10)
        scheduler.start()
        await asyncio.sleep(35)
        scheduler.shutdown()

    asyncio.run(main())
    trace.expect(
        (11, "job"),
        (21, "job"),
        (31, "job"),
    )


@contract(SCHEDULE)
def test_schedule_runs_what_is_pending(trace: Trace) -> None:
    import time

    import schedule

    scheduler = schedule.Scheduler()
    scheduler.every(10).seconds.do(trace, "every ten")
    scheduler.every().minute.at(":30").do(trace, "at thirty")
    for _ in range(60):
        scheduler.run_pending()
        time.sleep(1)
    trace.expect(
        (10, "every ten"),
        (20, "every ten"),
        (20, "at thirty"),
        (30, "every ten"),
        (40, "every ten"),
        (50, "every ten"),
    )


@contract(SCHED)
def test_sched_runs_events_by_time_and_priority(trace: Trace) -> None:
    import sched

    scheduler = sched.scheduler()
    due_s = scheduler.timefunc() + 3
    scheduler.enterabs(due_s, 2, trace, ("second",))
    scheduler.enterabs(due_s, 1, trace, ("first",))
    cancelled = scheduler.enter(1, 1, trace, ("never",))
    scheduler.cancel(cancelled)
    scheduler.run()
    trace.expect(
        (3, "first"),
        (3, "second"),
    )
