"""Writing behind the steps: the order of effects, what the next steps see, and what a rebalance drops."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.unit.folding.stage import Stage, turns


async def test_outputs_are_acknowledged_before_rows_are_written(stage: Stage):
    await stage.fold_and_write()
    await stage.fold_and_write()
    assert stage.producer.rows_at_send == [{}, {b"k": b"1"}]
    assert stage.table == {b"k": b"2"}


async def test_a_row_goes_to_the_changelog_partition_of_its_record(stage: Stage):
    await stage.fold_and_write()
    await stage.fold_and_write(b"delete")
    assert stage.table.partitions == [2, 2]


async def test_an_output_that_is_not_acknowledged_ends_the_member_and_nothing_is_written(stage: Stage):
    stage.producer.fail = RuntimeError("no broker")
    event = await stage.fold_one()
    with pytest.raises(RuntimeError, match="no broker"):
        await stage.written()
    assert (stage.table, event.acked) == ({}, 0)


async def test_a_row_is_deleted_and_deleting_what_is_not_there_is_nothing(stage: Stage):
    await stage.fold_and_write()
    await stage.fold_and_write(b"delete")
    await stage.fold_and_write(b"delete")
    assert stage.table == {}


async def test_records_are_folded_while_outputs_are_under_way_and_are_sent_together(stage: Stage):
    stage.producer.acknowledge.clear()
    first = await stage.fold_one()
    await stage.producer.sending.wait()
    others = [await stage.fold_one() for _ in range(5)]
    assert stage.table == {}, "nothing is written before its outputs are acknowledged"
    assert stage.fold.get("k") == b"6"
    assert [each.acked for each in [first, *others]] == [0] * 6
    stage.producer.acknowledge.set()
    await stage.written()
    assert stage.producer.batches == [1, 5]
    assert [each.value for each in stage.producer.sent] == [b"%d" % n for n in range(1, 7)]
    assert stage.table == {b"k": b"6"}
    assert [each.acked for each in [first, *others]] == [1] * 6


async def test_a_row_that_is_not_written_yet_is_listed_and_one_that_will_be_deleted_is_not(stage: Stage):
    stage.producer.acknowledge.clear()
    await stage.fold_one()
    await stage.fold_one(key=b"other")
    await stage.fold_one(b"delete")
    assert stage.keys() == ["other"]
    assert stage.fold.get("k") is None


async def test_records_are_acknowledged_when_their_rows_are_in_the_changelog(stage: Stage):
    stage.table.changelog = asyncio.get_running_loop().create_future()
    event = await stage.fold_and_write()
    assert event.acked == 0
    stage.table.changelog.set_result(None)
    await turns()
    assert event.acked == 1


@pytest.mark.parametrize("lost", [False, True])
async def test_a_batch_without_rows_is_acknowledged_after_those_before_it(stage: Stage, lost: bool):
    """Faust would commit past the gap, and a kill then lost the rows that are still on their way."""
    row = stage.table.changelog = asyncio.get_running_loop().create_future()
    events = [await stage.fold_and_write()]
    for _ in range(2):
        events.append(await stage.fold_and_write(b"delete", key=b"not there"))
    assert [event.acked for event in events] == [0, 0, 0]
    if lost:
        row.set_exception(RuntimeError("no leader"))
        with pytest.raises(RuntimeError, match="no leader"):
            await asyncio.wait_for(stage.member._failure, 30)
    else:
        row.set_result(None)
        await turns()
    assert [event.acked for event in events] == [0 if lost else 1] * 3


@pytest.mark.parametrize("ended", [False, True], ids=["rebalancing", "rebalanced"])
async def test_what_was_under_way_when_the_group_changed_is_neither_written_nor_acknowledged(stage: Stage, ended: bool):
    stage.producer.acknowledge.clear()
    event = await stage.fold_one()
    await stage.producer.sending.wait()
    stage.app.rebalancing = True
    if ended:
        stage.app.consumer_generation_id = 2
        stage.recovered()
        stage.app.rebalancing = False
        stage.offset = 0
        redelivered = await stage.fold_one()
    stage.producer.acknowledge.set()
    await turns()
    assert event.acked == 0
    if ended:
        await stage.written()
        assert (stage.table, redelivered.acked) == ({b"k": b"1"}, 1), "it is folded anew, on the rows of before"
    else:
        assert stage.table == {}


async def test_a_dead_letter_that_is_sent_while_the_group_changes_is_not_acknowledged_here(stage: Stage):
    stage.producer.acknowledge.clear()
    folding = asyncio.create_task(stage.fold_one(b"bad"))
    await asyncio.sleep(0)
    stage.app.rebalancing = True
    stage.producer.acknowledge.set()
    event = await folding
    await turns()
    assert (stage.member.rows.unwritten, event.acked) == (0, 0)


@pytest.mark.parametrize(("options", "capacity"), [({"max_buffered": 3}, 3), ({"extra_topics": ("more",)}, 1)])
async def test_so_many_are_buffered_and_only_one_where_topics_have_no_common_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: dict[str, Any], capacity: int
):
    stage = Stage(monkeypatch, tmp_path, **options)
    stage.producer.acknowledge.clear()
    for _ in range(capacity):
        await asyncio.wait_for(stage.writer.wait_for_capacity(), 30)
        await stage.fold_one()
    waiting = asyncio.create_task(stage.writer.wait_for_capacity())
    await stage.producer.sending.wait()
    assert not waiting.done()
    stage.producer.acknowledge.set()
    await asyncio.wait_for(waiting, 30)
    stage.writing.cancel()


async def test_a_fold_that_is_stopped_writes_what_it_has_folded_and_accepts_nothing_more(stage: Stage):
    stage.producer.acknowledge.clear()
    event = await stage.fold_one()
    draining = asyncio.create_task(stage.writer.drain())
    await stage.producer.sending.wait()
    waiting = asyncio.create_task(stage.writer.wait_for_capacity())
    stage.producer.acknowledge.set()
    await draining
    assert (stage.table, event.acked) == ({b"k": b"1"}, 1)
    assert not waiting.done()
    waiting.cancel()


async def test_partitions_are_revoked_when_what_was_written_is_in_the_changelog(stage: Stage):
    row = stage.table.changelog = asyncio.get_running_loop().create_future()
    await stage.fold_and_write()
    revoking = asyncio.create_task(stage.revoked())
    await turns(5)
    assert not revoking.done()
    row.set_result(None)
    await asyncio.wait_for(revoking, 30)
