"""The projector on real Kafka and Postgres: restarts, repetitions, poison, tombstones, several at once."""

import asyncio
import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from tests.integration.api.conftest import Stage, until
from tests.integration.api.place import RunOf, answer, make_place, make_run

from api.project.apply import apply
from api.project.projector import Projector
from api.store import offsets
from chassis.deadletters import FuseOptions
from chassis.records import Message, Partition, Record
from tablewatch_schemas import TableState, decode, encode, replace, tombstone


async def _run(road: Stage) -> RunOf:
    client = await road.client()
    return await make_run(client, await make_place(client))


async def _job(road: Stage, run: RunOf) -> Any:
    return answer(await (await road.client()).get(f"/v1/videos/{run.video_id}/job"), 200)


async def _told(road: Stage, run: RunOf) -> list[tuple[str, str]]:
    rows = await road.pool.fetch("SELECT type, document FROM site_events WHERE run_id = $1 ORDER BY seq", run.run_id)
    return [(row["type"], row["document"]) for row in rows]


async def _done(road: Stage, run: RunOf) -> bool:
    return bool((await _job(road, run))["status"] == "done")


async def test_torn_away_in_the_middle_it_goes_on_where_it_was(road: Stage) -> None:
    run, straight = await _run(road), await _run(road)
    await road.send(*straight.whole(60), *run.whole(60))
    for _ in range(4):  # torn away after a batch or two, as kill -9 does: no drain, no commit to Kafka
        task = asyncio.create_task(Projector(road.tools(most=40)).run(asyncio.Event()))
        await until(partial(_more_frames, road, run, await _frames(road, run)), 60)
        while not task.done():  # a driver that is in the middle of something may hide a cancelling
            task.cancel()
            await asyncio.wait([task], timeout=1)
    async with road.projecting():
        await until(lambda: _done(road, run))
        await until(lambda: _done(road, straight))
    assert await _frames(road, run) == 60
    told = [kind for kind, _ in await _told(road, run) if kind != "video.job"]
    assert sorted(told) == sorted(["table.state"] * 4 + ["hazard.alert"])


async def _frames(road: Stage, run: RunOf) -> int:
    return int(await road.pool.fetchval("SELECT count(*) FROM frames WHERE run_id = $1", run.run_id))


async def _more_frames(road: Stage, run: RunOf, before: int) -> bool:
    return await _frames(road, run) > before or await _frames(road, run) == 60


async def test_everything_delivered_twice_is_told_once(lane: Stage) -> None:
    run = await _run(lane)
    async with lane.projecting():
        await lane.send(*run.whole())
        await until(lambda: _done(lane, run))
        once, job = await _told(lane, run), await _job(lane, run)
        await lane.send(*run.whole())
        marker = await _run(lane)
        await lane.send(*marker.whole())
        await until(lambda: _done(lane, marker))
    assert await _told(lane, run) == once
    assert await _job(lane, run) == job


async def test_two_projectors_share_the_work_and_take_over(road: Stage) -> None:
    run = await _run(road)
    async with road.projecting():
        async with road.projecting():
            await road.send(*run.whole(5))
            await until(lambda: _done(road, run), 40)
        after = await _run(road)
        await road.send(*after.whole(5))
        await until(lambda: _done(road, after), 40)
    assert [kind for kind, _ in await _told(road, run)].count("hazard.alert") == 1


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


async def test_the_fuse_stops_it_and_commits_nothing(lane: Stage) -> None:
    tools = lane.tools(fuse=FuseOptions(run=3))
    await lane.put(*[Message(topic="table.group", key=b"fuse", value=b"?", lane="run") for _ in range(6)])
    stop = asyncio.Event()
    task = asyncio.create_task(Projector(tools).run(stop))
    await until(lambda: "dead letters" in tools.health.unready().get("projector", ""))
    stop.set()
    await task
    assert _codes(lane) == ["missing_header"] * 3
    assert lane.memory is not None
    assert not lane.memory.committed
    assert await lane.pool.fetchval("SELECT count(*) FROM projector_offsets") == 0


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


async def _state(road: Stage, table: str, state: str) -> bool:
    row = await road.pool.fetchrow("SELECT document, gone FROM states WHERE state_key = $1", table)
    return row is not None and not row["gone"] and json.loads(row["document"])["state"] == state


async def _is_gone(road: Stage, table: str) -> bool:
    return bool(await road.pool.fetchval("SELECT gone FROM states WHERE state_key = $1", table))


async def test_events_of_runs_that_nobody_knows_leave_nothing(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    stranger = RunOf(place=place, video_id="vid_stranger", run_id="run_stranger")
    await apply(stage.pool, [_read(event, n) for n, event in enumerate(stranger.whole())])
    assert await stage.pool.fetchval("SELECT count(*) FROM frames") == 0
    assert await stage.pool.fetchval("SELECT count(*) FROM states") == 0
    assert await stage.pool.fetchval("SELECT count(*) FROM hazards") == 0


async def test_a_topic_made_anew_is_read_from_its_start(stage: Stage) -> None:
    client = await stage.client()
    run = await make_run(client, await make_place(client))
    await apply(stage.pool, [_read(run.uploaded(), 500)])
    place = Partition("video.uploaded", 5)
    async with stage.pool.acquire() as conn:
        assert await offsets.begin_again(conn, {place: 600}) == []
        assert await offsets.begin_again(conn, {place: 10}) == [place]
        assert await offsets.begin_again(conn, {place: 10}) == []


async def test_a_batch_is_all_or_nothing(stage: Stage) -> None:
    client = await stage.client()
    run = await make_run(client, await make_place(client))
    bad = replace(run.hazard("haz_zero", 1), camera_id="a\x00b")
    with pytest.raises(asyncpg.PostgresError):
        await apply(stage.pool, [_read(run.uploaded(), 0), _read(run.frame(0), 1), _read(bad, 2)])
    assert await stage.pool.fetchval("SELECT count(*) FROM frames") == 0
    assert await stage.pool.fetchval("SELECT count(*) FROM projector_offsets") == 0


def _read(event: Any, offset: int) -> Any:
    encoded = encode(event, source="tablewatch/test", time=datetime.now(UTC))
    record = Record(encoded.topic, 5, offset, 0, encoded.key, encoded.value, encoded.headers)
    return record, decode(record.topic, record.key, record.value, record.headers)


async def test_kafka_shows_the_lag_that_is_left(road: Stage) -> None:
    run = await _run(road)
    await road.send(*run.whole(3))
    async with road.projecting():
        await until(lambda: _done(road, run))
    consumer = AIOKafkaConsumer(bootstrap_servers=road.kafka, group_id=road.group, enable_auto_commit=False)
    await consumer.start()
    try:
        row = await road.pool.fetchrow(
            "SELECT * FROM projector_offsets WHERE topic = 'table.state' ORDER BY next_offset DESC"
        )
        assert row is not None
        committed = await consumer.committed(TopicPartition("table.state", row["partition"]))
    finally:
        await consumer.stop()
    assert committed == row["next_offset"]
