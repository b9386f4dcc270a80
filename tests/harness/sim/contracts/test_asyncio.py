"""asyncio: tasks, time outs, what tasks wait on together, and how they end."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.harness.sim.contracts.contract import Library, Trace, contract

ABOUT = Library("asyncio", standard=True)


async def _slept(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


@contract(ABOUT)
def test_a_task_group_waits_for_all_and_cancels_the_rest_at_an_error(trace: Trace) -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise ValueError("early")

    async def patient() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(0.5)
            trace("tidied up")
            raise

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_slept(seconds)) for seconds in (1, 3, 2)]
        trace("all", [task.result() for task in tasks])
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(patient())
                group.create_task(fail())
        except* ValueError as errors:
            trace("raised", [str(error) for error in errors.exceptions])

    asyncio.run(main())
    trace.expect((3, "all", [1, 3, 2]), (4.5, "tidied up"), (4.5, "raised", ["early"]))


@contract(ABOUT)
def test_timeout_and_wait_for_end_at_their_instant_and_can_be_put_off(trace: Trace) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(5) as limit:
                await asyncio.sleep(4)
                limit.reschedule(loop.time() + 5)
                trace("put off")
                await asyncio.sleep(60)
        except TimeoutError:
            trace("timeout", limit.expired())
        try:
            async with asyncio.timeout(10):
                async with asyncio.timeout(1):
                    await asyncio.sleep(60)
        except TimeoutError:
            trace("the inner one")
        try:
            await asyncio.wait_for(asyncio.sleep(60), 2)
        except TimeoutError:
            trace("wait_for")
        trace(await asyncio.wait_for(_slept(1), 2))

    asyncio.run(main())
    trace.expect(
        (4, "put off"),
        (9, "timeout", True),
        (10, "the inner one"),
        (12, "wait_for"),
        (13, 1),
    )


@contract(ABOUT)
def test_wait_gather_and_as_completed_tell_ends_in_order(trace: Trace) -> None:
    async def fail(seconds: float) -> None:
        await asyncio.sleep(seconds)
        raise ValueError(seconds)

    async def main() -> None:
        trace("gathered", await asyncio.gather(_slept(2), _slept(1)))
        answers = await asyncio.gather(_slept(2), fail(1), return_exceptions=True)
        trace("gathered", [repr(answer) for answer in answers])
        for next_one in asyncio.as_completed([_slept(seconds) for seconds in (3, 1, 2)]):
            trace("completed", await next_one)
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(work) for work in (_slept(1), fail(2), _slept(9))]
        for return_when in (asyncio.FIRST_COMPLETED, asyncio.FIRST_EXCEPTION):
            done, pending = await asyncio.wait(tasks, return_when=return_when)
            trace(return_when, len(done), len(pending))
        done, pending = await asyncio.wait(tasks, timeout=4)
        trace("time out", [tasks.index(task) for task in done], len(pending))

    asyncio.run(main())
    trace.expect(
        (2, "gathered", [2, 1]),
        (4, "gathered", ["2", "ValueError(1)"]),
        (5, "completed", 1),
        (6, "completed", 2),
        (7, "completed", 3),
        (8, "FIRST_COMPLETED", 1, 2),
        (9, "FIRST_EXCEPTION", 2, 1),
        (13, "time out", [0, 1], 1),
    )


@contract(ABOUT)
def test_coroutines_given_to_as_completed_start_in_the_order_given(trace: Trace) -> None:
    async def note(number: int) -> int:
        trace("started", number)
        await asyncio.sleep(1)
        return number

    async def main() -> None:
        trace([await done for done in asyncio.as_completed([note(number) for number in range(6)])])

    asyncio.run(main())
    trace.expect(*((0, "started", number) for number in range(6)), (1, [0, 1, 2, 3, 4, 5]))


@contract(ABOUT)
def test_waiters_meet_at_queues_semaphores_conditions_barriers_and_events(trace: Trace) -> None:
    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue(2)

        async def consume() -> None:
            while True:
                item = await queue.get()
                await asyncio.sleep(1)
                trace("consumed", item)
                queue.task_done()

        consumer = asyncio.create_task(consume())
        for item in range(4):
            await queue.put(item)
        trace("put", queue.full())
        await queue.join()
        consumer.cancel()

        permits = asyncio.Semaphore(2)

        async def permitted(number: int) -> None:
            async with permits:
                await asyncio.sleep(1)
                trace("permitted", number)

        await asyncio.gather(*map(permitted, range(3)))

        condition, ready = asyncio.Condition(), False

        async def hear(number: int) -> None:
            async with condition:
                await condition.wait_for(lambda: ready)
                trace("heard", number)

        hearing = [asyncio.create_task(hear(number)) for number in range(2)]
        await asyncio.sleep(1)
        async with condition:
            ready = True
            condition.notify_all()
        await asyncio.wait(hearing)

        barrier = asyncio.Barrier(3)

        async def meet(number: int) -> None:
            await asyncio.sleep(number)
            async with barrier as place:
                trace("met", number, place)

        await asyncio.gather(*map(meet, range(3)))

    asyncio.run(main())
    trace.expect(
        (1, "consumed", 0),
        (1, "put", True),
        (2, "consumed", 1),
        (3, "consumed", 2),
        (4, "consumed", 3),
        (5, "permitted", 0),
        (5, "permitted", 1),
        (6, "permitted", 2),
        (7, "heard", 0),
        (7, "heard", 1),
        (9, "met", 2, 2),
        (9, "met", 0, 0),
        (9, "met", 1, 1),
    )


@contract(ABOUT)
def test_a_shielded_task_outlives_the_one_that_waits_and_a_cancellation_says_why(trace: Trace) -> None:
    async def kept() -> str:
        await asyncio.sleep(5)
        trace("kept on")
        return "kept"

    async def main() -> None:
        inner = asyncio.create_task(kept())
        try:
            await asyncio.wait_for(asyncio.shield(inner), 2)
        except TimeoutError:
            trace("gave up", inner.done())
        trace(await inner)
        task = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(1)
        task.cancel("no longer wanted")
        try:
            await task
        except asyncio.CancelledError as error:
            trace("cancelled", str(error), task.cancelled())

    asyncio.run(main())
    trace.expect((2, "gave up", False), (5, "kept on"), (5, "kept"), (6, "cancelled", "no longer wanted", True))


@contract(ABOUT)
def test_a_runner_keeps_its_loop_and_closes_what_is_left(trace: Trace) -> None:
    async def forgotten() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            trace("closed")

    async def numbers() -> Any:
        try:
            for number in range(10):
                yield number
        finally:
            trace("generator closed")

    async def main(runner: asyncio.Runner) -> None:
        tasks = [asyncio.create_task(forgotten())]
        generator = numbers()
        await anext(generator)
        await asyncio.sleep(1)
        trace(runner.get_loop() is asyncio.get_running_loop(), len(tasks))
        kept.append(generator)

    kept: list[Any] = []
    with asyncio.Runner() as runner:
        trace(runner.run(_slept(2)))
        runner.run(main(runner))
    trace("over")
    trace.expect((2, 2), (3, True, 1), (3, "closed"), (3, "generator closed"), (3, "over"))


@contract(ABOUT)
def test_context_variables_follow_tasks_and_threads(trace: Trace) -> None:
    import contextvars

    request: contextvars.ContextVar[str] = contextvars.ContextVar("request")

    def blocking() -> str:
        time.sleep(1)
        return request.get()

    async def handle(name: str) -> str:
        request.set(name)
        await asyncio.sleep(1)
        return await asyncio.to_thread(blocking)

    async def main() -> None:
        request.set("main")
        trace(await asyncio.gather(handle("a"), handle("b")), request.get())

    asyncio.run(main())
    trace.expect((2, ["a", "b"], "main"))
