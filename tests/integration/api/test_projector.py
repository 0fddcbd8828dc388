"""The projector on real Kafka and Postgres: restarts, repetitions, poison, tombstones, several at once."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaTopicPartition
from tests.integration.api.conftest import Stage, until
from tests.integration.api.place import RunOf, answer, decoded_record, make_place, make_run
from tests.support.doubles.broker import MemorySubscription

from api.model.projections import TOPICS_READ
from api.project.apply import apply
from api.project.projector import Projector
from api.store import offsets
from chassis.backoff import Backoff
from chassis.broker import TopicsChanged
from chassis.fuse import FuseOptions
from chassis.records import Message, Record, TopicPartition
from tablewatch_schemas import TableState, encode, replace, tombstone


async def _run(on_kafka: Stage) -> RunOf:
    client = await on_kafka.client()
    return await make_run(client, await make_place(client))


async def _job(on_kafka: Stage, run: RunOf) -> Any:
    return answer(await (await on_kafka.client()).get(f"/v1/videos/{run.video_id}/job"), 200)


async def _site_events(on_kafka: Stage, run: RunOf) -> list[tuple[str, str]]:
    rows = await on_kafka.pool.fetch(
        "SELECT type, document FROM site_events WHERE run_id = $1 ORDER BY seq", run.run_id
    )
    return [(row["type"], row["document"]) for row in rows]


async def _done(on_kafka: Stage, run: RunOf) -> bool:
    return bool((await _job(on_kafka, run))["status"] == "done")


async def test_torn_away_in_the_middle_it_goes_on_where_it_was(on_kafka: Stage) -> None:
    run, straight = await _run(on_kafka), await _run(on_kafka)
    await on_kafka.send(*straight.whole(60), *run.whole(60))
    for _ in range(4):  # torn away after a batch or two, as kill -9 does: no drain, no commit to Kafka
        task = asyncio.create_task(Projector(on_kafka.projector(max_records=40)).run(asyncio.Event()))
        await until(partial(_more_frames, on_kafka, run, await _frames(on_kafka, run)), 60)
        while not task.done():  # a driver that is in the middle of something may hide a cancelling
            task.cancel()
            await asyncio.wait([task], timeout=1)
    async with on_kafka.projecting():
        await until(lambda: _done(on_kafka, run))
        await until(lambda: _done(on_kafka, straight))
    assert await _frames(on_kafka, run) == 60
    kinds = [kind for kind, _ in await _site_events(on_kafka, run) if kind != "video.job"]
    assert sorted(kinds) == sorted(["table.state"] * 4 + ["hazard.alert"])


async def _frames(on_kafka: Stage, run: RunOf) -> int:
    return int(await on_kafka.pool.fetchval("SELECT count(*) FROM frames WHERE run_id = $1", run.run_id))


async def _more_frames(on_kafka: Stage, run: RunOf, before: int) -> bool:
    return await _frames(on_kafka, run) > before or await _frames(on_kafka, run) == 60


async def test_everything_delivered_twice_is_told_once(lane: Stage) -> None:
    run = await _run(lane)
    async with lane.projecting():
        await lane.send(*run.whole())
        await until(lambda: _done(lane, run))
        once, job = await _site_events(lane, run), await _job(lane, run)
        await lane.send(*run.whole())
        marker = await _run(lane)
        await lane.send(*marker.whole())
        await until(lambda: _done(lane, marker))
    assert await _site_events(lane, run) == once
    assert await _job(lane, run) == job


async def test_two_projectors_share_the_work_and_take_over(on_kafka: Stage) -> None:
    run = await _run(on_kafka)
    async with on_kafka.projecting():
        async with on_kafka.projecting():
            await on_kafka.send(*run.whole(5))
            await until(lambda: _done(on_kafka, run), 40)
        after = await _run(on_kafka)
        await on_kafka.send(*after.whole(5))
        await until(lambda: _done(on_kafka, after), 40)
    assert [kind for kind, _ in await _site_events(on_kafka, run)].count("hazard.alert") == 1


async def test_poison_goes_to_the_dead_letters_and_nothing_waits_for_it(lane: Stage) -> None:
    run = await _run(lane)
    good = encode(run.uploaded(), source="tablewatch/test", time=datetime.now(UTC))
    poison = [
        Message(topic="video.uploaded", key=b"p", value=b"{not json", headers=good.headers, lane="run"),
        Message(topic="video.uploaded", key=b"p", value=b"{}", headers=good.headers, lane="run"),
        Message(topic="video.uploaded", key=b"p", value=good.value, headers=(), lane="run"),
    ]
    await lane.put(*poison)
    async with lane.projecting():
        await lane.send(*run.whole())
        await until(lambda: _done(lane, run))
    assert sorted(_codes(lane)) == ["missing_header", "not_json", "wrong_schema"]
    assert {letter.topic for letter in lane.letters} == {f"video.uploaded.{lane.group}.dlq"}


def _codes(lane: Stage) -> list[str]:
    return [dict(letter.headers)["dlq-reason-code"].decode() for letter in lane.letters]


async def test_one_record_that_postgres_refuses_pays_for_itself_alone(lane: Stage) -> None:
    """A text with a zero byte is valid JSON and no Postgres text."""
    run = await _run(lane)
    bad = replace(run.hazard("haz_bad", 1), camera_id="a\x00b")
    await lane.send(bad)
    async with lane.projecting():
        await lane.send(*run.whole())
        await until(lambda: _done(lane, run))
    assert _codes(lane) == ["cannot_apply"]
    assert await lane.pool.fetchval("SELECT count(*) FROM projector_offsets WHERE next_offset = 0") == 0


async def test_a_number_that_fits_no_column_is_not_waited_for(lane: Stage) -> None:
    """asyncpg raises an InterfaceError for it, as it does for a lost connection."""
    run = await _run(lane)
    await lane.send(replace(run.hazard("haz_far", 2**63), camera_id=None))
    async with lane.projecting():
        await lane.send(*run.whole())
        await until(lambda: _done(lane, run))
    assert _codes(lane) == ["cannot_apply"]


async def test_a_blown_fuse_lets_its_partition_wait_and_nothing_else(lane: Stage) -> None:
    run, waiting = await _run(lane), Message(topic="table.group", key=b"fuse", value=b"?", lane="run")
    options = FuseOptions(consecutive=3, wait=Backoff(first_s=4, max_s=4), producer=lambda record: record.topic)
    needs = lane.projector(fuse=options)
    await lane.put(*[waiting] * 7)
    stop = asyncio.Event()
    task = asyncio.create_task(Projector(needs).run(stop))
    await until(lambda: "dead letters in a row, on table.group" in needs.health.unready().get("projector", ""))
    assert _codes(lane) == ["missing_header"] * 3
    await lane.send(*run.whole())
    await until(lambda: _done(lane, run))
    await until(lambda: len(_codes(lane)) == 7)
    await until(lambda: _all_stored(lane, 7))
    await until(lambda: not needs.health.unready())
    stop.set()
    await task
    assert len(_codes(lane)) == 7


async def _all_stored(lane: Stage, records: int) -> bool:
    stored = await lane.pool.fetchval("SELECT max(next_offset) FROM projector_offsets WHERE topic = 'table.group'")
    return stored is not None and int(stored) >= records


async def test_tombstones_and_late_lower_versions(lane: Stage) -> None:
    run = await _run(lane)
    table = run.place.tables[0]
    async with lane.projecting():
        await lane.send(run.state(0, 5, "occupied", live=True), run.state(0, 4, "free", live=True))
        await until(lambda: _state(lane, table, "occupied"))
        gone = tombstone(TableState, table, source="tablewatch/test", time=datetime.now(UTC), lane="live", version=6)
        await lane.put(gone)
        await until(lambda: _is_gone(lane, table))
        await lane.send(run.state(0, 6, "free", live=True), run.state(1, 1, "free", live=True))
        await until(lambda: _state(lane, run.place.tables[1], "free"))
    assert await _is_gone(lane, table)
    kinds = await lane.pool.fetch("SELECT type FROM site_events WHERE site_id = $1 ORDER BY seq", run.place.site_id)
    assert "table.state.deleted" in [row["type"] for row in kinds]


async def _state(on_kafka: Stage, table: str, state: str) -> bool:
    row = await on_kafka.pool.fetchrow("SELECT document, gone FROM states WHERE state_key = $1", table)
    return row is not None and not row["gone"] and json.loads(row["document"])["state"] == state


async def _is_gone(on_kafka: Stage, table: str) -> bool:
    return bool(await on_kafka.pool.fetchval("SELECT gone FROM states WHERE state_key = $1", table))


async def test_events_of_runs_that_nobody_knows_leave_nothing(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    stranger = RunOf(place=place, video_id="vid_stranger", run_id="run_stranger")
    await apply(stage.pool, [decoded_record(event, n) for n, event in enumerate(stranger.whole())])
    assert await stage.pool.fetchval("SELECT count(*) FROM frames") == 0
    assert await stage.pool.fetchval("SELECT count(*) FROM states") == 0
    assert await stage.pool.fetchval("SELECT count(*) FROM hazards") == 0


async def test_a_topic_made_anew_is_read_from_its_start(stage: Stage) -> None:
    client = await stage.client()
    run = await make_run(client, await make_place(client))
    await apply(stage.pool, [decoded_record(run.uploaded(), 500)])
    partition = TopicPartition("video.uploaded", 5)
    async with stage.pool.acquire() as conn:
        assert await offsets.forget_past(conn, {partition: 600}) == []
        assert await offsets.forget_past(conn, {partition: 10}) == [partition]
        assert await offsets.forget_past(conn, {partition: 10}) == []


async def test_topics_made_anew_while_it_reads_are_read_from_their_start(
    lane: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The offsets in Postgres are those of the topics before: the first records of the new ones are below them."""
    before, after = await _run(lane), await _run(lane)
    broker, poll, told = lane.memory, MemorySubscription.poll, asyncio.Event()
    assert broker is not None

    async def changed(self: MemorySubscription, timeout_s: float, max_records: int) -> Sequence[Record]:
        if told.is_set():
            told.clear()
            raise TopicsChanged("made anew", frozenset(TOPICS_READ))
        return await poll(self, timeout_s, max_records)

    monkeypatch.setattr(MemorySubscription, "poll", changed)
    async with lane.projecting():
        await lane.send(*before.whole(30))
        await until(lambda: _done(lane, before))
        broker.records.clear()
        broker.committed.clear()
        told.set()
        await until(lambda: not told.is_set())
        await lane.send(*after.whole(3))
        await until(lambda: _done(lane, after))
    assert await _frames(lane, after) == 3


async def test_a_batch_is_all_or_nothing(stage: Stage) -> None:
    client = await stage.client()
    run = await make_run(client, await make_place(client))
    bad = replace(run.hazard("haz_zero", 1), camera_id="a\x00b")
    with pytest.raises(asyncpg.PostgresError):
        await apply(
            stage.pool, [decoded_record(run.uploaded(), 0), decoded_record(run.frame(0), 1), decoded_record(bad, 2)]
        )
    assert await stage.pool.fetchval("SELECT count(*) FROM frames") == 0
    assert await stage.pool.fetchval("SELECT count(*) FROM projector_offsets") == 0


async def test_kafka_shows_the_lag_that_is_left(on_kafka: Stage) -> None:
    run = await _run(on_kafka)
    await on_kafka.send(*run.whole(3))
    async with on_kafka.projecting():
        await until(lambda: _done(on_kafka, run))
    consumer = AIOKafkaConsumer(bootstrap_servers=on_kafka.kafka, group_id=on_kafka.group, enable_auto_commit=False)
    await consumer.start()
    try:
        row = await on_kafka.pool.fetchrow(
            "SELECT * FROM projector_offsets WHERE topic = 'table.state' ORDER BY next_offset DESC"
        )
        assert row is not None
        committed = await consumer.committed(KafkaTopicPartition("table.state", row["partition"]))
    finally:
        await consumer.stop()
    assert committed == row["next_offset"]
