"""Cancel, delete and retry, at any time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.integration.extractor.pipeline import Pipeline, command, record_of, until, upload_event
from tests.integration.extractor.test_upload_to_frames import work_all
from tests.unit.extractor import clips

from extractor.files.decoder import Decoder
from extractor.files.worker import Worker
from tablewatch_schemas import FrameExtracted, VideoUploaded, keys


async def objects_of(pipeline: Pipeline, site: str, run: str) -> list[str]:
    prefixes = (keys.frames_prefix(site, run), keys.thumbs_prefix(site, run))
    return [each.key for prefix in prefixes async for each in pipeline.store.list(prefix)]


async def fences_of(pipeline: Pipeline, upload: VideoUploaded) -> list[tuple[int, int]]:
    """Number and fence of each segment: a claim raises the fence."""
    query = "SELECT number, fence FROM segments WHERE run_id = $1 ORDER BY number"
    return [tuple(row) for row in await pipeline.pool.fetch(query, upload.run_id)]


@asynccontextmanager
async def decoding(pipeline: Pipeline, worker: Worker, upload: VideoUploaded) -> AsyncIterator[Decoder]:
    """The worker runs within the block, which begins when its decoder has delivered some frames of the upload."""
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop))

    async def some_frames() -> bool:
        return bool(await pipeline.pool.fetchval("SELECT count(*) > 20 FROM frames WHERE run_id = $1", upload.run_id))

    try:
        await until(some_frames, 60, "first frames")
        assert worker._decoder is not None
        yield worker._decoder
    finally:
        stop.set()
        await working


async def test_cancel_stops_the_decoder_within_two_seconds_and_retry_resumes(
    pipeline: Pipeline, worker: Worker, clip_folder: Path
) -> None:
    path = clips.make("bframes.mp4", clip_folder, seconds=60, size="640x360")
    upload = await pipeline.upload(path, "all", None)
    async with decoding(pipeline, worker, upload) as decoder:
        began = time.monotonic()
        await pipeline.command(upload, "cancel")
        await decoder._process.wait()
        assert time.monotonic() - began < 2
        fences = await fences_of(pipeline, upload)

        async def idle() -> bool:
            """The worker has abandoned the segment, has looked for another one, and found none."""
            return worker._decoder not in (None, decoder) and worker._decoder_file is None

        await until(idle, 60, "the worker to have a decoder ready for the next run")
        assert await fences_of(pipeline, upload) == fences
        stored = set(await objects_of(pipeline, upload.site_id, upload.run_id))
        await pipeline.publish()
        assert (await pipeline.progress(upload))[-1].status == "cancelled"
        assert await pipeline.frames(upload) == []

        await pipeline.command(upload, "retry")

        async def done() -> bool:
            await pipeline.publish()
            job = await pipeline.job(upload)
            return job is not None and job["state"] == "done"

        await until(done, 180, "the rest")
    assert [frame.index for frame in await pipeline.frames(upload)] == list(range(1500))
    assert stored < set(await objects_of(pipeline, upload.site_id, upload.run_id))


async def test_delete_in_the_middle_leaves_nothing(pipeline: Pipeline, worker: Worker, clip_folder: Path) -> None:
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder, seconds=24), "cadence", 200)
    await worker.work_once()
    await worker.work_once()
    await pipeline.publish()
    assert await objects_of(pipeline, upload.site_id, upload.run_id)
    await pipeline.command(upload, "delete")
    await pipeline.housekeeping.round()
    assert await objects_of(pipeline, upload.site_id, upload.run_id) == []
    counts = """SELECT (SELECT count(*) FROM jobs WHERE run_id = $1) + (SELECT count(*) FROM segments WHERE run_id = $1)
                + (SELECT count(*) FROM frames WHERE run_id = $1)"""
    assert await pipeline.pool.fetchval(counts, upload.run_id) == 0
    await pipeline.intake.handle(record_of(upload))
    assert await work_all(worker) == 0


async def test_delete_while_a_decoder_works_ends_it_and_leaves_nothing(
    pipeline: Pipeline, worker: Worker, clip_folder: Path
) -> None:
    upload = await pipeline.upload(clips.make("bframes.mp4", clip_folder, seconds=60, size="640x360"), "all", None)

    async def swept_twice() -> bool:
        """The first sweep may meet a put that is under way; the second comes three seconds later."""
        await pipeline.housekeeping.round()
        sweeps = await pipeline.pool.fetchval("SELECT sweeps FROM deletions WHERE run_id = $1", upload.run_id)
        return int(sweeps) >= 2

    async with decoding(pipeline, worker, upload) as decoder:
        await pipeline.command(upload, "delete")
        await asyncio.wait_for(decoder._process.wait(), 60)
        await until(swept_twice, 60, "the second sweep")
    assert await objects_of(pipeline, upload.site_id, upload.run_id) == []
    assert await pipeline.job(upload) is None
    assert not await pipeline.pool.fetchval("SELECT count(*) FROM frames WHERE run_id = $1", upload.run_id)


async def test_what_a_late_worker_stored_is_swept_later(pipeline: Pipeline, clip_folder: Path) -> None:
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder))
    await pipeline.command(upload, "delete")
    await pipeline.housekeeping.round()
    late = keys.run_frame(upload.site_id, upload.run_id, 7)
    await pipeline.store.put(late, b"late")
    await pipeline.pool.execute("UPDATE deletions SET next_sweep = clock_timestamp() WHERE run_id = $1", upload.run_id)
    await pipeline.housekeeping.round()
    assert await pipeline.store.stat(late) is None
    assert await pipeline.pool.fetchval("SELECT sweeps FROM deletions WHERE run_id = $1", upload.run_id) == 2


@pytest.mark.parametrize("action", ["cancel", "delete"])
async def test_a_command_that_comes_before_the_upload(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, action: str
) -> None:
    path = clips.make("cfr.mp4", clip_folder)
    upload = upload_event(path)
    await pipeline.store.put(upload.object_key, path)
    await pipeline.intake.handle(record_of(command(upload, action)))
    await pipeline.intake.handle(record_of(upload))
    assert await work_all(worker) == 0
    await pipeline.publish()
    assert [each.status for each in await pipeline.progress(upload)] == (["cancelled"] if action == "cancel" else [])
    assert await pipeline.records(FrameExtracted, upload.run_id) == []


async def test_cancelled_when_only_publishing_was_left(pipeline: Pipeline, worker: Worker, clip_folder: Path) -> None:
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder))
    await work_all(worker)
    await pipeline.command(upload, "cancel")
    await pipeline.publish()
    assert await pipeline.frames(upload) == []
    await pipeline.command(upload, "retry")
    await pipeline.publish()
    assert len(await pipeline.frames(upload)) == 6
