"""Damaged and unreadable files: what can be read is delivered, the rest is reported as gaps or failures."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.extractor.pipeline import Pipeline
from tests.integration.extractor.test_upload_to_frames import work_all
from tests.unit.extractor import awkward, clips
from tests.unit.extractor.reference import decode_everything, expected

from chassis.backoff import Backoff
from extractor.files import segment_work
from extractor.files.worker import Worker
from tablewatch_schemas import FrameExtracted, VideoUploaded


@pytest.mark.parametrize("name", ["faststart.mp4", "open_gop_hevc.mp4", "offset.ts", "mpeg4.avi"])
async def test_a_corrupt_middle(pipeline: Pipeline, worker: Worker, clip_folder: Path, name: str) -> None:
    path = clips.corrupted(clips.make(name, clip_folder, seconds=24), 0.45, 0.46)
    upload = await pipeline.upload(path, "cadence", 520)
    await work_all(worker)
    await pipeline.publish()
    frames = await pipeline.frames(upload)
    truth = expected(decode_everything(path), "cadence", 520)
    assert [frame.media_ms for frame in frames] == [round(each.time * 1000) for each in truth]
    assert [frame.last for frame in frames].index(True) == len(frames) - 1
    last = (await pipeline.progress(upload))[-1]
    assert last.status == "done"
    assert last.gaps
    assert all(9_000 < gap.from_ms < 13_000 and gap.code in ("damaged", "suspect") for gap in last.gaps)


async def test_every_frame_of_a_stream_that_is_renewed_bit_by_bit(
    pipeline: Pipeline, worker: Worker, clip_folder: Path
) -> None:
    """The plan breaks at a keyframe that shows nothing at first: the fallback begins a segment earlier."""
    path = awkward.intra_refresh(clip_folder)
    upload = await pipeline.upload(path, "all", None)
    await work_all(worker)
    await pipeline.publish()
    frames = await pipeline.frames(upload)
    truth = decode_everything(path)
    assert [frame.media_ms for frame in frames] == [round(each.time * 1000) for each in truth]
    stored = [await pipeline.store.get(frame.object_key or "") for frame in frames]
    assert stored == [each.jpeg for each in truth]
    assert (await pipeline.progress(upload))[-1].gaps == ()


async def test_a_truncated_end_is_told(pipeline: Pipeline, worker: Worker, clip_folder: Path) -> None:
    path = clips.truncated(clips.make("faststart.mp4", clip_folder, seconds=24), 0.6)
    upload = await pipeline.upload(path)
    await work_all(worker)
    await pipeline.publish()
    frames = await pipeline.frames(upload)
    last = (await pipeline.progress(upload))[-1]
    assert last.status == "done"
    assert [gap.code for gap in last.gaps if gap.to_ms is None] == ["truncated"]
    assert len(frames) == last.frames_published == last.frames_expected
    assert 12 < len(frames) < 17


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not a video at all" * 500, "decode_failed"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n", "decode_failed"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", "decode_failed"),
        (b"", "decode_failed"),
    ],
)
async def test_a_file_that_is_no_video_fails_at_once(
    pipeline: Pipeline, worker: Worker, tmp_path: Path, content: bytes, code: str
) -> None:
    path = tmp_path / "source.mp4"
    path.write_bytes(content)
    upload = await pipeline.upload(path)
    assert await work_all(worker) == 1
    await pipeline.publish()
    last = (await pipeline.progress(upload))[-1]
    assert last.error is not None
    assert (last.status, last.error.code, last.error.retryable) == ("failed", code, False)
    assert await pipeline.frames(upload) == []


async def test_a_source_that_is_gone(pipeline: Pipeline, worker: Worker, clip_folder: Path) -> None:
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder))
    await pipeline.store.delete(upload.object_key)
    assert await work_all(worker) == 1
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["error_code"]) == ("failed", "source_gone")


@pytest.mark.parametrize("make", [awkward.no_frames_avi, awkward.no_frames_mp4])
async def test_a_file_of_headers_only_has_no_frames(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, make: Callable[[Path], Path]
) -> None:
    broken = make(clip_folder)
    upload = await pipeline.upload(broken)
    await work_all(worker)
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["error_code"]) == ("failed", "no_frames")


async def test_a_silent_decoder_is_killed_and_the_segment_retried(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no time allowed every attempt is a timeout; a later retry goes on from there."""
    monkeypatch.setattr("extractor.files.rows.segments.BACKOFF", Backoff(0.01, 60))
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder))
    with monkeypatch.context() as no_time:
        no_time.setattr(segment_work, "SURVEY_CPU_S", 0.0)
        for _ in range(3):
            while not await worker.work_once():
                pass
    assert not await worker.work_once()
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["error_code"]) == ("failed", "timeout")
    await pipeline.command(upload, "retry")
    await work_all(worker)
    await pipeline.publish()
    assert len(await pipeline.frames(upload)) == 6
    assert [each.attempt for each in await pipeline.progress(upload)][-1] == 2
    rows = await pipeline.pool.fetch("SELECT * FROM history WHERE run_id = $1 ORDER BY id", upload.run_id)
    attempts = [(row["segment"], row["tries"], row["error_code"]) for row in rows if row["segment"] is not None]
    assert attempts == [(0, 1, "timeout"), (0, 2, "timeout"), (0, 3, "timeout")]
    transitions = [(row["attempt"], row["state"], row["error_code"]) for row in rows if row["segment"] is None]
    assert list(dict.fromkeys(transitions)) == [
        (1, "queued", None),
        (1, "processing", None),
        (1, "failed", "timeout"),
        (2, "queued", None),
        (2, "processing", None),
        (2, "done", None),
    ]


async def failed_half_way(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch, make: tuple[str, ...]
) -> VideoUploaded:
    """A run of 24 frames whose first segment is done and whose others had no time."""
    monkeypatch.setattr("extractor.files.rows.segments.BACKOFF", Backoff(0.01, 60))
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder, seconds=24), "cadence", 1000, make=make)
    await worker.work_once()
    await worker.work_once()
    with monkeypatch.context() as no_time:
        no_time.setattr(segment_work, "cpu_limit_s", lambda _held: 0.0)
        while (job := await pipeline.job(upload)) and job["state"] == "processing":
            await worker.work_once()
    await pipeline.publish()
    return upload


async def give_up(pipeline: Pipeline, upload: VideoUploaded) -> None:
    """As if the time for a retry were over."""
    await pipeline.pool.execute("UPDATE jobs SET updated_at = '-infinity' WHERE run_id = $1", upload.run_id)
    await pipeline.housekeeping.round()
    await pipeline.publish()


@pytest.mark.parametrize("make", [("frames",), ("frames", "tables", "hazards")])
async def test_a_failed_run_has_no_end_yet_and_resumes_where_it_stood(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch, make: tuple[str, ...]
) -> None:
    upload = await failed_half_way(pipeline, worker, clip_folder, monkeypatch, make)
    await pipeline.housekeeping.round()
    await pipeline.publish()
    before = await pipeline.frames(upload)
    assert 0 < len(before) < 24
    assert not any(frame.last for frame in before)
    error = (await pipeline.progress(upload))[-1].error
    assert error is not None
    assert (error.code, error.retryable) == ("timeout", True)

    await pipeline.command(upload, "retry")
    await work_all(worker)
    await pipeline.publish()
    after = await pipeline.frames(upload)
    assert after[: len(before)] == before
    assert [frame.index for frame in after] == list(range(24))
    assert [frame.last for frame in after] == [False] * 23 + [True]


async def test_a_run_that_was_given_up_ends_with_a_marker_and_publishes_no_more(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await failed_half_way(pipeline, worker, clip_folder, monkeypatch, ("frames", "tables"))
    await give_up(pipeline, upload)
    frames = await pipeline.frames(upload)
    assert (frames[-1].last, frames[-1].object_key, frames[-1].index) == (True, None, len(frames) - 1)
    assert not any(frame.last for frame in frames[:-1])
    await pipeline.command(upload, "retry")
    assert await work_all(worker) == 0
    await pipeline.publish()
    last = (await pipeline.progress(upload))[-1]
    assert last.error is not None
    assert (last.status, last.error.code, last.error.retryable) == ("failed", "timeout", False)
    assert await pipeline.frames(upload) == frames


async def test_a_run_of_frames_alone_resumes_after_it_was_given_up(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await failed_half_way(pipeline, worker, clip_folder, monkeypatch, ("frames",))
    await give_up(pipeline, upload)
    before = await pipeline.frames(upload)
    assert (before[-1].last, before[-1].object_key) == (True, None)
    await pipeline.command(upload, "retry")
    await work_all(worker)
    await pipeline.publish()
    after = await pipeline.frames(upload)
    assert [frame.index for frame in after if frame.object_key] == list(range(24))
    assert (after[-1].last, after[-1].object_key, after[-1].index) == (True, None, 24)
    ids = [each.id for each in await pipeline.records(FrameExtracted, upload.run_id)]
    assert len(set(ids)) == len(ids)


async def test_a_full_disk_at_the_best_thumbnail_postpones_the_end_of_the_run(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await pipeline.upload(clips.make("cfr.mp4", clip_folder))
    await work_all(worker)

    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as filled:
        filled.setattr(pipeline.store, "put", full)
        await pipeline.publish()
    job = await pipeline.job(upload)
    assert job is not None
    assert (job["state"], job["published"]) == ("processing", 0)  # what ends a run waits for its thumbnail
    await pipeline.pool.execute("UPDATE jobs SET publish_until = '-infinity' WHERE run_id = $1", upload.run_id)
    await pipeline.publish()
    assert [frame.last for frame in await pipeline.frames(upload)] == [False] * 5 + [True]
    assert (await pipeline.progress(upload))[-1].thumbnails.best is not None
