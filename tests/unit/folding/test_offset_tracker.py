"""Each record of a topic once and in order."""

import asyncio
from types import SimpleNamespace

import pytest
from tests.unit.folding.stage import FaustApp

from folding.offset_tracker import OffsetGap, OffsetTracker


def message(offset: int, generation: int = 1, topic: str = "in"):
    return SimpleNamespace(topic=topic, tp="tp", offset=offset, generation_id=generation)


async def test_records_count_once_and_in_order():
    tracker = OffsetTracker(FaustApp(committed=5), "in")
    found = [await tracker.is_next(message(offset)) for offset in (5, 6, 5, 6, 7)]
    assert found == [True, True, False, False, True]


async def test_a_skipped_record_is_noticed():
    tracker = OffsetTracker(FaustApp(committed=5), "in")
    with pytest.raises(OffsetGap):
        await tracker.is_next(message(6))
    assert await tracker.is_next(message(9, topic="another"))


async def test_what_retention_deleted_is_not_missed():
    app = FaustApp(committed=None, earliest=40)
    tracker = OffsetTracker(app, "in")
    assert await tracker.is_next(message(40))
    app.earliest = 60
    assert await tracker.is_next(message(60))


async def test_a_new_generation_starts_at_the_committed_offset():
    app = FaustApp(committed=5)
    tracker = OffsetTracker(app, "in")
    assert await tracker.is_next(message(5))
    app._committed_offset["tp"] = 90
    assert await tracker.is_next(message(90, generation=2))


async def test_after_a_recovery_records_are_expected_from_the_committed_offset():
    tracker = OffsetTracker(FaustApp(committed=5), "in")
    assert [await tracker.is_next(message(offset)) for offset in (5, 6)] == [True, True]
    tracker.reset()
    assert await tracker.is_next(message(5))


async def test_the_watchdog_asks_meanwhile_and_sets_nothing_back():
    class Slow(FaustApp):
        async def earliest_offsets(self, partition: str) -> dict[str, int]:
            await answer.wait()
            return await super().earliest_offsets(partition)

    answer = asyncio.Event()
    tracker = OffsetTracker(Slow(committed=5), "in")
    watching = asyncio.create_task(tracker.next_offset("tp"))
    await asyncio.sleep(0)
    assert await tracker.is_next(message(5))
    answer.set()
    await watching
    assert await tracker.is_next(message(6)), "the record after it is still the next one"
