"""One operation for many callers."""

import asyncio

import pytest

from events.single_flight import SingleFlight


class Operation:
    """Counts its runs; each waits until `open` is set, and fails with `error` if there is one."""

    def __init__(self) -> None:
        self.runs, self.open, self.error = 0, asyncio.Event(), None

    async def __call__(self) -> int:
        self.runs += 1
        number = self.runs
        await self.open.wait()
        if self.error:
            raise self.error
        return number


async def test_callers_of_one_key_share_a_run_and_other_keys_have_their_own():
    operation, flight = Operation(), SingleFlight()
    calls = [asyncio.create_task(flight.run(key, operation)) for key in ("a", "a", "b", "a")]
    await asyncio.sleep(0)
    operation.open.set()
    assert await asyncio.gather(*calls) == [1, 1, 2, 1]
    assert await flight.run("a", operation) == 3, "nothing is cached"


async def test_every_caller_gets_the_failure_and_the_next_call_starts_anew():
    operation, flight = Operation(), SingleFlight()
    operation.error = ConnectionError("away")
    operation.open.set()
    results = await asyncio.gather(*(flight.run("a", operation) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in results] == [ConnectionError] * 3
    operation.error = None
    assert await flight.run("a", operation) == 2


@pytest.mark.parametrize("error", [None, ConnectionError("away")])
async def test_the_operation_ends_without_complaint_when_every_caller_is_cancelled(error, caplog):
    operation, flight = Operation(), SingleFlight()
    operation.error = error
    calls = [asyncio.create_task(flight.run("a", operation)) for _ in range(2)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    operation.open.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert operation.runs == 1 and not caplog.records
    assert flight._running == {}


async def test_a_cancelled_caller_takes_nothing_from_the_others():
    operation, flight = Operation(), SingleFlight()
    first, second = (asyncio.create_task(flight.run("a", operation)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    operation.open.set()
    assert await second == 1
