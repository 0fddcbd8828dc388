"""Whole processes: killed in the middle, sharing a video, fed by the real topic."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.integration.extractor.processes import extractor
from tests.integration.extractor.road import Road, command, encoded, until, upload_event
from tests.unit.extractor import clips
from tests.unit.extractor.reference import decode_everything

from chassis.produce import KafkaProducer
from tablewatch_schemas import FrameExtracted, VideoUploaded

pytestmark = pytest.mark.timeout(240)


async def finished(road: Road, upload: VideoUploaded) -> bool:
    job = await road.job(upload)
    return job is not None and job["state"] == "done"


async def segments_done(road: Road, upload: VideoUploaded) -> list[int]:
    rows = await road.pool.fetch("SELECT number FROM segments WHERE run_id = $1 AND state = 'done'", upload.run_id)
    return [row["number"] for row in rows]


async def test_killed_in_the_middle_only_the_unfinished_is_done_again(
    road: Road, clip_folder: Path, tmp_path: Path, kafka_bootstrap: str, own_database: str, objects_dir: Path
) -> None:
    path = clips.make("bframes.mp4", clip_folder, seconds=60, size="480x270")
    upload = await road.upload(path, "cadence", 200)
    where = (tmp_path, kafka_bootstrap, own_database, objects_dir)

    async def some_but_not_all() -> list[int]:
        done = await segments_done(road, upload)
        return done if len(done) >= 3 else []

    async with extractor("first", *where) as first:
        await until(some_but_not_all, 60, "some segments")
        await first.kill()
    done = await segments_done(road, upload)
    total = await road.pool.fetchval("SELECT count(*) FROM segments WHERE run_id = $1", upload.run_id)
    assert 0 < len(done) < total

    async with extractor("second", *where) as second:
        await until(lambda: finished(road, upload), 90, "the run to finish")
        assert sorted([*done, *second.segments(upload.run_id)]) == list(range(total))

    heard = await road.heard(FrameExtracted, upload.run_id)
    once = {each.id: each.event for each in heard if each.event}
    frames = list(once.values())
    truth = decode_everything(path)[::5]
    assert [frame.index for frame in frames] == list(range(300))
    assert [frame.last for frame in frames] == [False] * 299 + [True]
    assert [await road.store.get(frame.object_key or "") for frame in frames] == [each.jpeg for each in truth]


async def test_two_processes_share_one_video(
    road: Road, clip_folder: Path, tmp_path: Path, kafka_bootstrap: str, own_database: str, objects_dir: Path
) -> None:
    path = clips.make("bframes.mp4", clip_folder, seconds=60, size="480x270")
    where = (tmp_path, kafka_bootstrap, own_database, objects_dir)
    async with AsyncExitStack() as stack:
        both = [
            await stack.enter_async_context(extractor(name, *where, EXTRACTOR_WORKERS="1")) for name in ("one", "two")
        ]

        async def up() -> bool:
            return all(any(line.get("event") == "partitions_assigned" for line in each.lines()) for each in both)

        await until(up, 60, "both to be up")
        upload = await road.upload(path, "cadence", 200)
        await until(lambda: finished(road, upload), 90, "the run to finish")
        shares = [each.segments(upload.run_id) for each in both]
    assert all(shares)
    assert sorted(shares[0] + shares[1]) == list(range(len(shares[0]) + len(shares[1])))
    indices = [frame.index for frame in await road.frames(upload)]
    assert indices == list(range(300))


async def test_from_topic_to_topic(
    road: Road,
    producer: KafkaProducer,
    clip_folder: Path,
    tmp_path: Path,
    kafka_bootstrap: str,
    own_database: str,
    objects_dir: Path,
) -> None:
    """The deployed wiring: uploaded, extracted, deleted, by records alone."""
    path = clips.make("cfr.mp4", clip_folder)
    upload = upload_event(path)
    await road.store.put(upload.object_key, path)
    async with extractor("only", tmp_path, kafka_bootstrap, own_database, objects_dir):
        await producer.send(encoded(upload))
        await until(lambda: finished(road, upload), 90, "the run to finish")
        frames = await road.frames(upload)
        assert [frame.media_ms for frame in frames] == [0, 1000, 2000, 3000, 4000, 5000]
        assert {each.causation_id for each in await road.heard(FrameExtracted, upload.run_id)} == {encoded_id(upload)}
        await producer.send(encoded(command(upload, "delete")))

        async def gone() -> bool:
            return await road.job(upload) is None and await road.store.stat(frames[0].object_key or "") is None

        await until(gone, 30, "everything to be deleted")


def encoded_id(upload: VideoUploaded) -> str:
    return next(value.decode() for name, value in encoded(upload).headers if name == "ce_id")
