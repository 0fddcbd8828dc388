"""An upload becomes frames on the topic: exact, in order, the last one marked."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.integration.extractor.pipeline import UPLOADED_AT, Pipeline, record_of
from tests.unit.extractor import clips, joined
from tests.unit.extractor.reference import decode_everything, expected

from extractor.files.worker import Worker
from objects.store import ObjectStore
from tablewatch_schemas import FrameExtracted, VideoUploadedPicture, keys


async def work_all(worker: Worker) -> int:
    """Work on segments until there is none; how many."""
    count = 0
    while await worker.work_once():
        count += 1
    await worker.close()
    return count


@pytest.mark.parametrize(("name", "mode", "every"), [("bframes.mp4", "cadence", 520), ("mpeg4.avi", "keyframes", None)])
async def test_upload_to_frames(
    pipeline: Pipeline, worker: Worker, store: ObjectStore, clip_folder: Path, name: str, mode: str, every: int | None
) -> None:
    path = clips.make(name, clip_folder)
    upload = await pipeline.upload(path, mode, every)
    assert await work_all(worker) >= 2
    await pipeline.publish()

    truth = expected(decode_everything(path), mode, every)
    frames = await pipeline.frames(upload)
    assert [frame.index for frame in frames] == list(range(len(truth)))
    assert [frame.media_ms for frame in frames] == [round(each.time * 1000) for each in truth]
    assert [frame.last for frame in frames] == [False] * (len(truth) - 1) + [True]
    assert [await store.get(frame.object_key or "") for frame in frames] == [each.jpeg for each in truth]
    assert frames[0].previous_frame_id is None
    assert frames[2].previous_object_key == frames[1].object_key
    assert frames[3].captured_at == UPLOADED_AT + timedelta(milliseconds=frames[3].media_ms or 0)
    assert {frame.size_bytes for frame in frames} == {len(each.jpeg) for each in truth}


async def test_frames_as_png_of_half_the_size(
    pipeline: Pipeline, worker: Worker, store: ObjectStore, clip_folder: Path
) -> None:
    path = clips.make("cfr.mp4", clip_folder)
    asked = VideoUploadedPicture(format="png", quality=None, long_side=160)
    upload = await pipeline.upload(path, "cadence", 1000, picture=asked)
    await work_all(worker)
    await pipeline.publish()
    frames = await pipeline.frames(upload)
    assert [frame.object_key for frame in frames] == [
        keys.run_frame(upload.site_id, upload.run_id, index, "png") for index in range(6)
    ]
    assert frames[2].previous_object_key == frames[1].object_key
    for frame in frames:
        stored = await store.get(frame.object_key or "")
        pixels = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        assert (stored[:4], len(stored)) == (b"\x89PNG", frame.size_bytes)
        assert max(pixels.shape) == 160
        assert (pixels.shape[1], pixels.shape[0]) == (frame.width, frame.height)


async def test_progress_from_queued_to_done(
    pipeline: Pipeline, worker: Worker, store: ObjectStore, clip_folder: Path
) -> None:
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder))
    await work_all(worker)
    await pipeline.publish()
    progress = await pipeline.progress(upload)
    assert [each.sequence for each in progress] == list(range(len(progress)))
    assert [progress[0].status, progress[1].status, progress[-1].status] == ["queued", "processing", "done"]
    assert (progress[-1].frames_published, progress[-1].frames_expected, progress[-1].percent) == (6, 6, 100.0)
    for which in ("first", "best"):
        key = getattr(progress[-1].thumbnails, which)
        assert key == keys.thumbnail(upload.site_id, upload.run_id, which)
        picture = cv2.imdecode(np.frombuffer(await store.get(key), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape[1] == 320


async def test_the_same_upload_twice_is_one_job(pipeline: Pipeline, worker: Worker, clip_folder: Path) -> None:
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder))
    await pipeline.intake.handle(record_of(upload))
    await work_all(worker)
    await pipeline.intake.handle(record_of(upload))
    assert await work_all(worker) == 0
    await pipeline.publish()
    ids = [each.id for each in await pipeline.records(FrameExtracted, upload.run_id)]
    assert len(ids) == len(set(ids)) == 6


async def test_the_original_is_fetched_once_for_all_segments(
    pipeline: Pipeline, worker: Worker, store: ObjectStore, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched, fetch = [], store.local_path

    def counted(key: str) -> AbstractAsyncContextManager[Path]:
        fetched.append(key)
        return fetch(key)

    monkeypatch.setattr(store, "local_path", counted)
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder, seconds=60))
    assert await work_all(worker) > 3
    assert fetched == [upload.object_key]


async def test_progress_corrects_the_duration_of_recordings_put_together(
    pipeline: Pipeline, worker: Worker, clip_folder: Path
) -> None:
    for path, duration_ms in (
        (joined.together(joined.KINDS["mp4"](clip_folder)), 4000),
        (joined.piece(clip_folder, "h264.mpg", f"{joined.B_FRAMES} -f vob", seconds=7), 7000),
    ):
        upload = await pipeline.upload(path, "cadence", 1000)
        await work_all(worker)
        await pipeline.publish()
        progress = await pipeline.progress(upload)
        assert (progress[0].media_ms_total, progress[-1].media_ms_total) == (upload.duration_ms, duration_ms)
        assert progress[-1].media_ms_done == duration_ms
