"""Fairness between videos, the window of frames under way, leases that run out, and what a decoder may not do."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from tests.integration.extractor.road import UPLOADED_AT, Road, until
from tests.integration.extractor.test_file_road import run_dry
from tests.unit.extractor import clips

from chassis.clock import SystemClock
from chassis.lanes import partition_for, run_partitions
from chassis.leases import Lost
from extractor.files import segments
from extractor.files.children import Child, Limits, can_isolate
from extractor.files.claims import Claim, record
from extractor.files.telling import Frame
from extractor.files.window import GroupBacklog, Window
from extractor.files.worker import Worker
from tablewatch_schemas import FrameExtracted, new_id


async def claimed(pool: asyncpg.Pool, owner: str, lease_s: float = 600.0) -> Claim | None:
    async with pool.acquire() as conn, conn.transaction():
        return await segments.claim(conn, owner, lease_s, UPLOADED_AT)


async def test_a_long_video_does_not_starve_a_short_one(road: Road, worker: Worker, clip_folder: Path) -> None:
    long = await road.upload(clips.make("cfr.mp4", clip_folder, seconds=60))
    await worker.once()
    await worker.once()
    short = await road.upload(clips.make("cfr.mp4", clip_folder))
    for _ in range(4):
        await worker.once()
    await road.publish()
    assert (await road.told(short))[-1].status == "done"
    assert (await road.told(long))[-1].status == "processing"


async def test_a_lease_that_ran_out_is_another_s_and_the_old_owner_writes_nothing(
    road: Road, pool: asyncpg.Pool, clip_folder: Path
) -> None:
    await road.upload(clips.make("cfr.mp4", clip_folder))
    first = await claimed(pool, "first")
    assert first is not None
    assert await claimed(pool, "second") is None
    await pool.execute("UPDATE segments SET lease_until = clock_timestamp()")
    second = await claimed(pool, "second")
    assert second is not None
    assert (second.run_id, second.fence) == (first.run_id, first.fence + 1)
    async with pool.acquire() as conn:
        assert not await segments.renew(conn, first, 600)
        assert await segments.renew(conn, second, 600)
        with pytest.raises(Lost):
            async with conn.transaction():
                await record(conn, first, [Frame(0, 0, 1, 1, 1, True, 0.0, 0.0)])
    assert await pool.fetchval("SELECT count(*) FROM frames") == 0


async def test_frames_are_counted_while_the_lease_is_held_and_the_job_told_of(
    road: Road, pool: asyncpg.Pool, clip_folder: Path
) -> None:
    """Recording waits for rows that others change at the same time, and then goes by what they made of them."""
    await road.upload(clips.make("cfr.mp4", clip_folder))
    held = await claimed(pool, "first")
    assert held is not None
    rounds = 100

    async def recording() -> None:
        for index in range(rounds):
            async with pool.acquire() as conn:
                await record(conn, held, [Frame(index, index * 40, 1, 1, 1, True, 0.0, 0.0)])

    async def renewing() -> None:
        for _ in range(rounds):
            async with pool.acquire() as conn:
                assert await segments.renew(conn, held, 600)

    async def telling() -> None:
        for _ in range(rounds):
            await pool.execute("UPDATE jobs SET sequence = sequence + 1, published = least(published + 1, 10)")

    await asyncio.gather(recording(), renewing(), telling())
    assert await pool.fetchval("SELECT frames FROM segments WHERE number = 0") == rounds
    assert await pool.fetchval("SELECT done_ms FROM segments WHERE number = 0") == (rounds - 1) * 40
    kept = await pool.fetchval("SELECT array_agg(index ORDER BY index) FROM frames WHERE index >= 10")
    assert kept == list(range(10, rounds))
    await pool.execute("UPDATE jobs SET state = 'cancelled'")
    async with pool.acquire() as conn:
        with pytest.raises(Lost):
            await record(conn, held, [Frame(rounds, 0, 1, 1, 1, True, 0.0, 0.0)])
    assert await pool.fetchval("SELECT max(index) FROM frames") == rounds - 1


class Told:
    """A backlog of a known size."""

    def __init__(self, waiting: int | None) -> None:
        self.size = waiting

    async def waiting(self) -> int | None:
        return self.size


async def test_frames_wait_while_the_window_is_full(road: Road, worker: Worker, clip_folder: Path) -> None:
    upload = await road.upload(clips.make("cfr.mp4", clip_folder), "cadence", 200)
    await run_dry(worker)
    backlog = Told(500)
    publisher = road.make_publisher(Window(500, backlog, SystemClock()))
    assert not await publisher.round()
    assert await road.frames(upload) == []
    backlog.size = 493
    await asyncio.sleep(0.6)
    while await publisher.round():
        backlog.size = 500
    assert [frame.index for frame in await road.frames(upload)] == list(range(7))
    backlog.size = 0
    await asyncio.sleep(0.6)
    while await publisher.round():
        pass
    frames = await road.frames(upload)
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.last for frame in frames].index(True) == 29


async def test_the_backlog_is_the_group_s_lag_on_run_partitions(
    road: Road, worker: Worker, clip_folder: Path, kafka_bootstrap: str
) -> None:
    group = new_id("site")
    backlog = GroupBacklog(kafka_bootstrap, group, FrameExtracted.TOPIC, 6)

    async def told() -> list[int]:
        waiting = await backlog.waiting()
        return [] if waiting is None else [waiting]

    before = (await until(told, 30, "a broker that never had a group to answer"))[0]
    upload = await road.upload(clips.make("cfr.mp4", clip_folder))
    await run_dry(worker)
    await road.publish()
    after = await backlog.waiting()
    assert after is not None
    assert after >= before + 6

    place = TopicPartition(FrameExtracted.TOPIC, partition_for(upload.run_id.encode(), "run", 6))
    assert place.partition in run_partitions(6)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([place])
    end = (await consumer.end_offsets([place]))[place]
    await consumer.commit({place: end - 2})
    others = [TopicPartition(FrameExtracted.TOPIC, number) for number in run_partitions(6)]
    others.remove(place)
    rest = sum((await consumer.end_offsets(others)).values()) - sum((await consumer.beginning_offsets(others)).values())
    await consumer.stop()
    assert rest + 2 <= (await backlog.waiting() or 0) <= rest + 2 + 50
    await backlog.stop()


async def test_a_backlog_that_cannot_be_asked_closes_the_window() -> None:
    backlog = GroupBacklog("127.0.0.1:1", "nobody", FrameExtracted.TOPIC, 6)
    assert await Window(500, backlog, SystemClock()).room() == 0


async def test_a_decoder_has_no_network_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    isolated = await can_isolate()
    child = await Child.start(Limits(1 << 30, 60.0, isolated))
    try:
        about = Path(f"/proc/{child.pid}")
        assert b"secret" not in (about / "environ").read_bytes()
        limits = (about / "limits").read_text()
        assert [line.split()[3:5] for line in limits.splitlines() if line.startswith("Max file size")] == [["0", "0"]]
        if isolated:
            interfaces = (about / "net/dev").read_text().splitlines()[2:]
            assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    finally:
        await child.kill()
