"""A decoder that a file took over: what it sends costs its own run an attempt, and never the worker."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.extractor.pipeline import Pipeline
from tests.unit.extractor import clips

from extractor.files import segment_work
from extractor.files.decoder import Decoder
from extractor.files.rows.claims import SurveyResult
from extractor.files.worker import Worker
from extractor.model.failures import DecodeFailed
from extractor.protocol import Message
from tablewatch_schemas import VideoUploaded

SEGMENT: dict[str, Any] = {
    "kind": "planned",
    "first_index": 0,
    "wanted": [0],
    "seek": None,
    "after": None,
    "from_ticks": 0,
    "to_ticks": 1,
    "from_ms": 0,
    "to_ms": 1,
}
DONE: dict[str, Any] = {"start": 0, "duration_ms": 1, "expected": 1, "gaps": [], "sample": None}
ZERO = [{"from_ms": 0, "to_ms": None, "code": "a\0b"}]
STRANGER = {**SEGMENT, "kind": "zzz"}
ANSWERS = {
    "a zero in a gap": [Message("segment", SEGMENT, b""), Message("done", {**DONE, "gaps": ZERO}, b"")],
    "an unknown kind": [Message("segment", STRANGER, b""), Message("done", DONE, b"")],
    "an unknown message": [Message("b\0", {}, b"")],
    "a plan that does not hold": [Message("broken", {}, b"")],
    "a failure with a zero": [DecodeFailed("a\0b\ud800")],
}


async def after_one_attempt(pipeline: Pipeline, worker: Worker, upload: VideoUploaded) -> str:
    """Code of the failed attempt at the first segment; another worker is not kept from trying it again."""
    assert await worker.work_once()
    assert worker._decoder is None
    query = "SELECT error_code, lease_until = '-infinity' AS free FROM segments WHERE run_id = $1"
    row = await pipeline.pool.fetchrow(query, upload.run_id)
    assert row is not None
    assert row["free"]
    return str(row["error_code"])


@pytest.mark.parametrize("name", ANSWERS)
async def test_what_it_sends_is_a_failed_attempt(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async def request(*_: Any) -> AsyncIterator[Message]:
        for each in ANSWERS[name]:
            if not isinstance(each, Message):
                raise each
            yield each

    monkeypatch.setattr(Decoder, "request", request)
    upload = await pipeline.upload(clips.make("bframes.mp4", clip_folder))
    code = await after_one_attempt(pipeline, worker, upload)
    assert code == ("decode_failed" if "failure" in name else "crashed")


@pytest.mark.parametrize(
    "change", [{"gaps": ZERO}, {"segments": [STRANGER]}, {"segments": [{**SEGMENT, "first_index": 2**40}]}], ids=str
)
async def test_what_the_database_refuses_is_a_failed_attempt(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    async def survey(*_: Any) -> SurveyResult:
        plan = {"segments": [SEGMENT], "start": 0, "duration_ms": 1, "expected": 1, "gaps": []}
        return SurveyResult(**(plan | change))

    monkeypatch.setattr(segment_work, "survey", survey)
    upload = await pipeline.upload(clips.make("bframes.mp4", clip_folder))
    assert await after_one_attempt(pipeline, worker, upload) == "crashed"


async def test_a_lost_database_is_no_attempt(
    pipeline: Pipeline, worker: Worker, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def survey(*_: Any) -> SurveyResult:
        raise ConnectionResetError

    monkeypatch.setattr(segment_work, "survey", survey)
    await pipeline.upload(clips.make("bframes.mp4", clip_folder))
    with pytest.raises(ConnectionResetError):
        await worker.work_once()
