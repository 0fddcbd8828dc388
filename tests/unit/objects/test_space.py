"""The floor of free space of a local store."""

from pathlib import Path

import pytest
from tests.support.doubles import ManualClock

from chassis.metrics import Metrics
from dependencies.errors import StoreFull
from objects import space
from objects.space import FreeSpace, StoreSpace, measure

GB = 10**9


@pytest.mark.parametrize(
    ("free", "total", "more", "was_below", "lacks"),
    [
        (3 * GB, 100 * GB, 0, False, False),
        (2 * GB - 1, 100 * GB, 0, False, True),
        (3 * GB, 100 * GB, GB + 1, False, True),
        (3 * GB, 100 * GB, GB, False, False),
        (2 * GB + 1, 100 * GB, 0, True, True),  # a tenth more, before work goes on
        (23 * GB // 10, 100 * GB, 0, True, False),
        (GB // 10, GB, 0, False, False),  # a small disk: a twentieth
        (GB // 25, GB, 0, False, True),
    ],
)
def test_what_would_go_below_the_floor(free: int, total: int, more: int, was_below: bool, lacks: bool) -> None:
    assert FreeSpace(free, total).lacks(2 * GB, more, was_below) is lacks


async def test_it_measures_at_most_twice_a_second_and_says_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [FreeSpace(5 * GB, 100 * GB), FreeSpace(GB, 100 * GB), FreeSpace(2 * GB + 5, 100 * GB), None]
    monkeypatch.setattr(space, "measure", lambda _: found.pop(0))
    clock, metrics = ManualClock(), Metrics()
    store = StoreSpace(Path("/store"), 2 * GB, clock, metrics)
    await store.check(GB)
    with pytest.raises(StoreFull):
        await store.check(4 * GB)
    await store.check(GB)  # one that is too large keeps no smaller one out
    assert metrics.value("store_free_bytes") == 5 * GB
    clock.advance(1)
    with pytest.raises(StoreFull) as full:
        await store.check()
    assert full.value.name == "store"
    assert "1000000000 bytes are free, 2000000000 are kept free" in full.value.detail
    clock.advance(1)
    with pytest.raises(StoreFull):
        await store.check()
    clock.advance(1)
    await store.check()  # a file system that does not answer is for other checks to say
    assert metrics.value("store_floor_bytes") == 2 * GB


async def test_what_is_taken_between_two_measurements_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "measure", lambda _: FreeSpace(5 * GB, 100 * GB))
    clock = ManualClock()
    store = StoreSpace(Path("/store"), 2 * GB, clock)
    for _ in range(3):
        await store.take(GB)
    with pytest.raises(StoreFull):
        await store.take(1)
    clock.advance(1)
    await store.take(GB)


async def test_a_store_that_is_not_made_yet_is_on_the_disk_it_will_be_made_on(tmp_path: Path) -> None:
    found = measure(tmp_path / "not" / "there")
    assert found is not None
    assert 0 < found.free <= found.total
    await StoreSpace(tmp_path / "not", 0, ManualClock()).check()


async def test_s3_has_no_floor() -> None:
    await StoreSpace(None, 1 << 60, ManualClock()).check(1 << 60)
