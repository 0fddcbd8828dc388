"""The storage quota of a site: reserved before it is stored, exact after repetitions, given back by a deletion."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import AsyncMock

import asyncpg
import pytest
import structlog
from msgspec import structs
from tests.integration.extractor.pipeline import Pipeline, record_of
from tests.integration.extractor.test_upload_to_frames import work_all
from tests.unit.extractor import clips

from chassis.clock import SystemClock
from dependencies.errors import StoreFull
from extractor.files import segment_work
from extractor.files.crop_count import CropCount
from extractor.files.rows import recounts, segments, storage
from extractor.files.rows.claims import Claim, record_frames
from extractor.files.worker import Worker
from extractor.model.failures import SiteStorageFull
from extractor.model.frames import StoredFrame
from extractor.model.storage import CHUNK, StorageUse
from objects import space
from objects.space import FreeSpace
from tablewatch_schemas import CropReady, CropReadyCrop, SiteConfig, VideoUploaded, keys
from tablewatch_schemas.ids import frame_id
from tablewatch_schemas.judgement import usual_bytes

NO_LIMIT = 1 << 40
JUDGEMENT = usual_bytes(1)
"""Of the frames here, which have one table."""


async def use_of(pipeline: Pipeline, site: str, limit: int = NO_LIMIT) -> StorageUse:
    async with pipeline.pool.acquire() as conn:
        return await storage.used(conn, site, limit)


async def on_disk(pipeline: Pipeline, upload: VideoUploaded) -> int:
    found = [each.size async for each in pipeline.store.list(keys.frames_prefix(upload.site_id, upload.run_id))]
    return sum(found)


async def report(pipeline: Pipeline) -> None:
    """Publish the progress that is due; at most one a second is."""
    await pipeline.pool.execute("UPDATE jobs SET told_at = '-infinity'")
    await pipeline.housekeeping.round()
    await pipeline.publish()


async def set_limit(pipeline: Pipeline, site: str, version: int, picture_bytes: int | None) -> None:
    event = SiteConfig(
        site_id=site, version=version, original_bytes=None, picture_bytes=picture_bytes, updated_at=SystemClock().now()
    )
    await pipeline.intake.handle(record_of(event))


async def claimed(pool: asyncpg.Pool) -> Claim:
    async with pool.acquire() as conn, conn.transaction():
        found = await segments.claim(conn, "somebody", 60.0, SystemClock().now())
    assert found is not None
    return found


def crops_of(upload: VideoUploaded, index: int, size: int, last: bool = False) -> CropReady:
    crop = CropReadyCrop(table_id="tbl_1", offset=0, length=size, box=(0.0, 0.0, 1.0, 1.0), changed=None, change=None)
    return CropReady(
        frame_id=frame_id(upload.run_id, index),
        site_id=upload.site_id,
        camera_id="cam_1",
        run_id=upload.run_id,
        video_id=upload.video_id,
        index=index,
        media_ms=index,
        captured_at=upload.uploaded_at,
        frame_key=keys.run_frame(upload.site_id, upload.run_id, index),
        crops_key=keys.run_crops(upload.site_id, upload.run_id, index),
        layout_key="layouts/site_1/cam_1/1.json",
        layout_version=1,
        width=192,
        height=108,
        crops=(crop,),
        make=("frames", "tables"),
        last=last,
    )


@pytest.fixture
def count_crops(pipeline: Pipeline) -> Callable[..., CropCount]:
    def make(limit: int = NO_LIMIT) -> CropCount:
        return CropCount(pipeline.pool, limit, 6, clock=SystemClock(), log=structlog.get_logger())

    return make


async def test_what_is_counted_is_what_is_on_disk_at_every_step(
    pipeline: Pipeline, worker: Worker, clip_folder: Path
) -> None:
    upload = await pipeline.upload(clips.make("bframes.mp4", clip_folder), "all", None)
    assert await worker.work_once()
    planned = await use_of(pipeline, upload.site_id)
    assert planned.frames == 0
    assert planned.reserved >= 150 * 192 * 108 // 8  # the plan reserves all frames before the first is stored
    await work_all(worker)
    written = await on_disk(pipeline, upload)
    stored = await use_of(pipeline, upload.site_id)
    assert (stored.frames, stored.reserved) == (written, 0)  # corrected to what was written as segments complete
    await pipeline.publish()
    assert (await use_of(pipeline, upload.site_id)).frames == written
    last = (await pipeline.progress(upload))[-1].storage
    assert last is not None
    assert (last.frames_bytes, last.reserved_bytes) == (written, 0)

    await pipeline.command(upload, "delete")
    assert (await use_of(pipeline, upload.site_id)).frames == written  # still there
    await pipeline.housekeeping.round()
    assert (await use_of(pipeline, upload.site_id)).frames == await on_disk(pipeline, upload) == 0
    await pipeline.command(upload, "delete")
    assert (await use_of(pipeline, upload.site_id)).frames == 0


async def test_a_run_that_cannot_fit_fails_before_it_stores_anything_and_a_raised_quota_lets_a_retry_pass(
    pipeline: Pipeline, worker: Worker, clip_folder: Path
) -> None:
    upload = await pipeline.upload(clips.make("bframes.mp4", clip_folder), "all", None)
    await set_limit(pipeline, upload.site_id, 2, 100_000)
    await work_all(worker)
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["error_code"]) == ("failed", "site_storage_full")
    assert "of 100000 for frames and crops" in job["error_detail"]
    assert await on_disk(pipeline, upload) == 0
    await pipeline.publish()
    error = (await pipeline.progress(upload))[-1].error
    assert error is not None
    assert error.retryable

    await set_limit(pipeline, upload.site_id, 1, 50)  # older than what is known
    await set_limit(pipeline, upload.site_id, 3, None)
    await pipeline.command(upload, "retry")
    await work_all(worker)
    await pipeline.publish()
    job = await pipeline.job(upload)
    assert job is not None
    assert job["state"] == "done"


async def test_a_run_whose_frames_are_larger_than_expected_stops_at_the_limit(
    pipeline: Pipeline, worker: Worker, clip_folder: Path
) -> None:
    upload = await pipeline.upload(clips.make("bframes.mp4", clip_folder), "all", None)
    assert await worker.work_once()
    await pipeline.pool.execute("UPDATE segments SET reserved_bytes = 1000")  # as if the survey had seen a black frame
    limit = 150_000
    await set_limit(pipeline, upload.site_id, 2, limit)
    await work_all(worker)
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["error_code"]) == ("failed", "site_storage_full")
    written = await on_disk(pipeline, upload)
    assert 0 < written <= limit
    stored = await use_of(pipeline, upload.site_id)
    assert (stored.frames, stored.reserved) == (written, 0)


async def test_a_repeated_segment_counts_once_whether_its_frames_are_published_or_not(
    pipeline: Pipeline, worker: Worker, clip_folder: Path
) -> None:
    """As after a kill -9: another worker claims the segment and writes the same objects again."""
    upload = await pipeline.upload(clips.make("one_gop.mp4", clip_folder), "all", None)
    assert await worker.work_once()
    first = await claimed(pipeline.pool)
    frames = [StoredFrame(index, index * 40, 192, 108, 5000, True, 0.0, 0.0) for index in range(6)]
    async with pipeline.pool.acquire() as conn:
        await record_frames(conn, first, frames)
    assert (await use_of(pipeline, upload.site_id)).frames == 30_000
    await pipeline.publish()
    async with pipeline.pool.acquire() as conn:
        assert await conn.fetchval("SELECT published FROM jobs") == 5
        await record_frames(conn, first, [*frames, StoredFrame(6, 240, 192, 108, 700, True, 0.0, 0.0)])
    assert (await use_of(pipeline, upload.site_id)).frames == 30_700


async def test_a_run_waits_for_what_another_has_only_reserved_and_goes_on_by_itself(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    surveys = AsyncMock(side_effect=segment_work.survey)
    monkeypatch.setattr(segment_work, "survey", surveys)
    path = clips.make("bframes.mp4", clip_folder)
    first = await pipeline.upload(path, "all", None)
    assert await worker.work_once()  # the plan, which reserves
    reserved = (await use_of(pipeline, first.site_id)).reserved
    await set_limit(pipeline, first.site_id, 2, reserved + reserved // 2)
    await pipeline.pool.execute("UPDATE segments SET not_before = clock_timestamp() + interval '1 minute'")
    second = await pipeline.upload(path, "all", None, site_id=first.site_id)
    assert await worker.work_once()
    job = await pipeline.job(second)
    assert job is not None
    assert (job["state"], job["waiting"], job["error_code"]) == ("processing", "site_storage_reserved", None)
    await report(pipeline)
    waiting = (await pipeline.progress(second))[-1].waiting
    assert waiting is not None
    assert waiting.code == "site_storage_reserved"

    read = surveys.await_count
    for _ in range(3):  # each half a minute later
        await pipeline.pool.execute("UPDATE segments SET not_before = '-infinity' WHERE run_id = $1", second.run_id)
        assert await worker.work_once()
    assert surveys.await_count == read, "to look at the quota again is not to read the file again"
    job = await pipeline.job(second)
    assert job is not None
    assert (job["state"], job["waiting"]) == ("processing", "site_storage_reserved")
    assert await pipeline.pool.fetchval("SELECT tries FROM segments WHERE run_id = $1", second.run_id) == 0

    await pipeline.command(first, "cancel")
    await pipeline.pool.execute("UPDATE segments SET not_before = '-infinity'")
    await work_all(worker)
    job = await pipeline.job(second)
    assert job is not None
    assert (job["waiting"], job["error_code"]) == (None, None)
    assert (await use_of(pipeline, first.site_id)).frames == await on_disk(pipeline, second) > 0


async def test_two_extractors_cannot_both_have_the_last_bytes(pipeline: Pipeline, clip_folder: Path) -> None:
    path = clips.make("one_gop.mp4", clip_folder)
    first = await pipeline.upload(path, "all", None)
    second = await pipeline.upload(path, "all", None, site_id=first.site_id)
    await pipeline.pool.execute("UPDATE segments SET kind = 'straight'")
    claims = [await claimed(pipeline.pool), await claimed(pipeline.pool)]
    assert {claim.run_id for claim in claims} == {first.run_id, second.run_id}
    limit = 2 * CHUNK

    async def take(claim: Claim) -> int | SiteStorageFull:
        try:
            async with pipeline.pool.acquire() as conn, conn.transaction():
                return await storage.extend(conn, claim, CHUNK + 1, limit)
        except SiteStorageFull as full:
            return full

    results = await asyncio.gather(*(take(claim) for claim in claims))
    assert sorted(type(each).__name__ for each in results) == ["SiteStorageFull", "int"]
    assert (await use_of(pipeline, first.site_id, limit)).reserved == limit

    # killed: the lease runs out, the reservation goes on with the segment, and ends with the run
    winner = claims[0] if isinstance(results[0], int) else claims[1]
    owner = first if winner.run_id == first.run_id else second
    await pipeline.command(owner, "cancel")
    assert (await use_of(pipeline, first.site_id, limit)).reserved == 0


async def test_crops_count_once_however_often_and_in_whatever_order_they_come(
    pipeline: Pipeline, clip_folder: Path, count_crops: Callable[..., CropCount]
) -> None:
    upload = await pipeline.upload(clips.make("one_gop.mp4", clip_folder), "all", None)
    await claimed(pipeline.pool)
    count = count_crops()
    for index in (0, 1, 3, 1, 2, 0, 3):
        await count.handle(replace(record_of(crops_of(upload, index, 1000 + index)), partition=5))
    assert (await use_of(pipeline, upload.site_id)).crops == 4006 + 4 * JUDGEMENT
    await count.handle(replace(record_of(crops_of(upload, 4, 10, last=True)), partition=5))
    row = await pipeline.job(upload)
    assert row is not None
    assert row["crops_ended"]
    assert str(row["crops_counted"]) == str(await pipeline.pool.fetchval("SELECT '{[0,5)}'::int4multirange"))
    await report(pipeline)
    reported = (await pipeline.progress(upload))[-1].storage
    assert reported is not None
    assert reported.crops_bytes == 4016 + 5 * JUDGEMENT


async def test_a_frame_that_names_the_crops_of_an_earlier_one_adds_its_judgement_alone(
    pipeline: Pipeline, clip_folder: Path, count_crops: Callable[..., CropCount]
) -> None:
    upload = await pipeline.upload(clips.make("one_gop.mp4", clip_folder), "all", None)
    await claimed(pipeline.pool)
    first = crops_of(upload, 0, 1000)
    for event in (first, structs.replace(crops_of(upload, 1, 1000), crops_key=first.crops_key)):
        await count_crops().handle(replace(record_of(event), partition=5))
    assert (await use_of(pipeline, upload.site_id)).crops == 1000 + 2 * JUDGEMENT


async def test_crops_beyond_the_quota_stop_the_run(
    pipeline: Pipeline, clip_folder: Path, count_crops: Callable[..., CropCount]
) -> None:
    upload = await pipeline.upload(clips.make("one_gop.mp4", clip_folder), "all", None)
    await claimed(pipeline.pool)
    count = count_crops(7000)
    await count.handle(replace(record_of(crops_of(upload, 0, 4000)), partition=5))
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["crops_reserved"]) == ("processing", 7000)
    await count.handle(replace(record_of(crops_of(upload, 1, 4000)), partition=5))
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["error_code"]) == ("failed", "site_storage_full")


async def test_a_recount_finds_what_nobody_recorded(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, count_crops: Callable[..., CropCount]
) -> None:
    upload = await pipeline.upload(clips.make("one_gop.mp4", clip_folder), "cadence", 1000)
    await work_all(worker)
    await pipeline.publish()
    await pipeline.store.put(keys.run_frame(upload.site_id, upload.run_id, 900), b"x" * 123)  # stored, then killed
    for index in (0, 2):
        await pipeline.store.put(keys.run_crops(upload.site_id, upload.run_id, index), b"y" * 50)
        await pipeline.store.put(keys.run_judgement(upload.site_id, upload.run_id, index), b"z" * 30)
    await pipeline.store.put(keys.run_judgement(upload.site_id, upload.run_id, 3), b"z" * 30)  # with the crops of 2
    async with pipeline.pool.acquire() as conn:
        assert await recounts.ask(conn, upload.site_id) == 1
        await conn.execute("UPDATE jobs SET updated_at = clock_timestamp() - interval '1 minute'")
    assert await pipeline.housekeeping.recount()
    assert not await pipeline.housekeeping.recount()
    used = await use_of(pipeline, upload.site_id)
    assert (used.frames, used.crops) == (await on_disk(pipeline, upload), 190)
    for index in (0, 1, 2, 3):  # what comes later of what was listed is counted already
        await count_crops().handle(replace(record_of(crops_of(upload, index, 50)), partition=5))
    assert (await use_of(pipeline, upload.site_id)).crops == 190 + 50 + JUDGEMENT


async def test_below_the_floor_extraction_waits_says_so_and_goes_on_by_itself(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 100
    monkeypatch.setattr(space, "measure", lambda _: FreeSpace(free, 10_000))
    monkeypatch.setattr(worker._space, "_keep", 500)
    monkeypatch.setattr(space, "REFRESH_S", 0)
    upload = await pipeline.upload(clips.make("bframes.mp4", clip_folder), "all", None)
    assert not await worker._has_space()
    assert not await worker._has_space()
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["waiting"]) == ("queued", "store_full")
    assert await on_disk(pipeline, upload) == 0
    await report(pipeline)
    waiting = (await pipeline.progress(upload))[-1].waiting
    assert waiting is not None
    assert waiting.code == "store_full"

    free = 5000
    assert await worker._has_space()
    assert await worker.work_once()  # the plan
    free = 510  # while a segment is stored
    assert await worker.work_once()
    segment = await pipeline.pool.fetchrow("SELECT * FROM segments WHERE number = 1")
    assert segment is not None
    assert (segment["state"], segment["tries"]) == ("open", 0)  # given back, and no attempt used up
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["waiting"]) == ("processing", "store_full")

    free = 10_000_000
    monkeypatch.setattr(space, "measure", lambda _: FreeSpace(free, 10_000_000))
    await pipeline.pool.execute("UPDATE segments SET not_before = '-infinity'")
    await work_all(worker)
    await report(pipeline)
    last = (await pipeline.progress(upload))[-1]
    assert (last.status, last.waiting) == ("done", None)


async def test_a_store_that_says_itself_that_it_is_full_is_waited_for(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an S3 store does, which has no floor."""
    upload = await pipeline.upload(clips.make("bframes.mp4", clip_folder), "cadence", 1000)
    put, fails = pipeline.store.put, [True]

    async def full(key: str, *args: object, **more: object) -> None:
        if fails[0] and key.startswith("frames/"):
            raise StoreFull("(XMinioStorageFull)")
        await put(key, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline.store, "put", full)
    for _ in range(6):  # more often than attempts are allowed
        await work_all(worker)
        await pipeline.pool.execute("UPDATE segments SET not_before = '-infinity'")
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["waiting"]) == ("processing", "store_full")
    fails[0] = False
    await work_all(worker)
    await pipeline.publish()
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["waiting"]) == ("done", None)
