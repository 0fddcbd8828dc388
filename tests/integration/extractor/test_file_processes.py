"""Whole processes: killed in the middle, sharing a video, fed by the real topic."""

import os
import signal
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from tests.integration.extractor.pipeline import Pipeline, command, encoded, until, upload_event
from tests.integration.extractor.processes import extractor
from tests.integration.extractor.test_decoder_process import blocked
from tests.unit.extractor import clips, joined
from tests.unit.extractor.reference import decode_everything

from chassis.produce import KafkaProducer
from tablewatch_schemas import FrameExtracted, VideoUploaded

pytestmark = pytest.mark.timeout(240)


async def finished(pipeline: Pipeline, upload: VideoUploaded) -> bool:
    job = await pipeline.job(upload)
    return job is not None and job["state"] == "done"


async def ended(pid: int) -> bool:
    """A process that is killed goes on until it next runs, which takes a while on a busy machine."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def segments_done(pipeline: Pipeline, upload: VideoUploaded) -> list[int]:
    rows = await pipeline.pool.fetch("SELECT number FROM segments WHERE run_id = $1 AND state = 'done'", upload.run_id)
    return [row["number"] for row in rows]


async def test_killed_in_the_middle_only_the_unfinished_is_done_again(
    pipeline: Pipeline, clip_folder: Path, tmp_path: Path, kafka_bootstrap: str, own_database: str, objects_dir: Path
) -> None:
    path = clips.make("bframes.mp4", clip_folder, seconds=60, size="480x270")
    upload = await pipeline.upload(path, "cadence", 200)
    settings = (tmp_path, kafka_bootstrap, own_database, objects_dir)

    async def some_but_not_all() -> list[int]:
        done = await segments_done(pipeline, upload)
        return done if len(done) >= 3 else []

    async with extractor("first", *settings) as first:
        await until(some_but_not_all, 60, "some segments")
        await first.kill()
    done = await segments_done(pipeline, upload)
    total = await pipeline.pool.fetchval("SELECT count(*) FROM segments WHERE run_id = $1", upload.run_id)
    assert 0 < len(done) < total

    async with extractor("second", *settings) as second:
        await until(lambda: finished(pipeline, upload), 90, "the run to finish")
        assert sorted([*done, *second.segments(upload.run_id)]) == list(range(total))

    records = await pipeline.records(FrameExtracted, upload.run_id)
    once = {each.id: each.event for each in records if each.event}
    frames = list(once.values())
    truth = decode_everything(path)[::5]
    assert [frame.index for frame in frames] == list(range(300))
    assert [frame.last for frame in frames] == [False] * 299 + [True]
    assert [await pipeline.store.get(frame.object_key or "") for frame in frames] == [each.jpeg for each in truth]


async def test_a_file_in_which_time_begins_again_is_the_same_after_a_kill(
    pipeline: Pipeline, clip_folder: Path, tmp_path: Path, kafka_bootstrap: str, own_database: str, objects_dir: Path
) -> None:
    """One sequential segment: it is decoded again from its beginning, and what was published stays true."""
    parts = [joined.piece(clip_folder, f"kill_{number}.ts", joined.B_FRAMES, 60 * number, 12) for number in range(4)]
    path = joined.together(parts)
    upload = await pipeline.upload(path, "all", None)
    settings = (tmp_path, kafka_bootstrap, own_database, objects_dir)

    async def some() -> bool:
        published = await pipeline.pool.fetchval("SELECT published FROM jobs WHERE run_id = $1", upload.run_id)
        return bool(published > 20)

    async with extractor("first", *settings) as first:
        await until(some, 60, "some frames")
        await first.kill()
    assert await segments_done(pipeline, upload) == [0]

    async with extractor("second", *settings):
        await until(lambda: finished(pipeline, upload), 90, "the run to finish")
    frames = list({each.id: each.event for each in await pipeline.records(FrameExtracted, upload.run_id)}.values())
    truth = joined.frames_of(parts)
    assert [frame.index for frame in frames if frame] == list(range(len(truth)))
    assert [frame.media_ms for frame in frames if frame] == [round(each.time * 1000) for each in truth]
    stored = [await pipeline.store.get(frame.object_key or "") for frame in frames if frame]
    assert stored == [each.jpeg for each in truth]


async def test_two_processes_share_one_video(
    pipeline: Pipeline, clip_folder: Path, tmp_path: Path, kafka_bootstrap: str, own_database: str, objects_dir: Path
) -> None:
    path = clips.make("bframes.mp4", clip_folder, seconds=60, size="480x270")
    settings = (tmp_path, kafka_bootstrap, own_database, objects_dir)
    async with AsyncExitStack() as stack:
        both = [
            await stack.enter_async_context(extractor(name, *settings, EXTRACTOR_WORKERS="1"))
            for name in ("one", "two")
        ]

        async def up() -> bool:
            return all(any(line.get("event") == "partitions_assigned" for line in each.lines()) for each in both)

        await until(up, 60, "both to be up")
        upload = await pipeline.upload(path, "cadence", 200)
        await until(lambda: finished(pipeline, upload), 90, "the run to finish")
        shares = [each.segments(upload.run_id) for each in both]
    assert all(shares)
    assert sorted(shares[0] + shares[1]) == list(range(len(shares[0]) + len(shares[1])))
    indices = [frame.index for frame in await pipeline.frames(upload)]
    assert indices == list(range(300))


async def test_from_topic_to_topic(
    pipeline: Pipeline,
    producer: KafkaProducer,
    clip_folder: Path,
    tmp_path: Path,
    kafka_bootstrap: str,
    own_database: str,
    objects_dir: Path,
) -> None:
    """The deployed wiring: uploaded, extracted, deleted, by records alone.

    Before the upload the kernel ends the decoders that wait for it, as it does when memory runs out.
    """
    path = clips.make("cfr.mp4", clip_folder)
    upload = upload_event(path)
    await pipeline.store.put(upload.object_key, path)
    async with extractor("only", tmp_path, kafka_bootstrap, own_database, objects_dir, EXTRACTOR_WORKERS="1") as only:
        idle = await until(only.decoders, 60, "a decoder")
        for pid in idle:
            await blocked(pid)
            os.kill(pid, signal.SIGKILL)
            await until(partial(ended, pid), 30, "the kernel to end it")
        await producer.send(encoded(upload))
        await until(lambda: finished(pipeline, upload), 90, "the run to finish")
        frames = await pipeline.frames(upload)
        assert [frame.media_ms for frame in frames] == [0, 1000, 2000, 3000, 4000, 5000]
        assert {each.causation_id for each in await pipeline.records(FrameExtracted, upload.run_id)} == {
            encoded_id(upload)
        }
        await producer.send(encoded(command(upload, "delete")))

        async def gone() -> bool:
            return await pipeline.job(upload) is None and await pipeline.store.stat(frames[0].object_key or "") is None

        await until(gone, 30, "everything to be deleted")
        assert only.process.returncode is None
        assert only.failures(upload.run_id) == []


def encoded_id(upload: VideoUploaded) -> str:
    return next(value.decode() for name, value in encoded(upload).headers if name == "ce_id")
