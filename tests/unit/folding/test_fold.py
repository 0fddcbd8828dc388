"""A fold without Kafka: dead letters, the fuse, and the rows that are listed by partition."""

import asyncio

import pytest
from tests.unit.folding.stage import Stage

from folding.fold import FuseBlown
from folding.watchdog import Stalled


@pytest.mark.parametrize(("value", "code"), [(b"bad", b"rotten"), (b"bug", b"fold_failed")])
async def test_a_step_that_raises_makes_a_dead_letter_and_the_fold_goes_on(stage: Stage, value: bytes, code: bytes):
    stage.offset = 4
    event = await stage.fold_and_write(value)
    (letter,) = stage.producer.sent
    assert (letter.topic, letter.value, letter.partition) == ("in.group.dlq", value, 0)
    assert dict(letter.headers)["dlq-reason-code"] == code
    assert event.acked == 1
    await stage.fold_and_write()
    assert stage.table == {b"k": b"1"}


async def test_too_many_dead_letters_in_a_row_end_the_member(stage: Stage):
    with pytest.raises(Stalled, match="fuse"):
        for _ in range(100):
            await stage.fold_and_write(b"bad")


async def test_a_blown_fuse_holds_the_fold_and_not_the_process(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    """A process that ended would be restarted, and publish as many dead letters more."""

    async def exist(stop: asyncio.Event) -> bool:
        return not stop.is_set()

    async def run(_stop: asyncio.Event) -> None:
        for _ in range(100):
            await stage.fold_and_write(b"bad")

    monkeypatch.setattr(stage.fold._topics, "wait", exist)
    monkeypatch.setattr(stage.member, "run", run)
    monkeypatch.setattr(stage.fold, "_join", lambda: stage.member)
    fold, stop = stage.fold, asyncio.Event()
    running = asyncio.create_task(fold.run(stop))
    async with asyncio.timeout(60):
        while "group" not in fold._health.unready() or "fuse" not in fold._health.unready()["group"]:
            await asyncio.sleep(0)
    assert fold._metrics.value("fuse_blown", group="group") == 1
    assert fold._metrics.value("dead_letters_total", group="group", topic="in", code="rotten") == 20
    assert fold._health.dead() == {}
    stop.set()
    await running


def test_a_blown_fuse_counts_as_stalled():
    assert issubclass(FuseBlown, Stalled)


async def test_rows_are_listed_by_partition(stage: Stage):
    dict.update(stage.table, {b"key-%d" % number: b"1" for number in range(50)})
    stage.recovered()
    listed = [sorted(stage.fold.keys(partition)) for partition in range(6)]
    assert sum(map(len, listed)) == 50
    assert all(listed[:4]) and not any(listed[4:]), "live keys are in the first two thirds"


async def test_the_list_follows_what_is_written_deleted_and_recovered(stage: Stage):
    await stage.fold_and_write()
    await stage.fold_and_write(key=b"other")
    assert set(stage.keys()) == {"k", "other"}
    await stage.fold_and_write(b"delete")
    assert stage.keys() == ["other"]
    dict.clear(stage.table)
    dict.update(stage.table, {b"from the changelog": b"1"})
    stage.recovered()
    assert stage.keys() == ["from the changelog"]


async def test_before_a_member_has_joined_there_are_no_rows(stage: Stage):
    stage.fold._member = None
    assert (stage.fold.get("k"), list(stage.fold.keys(0))) == (None, [])
