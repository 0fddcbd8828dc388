"""One download of an original for all segments that a process does of it, and none longer than it is of use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chassis.objects import Gone
from chassis.testing import ManualClock, MemoryObjects
from extractor.files.failures import STORAGE_FAILED, Failed
from extractor.files.patience import LONGEST_S, PATIENCE_S
from extractor.files.sources import IDLE_S, Sources


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


async def read(sources: Sources, key: str) -> tuple[Path, bytes]:
    async with sources.open(key) as path:
        return path, path.read_bytes()


async def test_one_download_for_all_who_come_together_or_one_after_another(store: Store, clock: ManualClock) -> None:
    sources = Sources(store, 0, clock)
    both = await asyncio.gather(*(read(sources, "a") for _ in range(5)))
    later = await read(sources, "a")
    assert {content for _, content in [*both, later]} == {b"a" * 1000}
    assert store.fetched == ["a"]
    await sources.close()
    assert not later[0].exists()


async def test_what_nobody_reads_goes_the_oldest_first_and_all_after_a_while(store: Store, clock: ManualClock) -> None:
    sources = Sources(store, 2000, clock)
    paths = {key: (await read(sources, key))[0] for key in "aba"}
    assert all(path.exists() for path in paths.values())
    paths["c"], _ = await read(sources, "c")
    assert [key for key, path in paths.items() if path.exists()] == ["a", "c"]
    clock.advance(IDLE_S + 1)
    await sources.trim()
    assert not any(path.exists() for path in paths.values())


async def test_the_newest_stays_however_large_and_none_goes_while_it_is_read(store: Store, clock: ManualClock) -> None:
    sources = Sources(store, 0, clock)
    async with sources.open("a") as first:
        second, _ = await read(sources, "b")
        third, _ = await read(sources, "c")
        clock.advance(IDLE_S + 1)
        await sources.trim()
        assert first.exists()
        assert not second.exists()
        assert not third.exists()
    assert first.exists()
    await sources.close()


async def test_what_is_gone_is_said_at_once(store: Store, clock: ManualClock) -> None:
    sources = Sources(store, 0, clock)
    with pytest.raises(Gone):
        await read(sources, "nothing")
    assert store.fetched == ["nothing"]
    await sources.close()


async def test_a_store_that_stays_away_fails_the_try_and_is_asked_again(store: Store, clock: ManualClock) -> None:
    sources = Sources(store, 0, clock)
    store.broken = True
    async with passing(clock):
        failures = await asyncio.gather(*(read(sources, "a") for _ in range(2)), return_exceptions=True)
    assert [each.failure for each in failures if isinstance(each, Failed)] == [STORAGE_FAILED] * 2
    assert clock.monotonic() >= PATIENCE_S - LONGEST_S
    store.broken = False
    assert (await read(sources, "a"))[1] == b"a" * 1000
    await sources.close()


async def test_a_store_that_comes_back_costs_no_try(store: Store, clock: ManualClock) -> None:
    sources = Sources(store, 0, clock)
    store.broken = True
    reading = asyncio.create_task(read(sources, "a"))
    async with passing(clock):
        while len(store.fetched) < 4:
            await asyncio.sleep(0.01)
        store.broken = False
        assert (await reading)[1] == b"a" * 1000
    await sources.close()


async def test_a_file_that_vanished_is_gone(store: Store, clock: ManualClock) -> None:
    sources = Sources(store, 0, clock)
    path, _ = await read(sources, "a")
    path.unlink()
    with pytest.raises(Gone):
        await read(sources, "a")
    await sources.close()


async def test_who_is_cancelled_leaves_the_download_to_the_next(store: Store, clock: ManualClock) -> None:
    sources = Sources(store, 0, clock)
    reading = asyncio.create_task(read(sources, "a"))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert (await read(sources, "a"))[1] == b"a" * 1000
    assert store.fetched == ["a"]
    await sources.close()
