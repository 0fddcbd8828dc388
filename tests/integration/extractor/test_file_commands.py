"""Cancel, delete and retry, whenever they come."""

import asyncio
import time
from pathlib import Path

import pytest
from tests.integration.extractor.road import Road, command, record_of, until, upload_event
from tests.integration.extractor.test_file_road import run_dry
from tests.unit.extractor import clips

from extractor.files.worker import Worker
from tablewatch_schemas import FrameExtracted, keys


async def objects_of(road: Road, site: str, run: str) -> list[str]:
    prefixes = (keys.frames_prefix(site, run), keys.thumbs_prefix(site, run))
    return [each.key for prefix in prefixes async for each in road.store.list(prefix)]


async def test_cancel_stops_the_decoder_within_two_seconds_and_retry_goes_on(
    road: Road, worker: Worker, clip_folder: Path
) -> None:
    path = clips.make("bframes.mp4", clip_folder, seconds=60, size="640x360")
    upload = await road.upload(path, "all", None)
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop))

    async def some_frames() -> bool:
        return bool(await road.pool.fetchval("SELECT count(*) > 20 FROM frames WHERE run_id = $1", upload.run_id))

    await until(some_frames, 30, "first frames")
    decoder = worker._child
    assert decoder is not None
    asked = time.monotonic()
    await road.command(upload, "cancel")
    await decoder._process.wait()
    assert time.monotonic() - asked < 2
    stored = len(await objects_of(road, upload.site_id, upload.run_id))
    await asyncio.sleep(1.5)
    assert len(await objects_of(road, upload.site_id, upload.run_id)) == stored
    await road.publish()
    assert (await road.told(upload))[-1].status == "cancelled"
    assert await road.frames(upload) == []

    await road.command(upload, "retry")

    async def done() -> bool:
        await road.publish()
        job = await road.job(upload)
        return job is not None and job["state"] == "done"

    await until(done, 60, "the rest")
    stop.set()
    await working
    assert [frame.index for frame in await road.frames(upload)] == list(range(1500))


async def test_delete_in_the_middle_leaves_nothing(road: Road, worker: Worker, clip_folder: Path) -> None:
    upload = await road.upload(clips.make("cfr.mp4", clip_folder, seconds=24), "cadence", 200)
    await worker.once()
    await worker.once()
    await road.publish()
    assert await objects_of(road, upload.site_id, upload.run_id)
    await road.command(upload, "delete")
    await road.chores.round()
    assert await objects_of(road, upload.site_id, upload.run_id) == []
    counts = """SELECT (SELECT count(*) FROM jobs WHERE run_id = $1) + (SELECT count(*) FROM segments WHERE run_id = $1)
                + (SELECT count(*) FROM frames WHERE run_id = $1)"""
    assert await road.pool.fetchval(counts, upload.run_id) == 0
    await road.intake.handle(record_of(upload))
    assert await run_dry(worker) == 0


async def test_delete_while_a_decoder_works_ends_it_and_leaves_nothing(
    road: Road, worker: Worker, clip_folder: Path
) -> None:
    upload = await road.upload(clips.make("bframes.mp4", clip_folder, seconds=60, size="640x360"), "all", None)
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop))

    async def some_frames() -> bool:
        return bool(await road.pool.fetchval("SELECT count(*) > 20 FROM frames WHERE run_id = $1", upload.run_id))

    await until(some_frames, 60, "first frames")
    decoder = worker._child
    assert decoder is not None
    await road.command(upload, "delete")
    await asyncio.wait_for(decoder._process.wait(), 60)

    async def swept_again() -> bool:
        """The first sweep may meet a put that is under way; the second comes three seconds later."""
        await road.chores.round()
        sweeps = await road.pool.fetchval("SELECT sweeps FROM deletions WHERE run_id = $1", upload.run_id)
        return int(sweeps) >= 2

    await until(swept_again, 60, "the second sweep")
    stop.set()
    await working
    assert await objects_of(road, upload.site_id, upload.run_id) == []
    assert await road.job(upload) is None
    assert not await road.pool.fetchval("SELECT count(*) FROM frames WHERE run_id = $1", upload.run_id)


async def test_what_a_late_worker_stored_is_swept_again(road: Road, clip_folder: Path) -> None:
    upload = await road.upload(clips.make("cfr.mp4", clip_folder))
    await road.command(upload, "delete")
    await road.chores.round()
    late = keys.run_frame(upload.site_id, upload.run_id, 7)
    await road.store.put(late, b"late")
    await road.pool.execute("UPDATE deletions SET next_sweep = clock_timestamp() WHERE run_id = $1", upload.run_id)
    await road.chores.round()
    assert await road.store.stat(late) is None
    assert await road.pool.fetchval("SELECT sweeps FROM deletions WHERE run_id = $1", upload.run_id) == 2


@pytest.mark.parametrize("action", ["cancel", "delete"])
async def test_a_command_that_comes_before_the_upload(
    road: Road, worker: Worker, clip_folder: Path, action: str
) -> None:
    path = clips.make("cfr.mp4", clip_folder)
    upload = upload_event(path)
    await road.store.put(upload.object_key, path)
    await road.intake.handle(record_of(command(upload, action)))
    await road.intake.handle(record_of(upload))
    assert await run_dry(worker) == 0
    await road.publish()
    assert [each.status for each in await road.told(upload)] == (["cancelled"] if action == "cancel" else [])
    assert await road.heard(FrameExtracted, upload.run_id) == []


async def test_cancelled_when_only_publishing_was_left(road: Road, worker: Worker, clip_folder: Path) -> None:
    upload = await road.upload(clips.make("cfr.mp4", clip_folder))
    await run_dry(worker)
    await road.command(upload, "cancel")
    await road.publish()
    assert await road.frames(upload) == []
    await road.command(upload, "retry")
    await road.publish()
    assert len(await road.frames(upload)) == 6
