"""Damaged and hopeless files: what could be read is delivered and the rest told; failures say why."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.extractor.road import Road
from tests.integration.extractor.test_file_road import run_dry
from tests.unit.extractor import awkward, clips
from tests.unit.extractor.reference import decode_everything, expected

from extractor.files import work
from extractor.files.worker import Worker
from tablewatch_schemas import FrameExtracted, VideoUploaded


@pytest.mark.parametrize("name", ["faststart.mp4", "open_gop_hevc.mp4", "offset.ts", "mpeg4.avi"])
async def test_a_corrupt_middle(road: Road, worker: Worker, clip_folder: Path, name: str) -> None:
    path = clips.corrupted(clips.make(name, clip_folder, seconds=24), 0.45, 0.46)
    upload = await road.upload(path, "cadence", 520)
    await run_dry(worker)
    await road.publish()
    frames = await road.frames(upload)
    truth = expected(decode_everything(path), "cadence", 520)
    assert [frame.media_ms for frame in frames] == [round(each.time * 1000) for each in truth]
    assert [frame.last for frame in frames].index(True) == len(frames) - 1
    told = (await road.told(upload))[-1]
    assert told.status == "done"
    assert told.gaps
    assert all(9_000 < gap.from_ms < 13_000 and gap.code == "damaged" for gap in told.gaps)


async def test_a_truncated_end_is_told(road: Road, worker: Worker, clip_folder: Path) -> None:
    path = clips.truncated(clips.make("faststart.mp4", clip_folder, seconds=24), 0.6)
    upload = await road.upload(path)
    await run_dry(worker)
    await road.publish()
    frames = await road.frames(upload)
    told = (await road.told(upload))[-1]
    assert told.status == "done"
    assert [gap.code for gap in told.gaps if gap.to_ms is None] == ["truncated"]
    assert len(frames) == told.frames_published == told.frames_expected
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
async def test_what_is_no_video_fails_at_once(
    road: Road, worker: Worker, tmp_path: Path, content: bytes, code: str
) -> None:
    path = tmp_path / "source.mp4"
    path.write_bytes(content)
    upload = await road.upload(path)
    assert await run_dry(worker) == 1
    await road.publish()
    told = (await road.told(upload))[-1]
    assert told.error is not None
    assert (told.status, told.error.code, told.error.retryable) == ("failed", code, False)
    assert await road.frames(upload) == []


async def test_a_source_that_is_gone(road: Road, worker: Worker, clip_folder: Path) -> None:
    upload = await road.upload(clips.make("cfr.mp4", clip_folder))
    await road.store.delete(upload.object_key)
    assert await run_dry(worker) == 1
    job = await road.job(upload)
    assert job is not None
    assert (job["state"], job["error_code"]) == ("failed", "source_gone")


@pytest.mark.parametrize("make", [awkward.no_frames_avi, awkward.no_frames_mp4])
async def test_a_file_of_headers_only_has_no_frames(
    road: Road, worker: Worker, clip_folder: Path, make: Callable[[Path], Path]
) -> None:
    broken = make(clip_folder)
    upload = await road.upload(broken)
    await run_dry(worker)
    job = await road.job(upload)
    assert job is not None
    assert (job["state"], job["error_code"]) == ("failed", "no_frames")


async def test_a_silent_decoder_is_killed_and_tried_again(
    road: Road, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no time allowed every try is a timeout; a later retry goes on from there."""
    monkeypatch.setattr("extractor.files.segments.BACKOFF_S", 0.01)
    upload = await road.upload(clips.make("cfr.mp4", clip_folder))
    with monkeypatch.context() as hurried:
        hurried.setattr(work, "SURVEY_S", 0.0)
        for _ in range(3):
            while not await worker.once():
                pass
    assert not await worker.once()
    job = await road.job(upload)
    assert job is not None
    assert (job["state"], job["error_code"]) == ("failed", "timeout")
    await road.command(upload, "retry")
    await run_dry(worker)
    await road.publish()
    assert len(await road.frames(upload)) == 6
    assert [each.attempt for each in await road.told(upload)][-1] == 2
    rows = await road.pool.fetch("SELECT * FROM history WHERE run_id = $1 ORDER BY id", upload.run_id)
    tries = [(row["segment"], row["tries"], row["error_code"]) for row in rows if row["segment"] is not None]
    assert tries == [(0, 1, "timeout"), (0, 2, "timeout"), (0, 3, "timeout")]
    changes = [(row["attempt"], row["state"], row["error_code"]) for row in rows if row["segment"] is None]
    assert list(dict.fromkeys(changes)) == [
        (1, "queued", None),
        (1, "processing", None),
        (1, "failed", "timeout"),
        (2, "queued", None),
        (2, "processing", None),
        (2, "done", None),
    ]


async def failed_half_way(
    road: Road, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch, make: tuple[str, ...]
) -> VideoUploaded:
    """A run of 24 frames whose first segment is done and whose others had no time."""
    monkeypatch.setattr("extractor.files.segments.BACKOFF_S", 0.01)
    upload = await road.upload(clips.make("cfr.mp4", clip_folder, seconds=24), "cadence", 1000, make=make)
    await worker.once()
    await worker.once()
    with monkeypatch.context() as hurried:
        hurried.setattr(work, "allowed_s", lambda _held: 0.0)
        while (job := await road.job(upload)) and job["state"] == "processing":
            await worker.once()
    await road.publish()
    return upload


async def give_up(road: Road, upload: VideoUploaded) -> None:
    """As if nobody had tried the run again for as long as that is possible."""
    await road.pool.execute("UPDATE jobs SET updated_at = '-infinity' WHERE run_id = $1", upload.run_id)
    await road.chores.round()
    await road.publish()


@pytest.mark.parametrize("make", [("frames",), ("frames", "tables", "hazards")])
async def test_a_failed_run_keeps_its_end_to_itself_and_goes_on_where_it_stood(
    road: Road, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch, make: tuple[str, ...]
) -> None:
    upload = await failed_half_way(road, worker, clip_folder, monkeypatch, make)
    await road.chores.round()
    await road.publish()
    before = await road.frames(upload)
    assert 0 < len(before) < 24
    assert not any(frame.last for frame in before)
    error = (await road.told(upload))[-1].error
    assert error is not None
    assert (error.code, error.retryable) == ("timeout", True)

    await road.command(upload, "retry")
    await run_dry(worker)
    await road.publish()
    after = await road.frames(upload)
    assert after[: len(before)] == before
    assert [frame.index for frame in after] == list(range(24))
    assert [frame.last for frame in after] == [False] * 23 + [True]


async def test_a_run_that_was_given_up_ends_with_a_marker_and_its_folds_take_no_more(
    road: Road, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await failed_half_way(road, worker, clip_folder, monkeypatch, ("frames", "tables"))
    await give_up(road, upload)
    frames = await road.frames(upload)
    assert (frames[-1].last, frames[-1].object_key, frames[-1].index) == (True, None, len(frames) - 1)
    assert not any(frame.last for frame in frames[:-1])
    await road.command(upload, "retry")
    assert await run_dry(worker) == 0
    await road.publish()
    told = (await road.told(upload))[-1]
    assert told.error is not None
    assert (told.status, told.error.code, told.error.retryable) == ("failed", "timeout", False)
    assert await road.frames(upload) == frames


async def test_frames_alone_can_go_on_after_they_were_given_up(
    road: Road, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await failed_half_way(road, worker, clip_folder, monkeypatch, ("frames",))
    await give_up(road, upload)
    before = await road.frames(upload)
    assert (before[-1].last, before[-1].object_key) == (True, None)
    await road.command(upload, "retry")
    await run_dry(worker)
    await road.publish()
    after = await road.frames(upload)
    assert [frame.index for frame in after if frame.object_key] == list(range(24))
    assert (after[-1].last, after[-1].object_key, after[-1].index) == (True, None, 24)
    ids = [each.id for each in await road.heard(FrameExtracted, upload.run_id)]
    assert len(set(ids)) == len(ids)


async def test_a_full_disk_at_the_last_thumbnail_is_waited_out(
    road: Road, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await road.upload(clips.make("cfr.mp4", clip_folder))
    await run_dry(worker)

    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as filled:
        filled.setattr(road.store, "put", full)
        await road.publish()
    job = await road.job(upload)
    assert job is not None
    assert (job["state"], job["published"]) == ("processing", 0)  # what ends a run waits for its thumbnail
    await road.pool.execute("UPDATE jobs SET publish_until = '-infinity' WHERE run_id = $1", upload.run_id)
    await road.publish()
    assert [frame.last for frame in await road.frames(upload)] == [False] * 5 + [True]
    assert (await road.told(upload))[-1].thumbnails.best is not None
