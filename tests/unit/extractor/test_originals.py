"""One download of an original for all segments that a process decodes of it, and evicted when it is of no use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.doubles import ManualClock

from extractor.files.originals import IDLE_S, Originals
from extractor.files.storage_retry import BACKOFF, RETRY_FOR_S
from extractor.model.failures import Failed, StorageFailed
from objects.store import Gone
from objects.testing import MemoryObjects


class Store(MemoryObjects):
    """Counts downloads, and takes its time over them."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.broken = False

    @asynccontextmanager
    async def local_path(self, key: str) -> AsyncIterator[Path]:
        self.fetched.append(key)
        await asyncio.sleep(0.01)
        if self.broken:
            raise ConnectionError("away")
        async with super().local_path(key) as path:
            yield path


@pytest.fixture
async def store() -> Store:
    made = Store()
    for name in "abc":
        await made.put(name, name.encode() * 1000)
    return made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, tzinfo=UTC))


@asynccontextmanager
async def passing(clock: ManualClock) -> AsyncIterator[None]:
    """Time passes by itself."""

    async def pass_on() -> None:
        while True:
            clock.advance(0.5)
            await asyncio.sleep(0.001)

    task = asyncio.create_task(pass_on())
    try:
        yield
    finally:
        task.cancel()


async def read(originals: Originals, key: str) -> tuple[Path, bytes]:
    async with originals.open(key) as path:
        return path, path.read_bytes()


async def test_one_download_for_all_who_come_together_or_one_after_another(store: Store, clock: ManualClock) -> None:
    originals = Originals(store, 0, clock)
    both = await asyncio.gather(*(read(originals, "a") for _ in range(5)))
    later = await read(originals, "a")
    assert {content for _, content in [*both, later]} == {b"a" * 1000}
    assert store.fetched == ["a"]
    await originals.close()
    assert not later[0].exists()


async def test_unread_files_are_evicted_oldest_first_and_all_after_a_while(store: Store, clock: ManualClock) -> None:
    originals = Originals(store, 2000, clock)
    paths = {key: (await read(originals, key))[0] for key in "aba"}
    assert all(path.exists() for path in paths.values())
    paths["c"], _ = await read(originals, "c")
    assert [key for key, path in paths.items() if path.exists()] == ["a", "c"]
    clock.advance(IDLE_S + 1)
    await originals.evict()
    assert not any(path.exists() for path in paths.values())


async def test_the_newest_stays_and_none_is_evicted_while_it_is_read(store: Store, clock: ManualClock) -> None:
    originals = Originals(store, 0, clock)
    async with originals.open("a") as first:
        second, _ = await read(originals, "b")
        third, _ = await read(originals, "c")
        clock.advance(IDLE_S + 1)
        await originals.evict()
        assert first.exists()
        assert not second.exists()
        assert not third.exists()
    assert first.exists()
    await originals.close()


async def test_an_original_that_is_gone_fails_at_once(store: Store, clock: ManualClock) -> None:
    originals = Originals(store, 0, clock)
    with pytest.raises(Gone):
        await read(originals, "nothing")
    assert store.fetched == ["nothing"]
    await originals.close()


async def test_an_outage_fails_the_attempt_and_the_next_one_fetches_again(store: Store, clock: ManualClock) -> None:
    originals = Originals(store, 0, clock)
    store.broken = True
    async with passing(clock):
        failures = await asyncio.gather(*(read(originals, "a") for _ in range(2)), return_exceptions=True)
    assert [type(each) for each in failures if isinstance(each, Failed)] == [StorageFailed] * 2
    assert clock.monotonic() >= RETRY_FOR_S - BACKOFF.max_s
    store.broken = False
    assert (await read(originals, "a"))[1] == b"a" * 1000
    await originals.close()


async def test_a_short_outage_costs_no_attempt(store: Store, clock: ManualClock) -> None:
    originals = Originals(store, 0, clock)
    store.broken = True
    reading = asyncio.create_task(read(originals, "a"))
    async with passing(clock):
        while len(store.fetched) < 4:
            await asyncio.sleep(0.01)
        store.broken = False
        assert (await reading)[1] == b"a" * 1000
    await originals.close()


async def test_a_file_that_vanished_is_gone(store: Store, clock: ManualClock) -> None:
    originals = Originals(store, 0, clock)
    path, _ = await read(originals, "a")
    path.unlink()
    with pytest.raises(Gone):
        await read(originals, "a")
    await originals.close()


async def test_a_cancelled_reader_leaves_the_download_to_the_next(store: Store, clock: ManualClock) -> None:
    originals = Originals(store, 0, clock)
    reading = asyncio.create_task(read(originals, "a"))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert (await read(originals, "a"))[1] == b"a" * 1000
    assert store.fetched == ["a"]
    await originals.close()
