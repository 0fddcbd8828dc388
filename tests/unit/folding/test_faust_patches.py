"""The patches on stand-ins for Faust, one by one. On Faust itself: test_faust_library.py."""

from types import SimpleNamespace

import pytest

from folding import faust_patches


class Recovering:
    """As much of Faust as ends a recovery: what happened, in order."""

    def __init__(self, *, rebalancing: bool = False, fails: bool = False) -> None:
        self.happened: list[str] = []
        self.consumer, self.tables, self.recovery = self, self, self
        self.rebalancing, self.fails = rebalancing, fails

    def resume_partitions(self, partitions) -> None:
        self.happened.append(f"resumed {sorted(partitions)}")

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        self.consumer.resume_partitions({"in-1", "in-0"})
        if self.fails:
            raise RuntimeError("another rebalance")
        self.happened += ["sought", "queues emptied"]


async def test_the_sources_are_resumed_after_the_seek_and_the_emptying():
    app = Recovering()
    faust_patches.resume_sources_last(app, lambda: app.happened.append("rows are there"))
    await app.recovery.on_recovery_completed(3)
    assert app.happened == ["sought", "queues emptied", "rows are there", "resumed ['in-0', 'in-1']"]
    app.consumer.resume_partitions({"changelog"})
    assert app.happened[-1] == "resumed ['changelog']", "at other times they are resumed at once"


async def test_a_recovery_that_is_overtaken_resumes_nothing():
    rebalancing = Recovering(rebalancing=True)
    faust_patches.resume_sources_last(rebalancing, lambda: None)
    await rebalancing.recovery.on_recovery_completed(3)
    assert rebalancing.happened == ["sought", "queues emptied"]
    failing = Recovering(fails=True)
    faust_patches.resume_sources_last(failing, lambda: None)
    with pytest.raises(RuntimeError):
        await failing.recovery.on_recovery_completed(3)
    assert failing.happened == []


class Rebalancing:
    """As much of Faust as begins and ends rebalances."""

    def __init__(self) -> None:
        self.tables = self.recovery = self
        self.rebalancing, self.rebalancing_count, self.consumer_generation_id = False, 0, 0

    def on_rebalance_start(self) -> None:
        self.rebalancing, self.rebalancing_count = True, self.rebalancing_count + 1

    async def on_rebalance(self, assigned, revoked, newly_assigned, generation_id=0) -> None: ...

    def on_rebalance_end(self) -> None:
        self.rebalancing = False

    async def assign(self, generation: int) -> None:
        self.consumer_generation_id = generation
        await self.recovery.on_rebalance(set(), set(), set(), generation)


async def test_a_recovery_ends_its_own_rebalance():
    app = Rebalancing()
    faust_patches.end_own_rebalance_only(app)
    app.on_rebalance_start()
    await app.assign(1)
    app.on_rebalance_end()
    assert not app.rebalancing


@pytest.mark.parametrize("late", [False, True], ids=["it began", "it began, and its generation was overtaken"])
async def test_a_recovery_does_not_end_the_rebalance_after_its_own(late: bool):
    app = Rebalancing()
    faust_patches.end_own_rebalance_only(app)
    app.on_rebalance_start()
    await app.assign(1)
    app.on_rebalance_start()
    if late:
        await app.recovery.on_rebalance(set(), set(), set(), 2)  # Faust begins no recovery: its generation is 1
    app.on_rebalance_end()
    assert app.rebalancing
    await app.assign(3)
    app.on_rebalance_end()
    assert not app.rebalancing


async def test_with_nothing_active_nothing_is_fetched():
    class Consumer:
        def __init__(self) -> None:
            self._active_partitions = {"in-0"}

        async def _getmany(self, active_partitions, timeout):
            return bool(active_partitions), [each for each in ("in-0", "in-1") if each in active_partitions]

    consumer = Consumer()
    faust_patches.fetch_active_partitions_only(consumer)
    assert await consumer._getmany({"whatever"}, 1.0) == (True, ["in-0"])
    consumer._active_partitions.clear()
    assert await consumer._getmany(set(), 1.0) == (True, []), "an empty set would mean all of them"


def test_a_changelog_is_not_taken_for_a_source_without_progress():
    looked: list[str] = []
    consumer = SimpleNamespace(_active_partitions={"in-0"}, verify_event_path=lambda now, tp: looked.append(tp))
    faust_patches.verify_active_partitions_only(consumer)
    for partition in ("in-0", "rows-changelog-0"):
        consumer.verify_event_path(1.0, partition)
    assert looked == ["in-0"]
