"""Rows become events that are valid against their schemas."""

from datetime import UTC, datetime
from typing import Any

import pytest

from extractor import events
from extractor.model.failures import FAILURES, GAP_CODES, WAITING, failure_of
from extractor.model.frames import StoredFrame
from tablewatch_schemas import (
    FrameExtracted,
    Received,
    VideoProgress,
    VideoUploaded,
    VideoUploadedSampling,
    decode_as,
    encode,
    to_json,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
UPLOAD = VideoUploaded(
    video_id="vid_1",
    site_id="site_1",
    run_id="run_1",
    camera_id="cam_1",
    object_key="originals/site_1/vid_1/source.bin",
    manifest_key="manifests/site_1/run_1.json",
    size_bytes=10,
    sha256="0" * 64,
    container="mp4",
    codec="h264",
    width=64,
    height=48,
    rotation_degrees=90,
    duration_ms=8000,
    fps=25.0,
    started_at=datetime(2026, 11, 22, 18, 0, tzinfo=UTC),
    layout_key="layouts/site_1/cam_1/3.json",
    sampling=VideoUploadedSampling(mode="cadence", every_ms=1000),
    make=("tables", "hazards"),
    uploaded_at=NOW,
)


def received() -> Received[VideoUploaded]:
    made = encode(UPLOAD, source="tablewatch/ingest", time=NOW, traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    return decode_as(VideoUploaded, made.key, made.value, made.headers)


def row(**changes: Any) -> dict[str, Any]:
    """A job's row as the queries give it."""
    return {
        "run_id": "run_1",
        "video_id": "vid_1",
        "site_id": "site_1",
        "upload": to_json(UPLOAD).decode(),
        "cause": events.cause_json(received()),
        "state": "processing",
        "stage": "extract",
        "attempt": 1,
        "sequence": 3,
        "published": 2,
        "expected": 8,
        "total": None,
        "duration_ms": 8000,
        "done_ms": 4000,
        "error_code": None,
        "given_up": False,
        "gaps": "[]",
        "first_thumb": True,
        "best_thumb": False,
        "frames_stored": 3000,
        "crop_bytes": 200,
        "reserved": 70,
        "waiting": None,
    } | changes


def progress(**changes: Any) -> VideoProgress:
    made = events.progress_event(row(**changes), NOW)
    event = decode_as(VideoProgress, made.key, made.value, made.headers).event
    assert event is not None
    return event


def test_progress_by_media_time() -> None:
    event = progress()
    assert (event.status, event.percent, event.media_ms_done, event.media_ms_total) == ("processing", 50.0, 4000, 8000)
    assert (event.frames_published, event.frames_expected) == (2, 8)
    assert event.thumbnails.first == "thumbs/site_1/run_1/first.jpg"
    assert event.thumbnails.best is None


@pytest.mark.parametrize(
    ("changes", "percent"),
    [
        ({"done_ms": 9000}, 99.0),
        ({"state": "done", "done_ms": 0}, 100.0),
        ({"duration_ms": None}, 0.0),
        ({"duration_ms": 0, "done_ms": 0}, 0.0),
    ],
)
def test_a_hundred_percent_is_only_reached_at_the_end(changes: dict[str, Any], percent: float) -> None:
    assert progress(**changes).percent == percent


def test_progress_shows_stored_bytes_and_what_a_run_waits_for() -> None:
    storage = progress().storage
    assert storage is not None
    assert (storage.frames_bytes, storage.crops_bytes, storage.reserved_bytes) == (3000, 200, 70)
    waiting = progress(waiting="store_full").waiting
    assert waiting is not None
    assert (waiting.code, waiting.reason) == ("store_full", WAITING["store_full"])
    assert progress(waiting="store_full", state="failed", error_code="timeout").waiting is None


def test_progress_names_failures_and_gaps() -> None:
    event = progress(state="failed", error_code="timeout", gaps='[{"from_ms": 5, "to_ms": null, "code": "truncated"}]')
    assert event.error is not None
    assert (event.error.code, event.error.retryable) == ("timeout", True)
    assert [(gap.from_ms, gap.to_ms, gap.code) for gap in event.gaps] == [(5, None, "truncated")]


def frame(number: int, last: bool = False) -> Received[FrameExtracted]:
    made = events.frame_event(received(), StoredFrame(number, number * 1000, 48, 64, 9, True, 7.5, 0.25), last, NOW)
    assert (made.key, made.lane) == (b"run_1", "run")
    return decode_as(FrameExtracted, made.key, made.value, made.headers)


def test_a_frame_names_its_predecessor_layout_and_cause() -> None:
    got = frame(2)
    event = got.event
    assert event is not None
    assert event.frame_id == "run_1-000000002"
    assert event.previous_frame_id == "run_1-000000001"
    assert event.previous_object_key == "frames/site_1/run_1/000000001.jpg"
    assert event.captured_at == datetime(2026, 11, 22, 18, 0, 2, tzinfo=UTC)
    assert (event.layout_key, event.make) == (UPLOAD.layout_key, UPLOAD.make)
    assert got.causation_id == received().id
    assert got.correlation_id == received().correlation_id
    assert got.traceparent == f"00-{'a' * 32}-{'b' * 16}-01"
    assert frame(0).event.previous_frame_id is None  # type: ignore[union-attr]


def test_the_same_frame_has_the_same_id_and_the_last_one_another() -> None:
    assert frame(2).id == frame(2).id
    assert len({frame(2).id, frame(2, last=True).id, frame(3).id}) == 3


def test_a_marker_ends_a_run_without_a_picture() -> None:
    made = events.end_marker_event(received(), 5, 4000, NOW)
    event = decode_as(FrameExtracted, made.key, made.value, made.headers).event
    assert event is not None
    assert (event.object_key, event.last, event.index, event.previous_frame_id) == (None, True, 5, "run_1-000000004")


def test_every_failure_has_a_code_and_a_sentence_that_advises() -> None:
    for code, failure in FAILURES.items():
        assert code == failure.code
        assert failure.sentence.endswith(".")
        assert len(failure.sentence.split()) > 6
    assert failure_of("something newer").code == "crashed"
    assert all(sentence.endswith(".") for sentence in GAP_CODES.values())
