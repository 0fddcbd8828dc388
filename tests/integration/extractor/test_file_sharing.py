"""Fairness between videos, leases that run out, flow control, and what a decoder may not do."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from tests.integration.extractor.pipeline import UPLOADED_AT, Pipeline, until
from tests.integration.extractor.test_upload_to_frames import work_all
from tests.support.doubles import ManualClock
from tests.unit.extractor import clips

from chassis.clock import SystemClock
from chassis.lanes import partition_for, run_partitions
from extractor.files.decoder import Decoder, DecoderLimits
from extractor.files.flow_control import REFRESH_S, GroupLag, PublishWindow
from extractor.files.rows import segments
from extractor.files.rows.claims import Claim, Lost, record_frames
from extractor.files.worker import Worker
from extractor.model.frames import StoredFrame
from sandbox.kernel import can_isolate_network
from tablewatch_schemas import FrameExtracted, new_id


async def claimed(pool: asyncpg.Pool, owner: str, lease_s: float = 600.0) -> Claim | None:
    async with pool.acquire() as conn, conn.transaction():
        return await segments.claim(conn, owner, lease_s, UPLOADED_AT)


async def test_a_long_video_does_not_starve_a_short_one(pipeline: Pipeline, worker: Worker, clip_folder: Path) -> None:
    long = await pipeline.upload(clips.make("cfr.mp4", clip_folder, seconds=60))
    await worker.work_once()
    await worker.work_once()
    short = await pipeline.upload(clips.make("cfr.mp4", clip_folder))
    for _ in range(4):
        await worker.work_once()
    await pipeline.publish()
    assert (await pipeline.progress(short))[-1].status == "done"
    assert (await pipeline.progress(long))[-1].status == "processing"


async def test_a_lease_that_ran_out_is_another_s_and_the_old_owner_writes_nothing(
    pipeline: Pipeline, pool: asyncpg.Pool, clip_folder: Path
) -> None:
    await pipeline.upload(clips.make("cfr.mp4", clip_folder))
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
                await record_frames(conn, first, [StoredFrame(0, 0, 1, 1, 1, True, 0.0, 0.0)])
    assert await pool.fetchval("SELECT count(*) FROM frames") == 0


async def test_frames_are_counted_while_the_lease_is_held_and_progress_is_published(
    pipeline: Pipeline, pool: asyncpg.Pool, clip_folder: Path
) -> None:
    """Recording waits for rows that others change at the same time, and then reads their new values."""
    await pipeline.upload(clips.make("cfr.mp4", clip_folder))
    held = await claimed(pool, "first")
    assert held is not None
    rounds = 100

    async def recording() -> None:
        for index in range(rounds):
            async with pool.acquire() as conn:
                await record_frames(conn, held, [StoredFrame(index, index * 40, 1, 1, 1, True, 0.0, 0.0)])

    async def renewing() -> None:
        for _ in range(rounds):
            async with pool.acquire() as conn:
                assert await segments.renew(conn, held, 600)

    async def publishing() -> None:
        for _ in range(rounds):
            await pool.execute("UPDATE jobs SET sequence = sequence + 1, published = least(published + 1, 10)")

    await asyncio.gather(recording(), renewing(), publishing())
    assert await pool.fetchval("SELECT frames FROM segments WHERE number = 0") == rounds
    assert await pool.fetchval("SELECT done_ms FROM segments WHERE number = 0") == (rounds - 1) * 40
    recorded = await pool.fetchval("SELECT array_agg(index ORDER BY index) FROM frames WHERE index >= 10")
    assert recorded == list(range(10, rounds))
    await pool.execute("UPDATE jobs SET state = 'cancelled'")
    async with pool.acquire() as conn:
        with pytest.raises(Lost):
            await record_frames(conn, held, [StoredFrame(rounds, 0, 1, 1, 1, True, 0.0, 0.0)])
    assert await pool.fetchval("SELECT max(index) FROM frames") == rounds - 1


class KnownLag:
    def __init__(self, size: int | None) -> None:
        self.size = size

    async def lag(self) -> int | None:
        return self.size


async def test_frames_wait_while_the_window_is_full(pipeline: Pipeline, worker: Worker, clip_folder: Path) -> None:
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder), "cadence", 200)
    await work_all(worker)
    lag, clock = KnownLag(500), ManualClock()
    publisher = pipeline.make_publisher(PublishWindow(500, lag, clock))
    assert not await publisher.round()
    assert await pipeline.frames(upload) == []
    lag.size = 493
    clock.advance(REFRESH_S)
    while await publisher.round():
        lag.size = 500
    assert [frame.index for frame in await pipeline.frames(upload)] == list(range(7))
    lag.size = 0
    clock.advance(REFRESH_S)
    while await publisher.round():
        pass
    frames = await pipeline.frames(upload)
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.last for frame in frames].index(True) == 29


async def test_the_lag_is_the_group_s_on_run_partitions(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, kafka_bootstrap: str
) -> None:
    group = new_id("site")
    group_lag = GroupLag(kafka_bootstrap, group, FrameExtracted.TOPIC, 6)

    async def known() -> list[int]:
        lag = await group_lag.lag()
        return [] if lag is None else [lag]

    before = (await until(known, 30, "a broker that never had a group to answer"))[0]
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder))
    await work_all(worker)
    await pipeline.publish()
    after = await group_lag.lag()
    assert after is not None
    assert after >= before + 6

    partition = TopicPartition(FrameExtracted.TOPIC, partition_for(upload.run_id.encode(), "run", 6))
    assert partition.partition in run_partitions(6)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([partition])
    end = (await consumer.end_offsets([partition]))[partition]
    await consumer.commit({partition: end - 2})
    others = [TopicPartition(FrameExtracted.TOPIC, number) for number in run_partitions(6)]
    others.remove(partition)

    async def records() -> int:
        """Of the other partitions, and of this one those that are not committed."""
        edges = [await consumer.end_offsets([*others, partition]), await consumer.beginning_offsets(others)]
        return sum(edges[0].values()) - sum(edges[1].values()) - (end - 2)

    least, lag, most = await records(), await group_lag.lag() or 0, await records()  # other tests publish meanwhile
    await consumer.stop()
    assert least <= lag <= most
    await group_lag.stop()


async def test_a_lag_that_cannot_be_read_closes_the_window() -> None:
    group_lag = GroupLag("127.0.0.1:1", "nobody", FrameExtracted.TOPIC, 6)
    assert await PublishWindow(500, group_lag, SystemClock()).room() == 0


async def test_a_decoder_has_no_network_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    isolated = await can_isolate_network()
    decoder = await Decoder.start(DecoderLimits(1 << 30, 60.0, isolated))
    try:
        proc = Path(f"/proc/{decoder.pid}")
        assert b"secret" not in (proc / "environ").read_bytes()
        limits = (proc / "limits").read_text()
        assert [line.split()[3:5] for line in limits.splitlines() if line.startswith("Max file size")] == [["0", "0"]]
        if isolated:
            interfaces = (proc / "net/dev").read_text().splitlines()[2:]
            assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    finally:
        await decoder.kill()
