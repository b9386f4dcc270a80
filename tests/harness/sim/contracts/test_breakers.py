"""Circuit breakers: pybreaker and aiobreaker."""

from __future__ import annotations

from tests.harness.sim.contracts.contract import Library, Trace, contract

PYBREAKER = Library("pybreaker")
AIOBREAKER = Library("aiobreaker", loads=("aiobreaker", "asyncio"))


@contract(PYBREAKER)
def test_pybreaker_opens_and_tries_again_after_its_time_out(trace: Trace) -> None:
    import time

    import pybreaker

    class Listener(pybreaker.CircuitBreakerListener):
        def state_change(self, cb, old_state, new_state) -> None:
            trace(old_state.name, new_state.name)

    breaker = pybreaker.CircuitBreaker(fail_max=3, reset_timeout=60, listeners=[Listener()])
    healthy = False

    def call() -> str:
        if not healthy:
            raise OSError("down")
        return "done"

    for second in range(130):
        healthy = second > 100
        try:
            trace(breaker.call(call))
            break
        except OSError:
            trace("failed")
        except pybreaker.CircuitBreakerError:
            pass
        time.sleep(1)
    trace.expect(
        (0, "failed"),
        (1, "failed"),
        (2, "closed", "open"),
        (62, "open", "half-open"),
        (62, "half-open", "open"),
        (122, "open", "half-open"),
        (122, "half-open", "closed"),
        (122, "done"),
    )


@contract(AIOBREAKER)
def test_aiobreaker_opens_and_tries_again_after_its_time_out(trace: Trace) -> None:
    import asyncio
    from datetime import timedelta

    import aiobreaker

    breaker = aiobreaker.CircuitBreaker(fail_max=2, timeout_duration=timedelta(seconds=30))
    healthy = False

    async def call() -> str:
        if not healthy:
            raise OSError("down")
        return "done"

    async def main() -> None:
        nonlocal healthy
        for second in range(100):
            healthy = second > 40
            try:
                trace(await breaker.call_async(call))
                break
            except aiobreaker.CircuitBreakerError:
                pass
            except OSError:
                trace("failed")
            await asyncio.sleep(1)

    asyncio.run(main())
    trace.expect(
        (0, "failed"),
        (61, "done"),
    )
