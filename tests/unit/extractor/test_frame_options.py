"""Options of a run: from the event, through the request's JSON, to the decoder."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson
import pytest

from extractor.model.options import FrameOptions, PictureOptions, decode_options, frame_options
from extractor.model.sampling import Sampling
from tablewatch_schemas import VideoUploaded, VideoUploadedPicture, VideoUploadedSampling

USUAL = 85


def uploaded(**more: Any) -> VideoUploaded:
    fields: dict[str, Any] = {
        **dict.fromkeys(("video_id", "site_id", "run_id", "object_key", "manifest_key", "sha256"), "x"),
        **dict.fromkeys(("camera_id", "duration_ms", "fps", "started_at", "layout_key")),
        **dict.fromkeys(("size_bytes", "width", "height", "rotation_degrees"), 0),
        "container": "mp4",
        "codec": "h264",
        "sampling": VideoUploadedSampling(mode="cadence", every_ms=1000),
        "make": ("frames",),
        "uploaded_at": datetime(2026, 11, 1, tzinfo=UTC),
    }
    return VideoUploaded(**(fields | more))


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        (None, PictureOptions(USUAL)),
        (VideoUploadedPicture(format="jpeg", quality=None, long_side=640), PictureOptions(USUAL, "jpeg", 640)),
        (VideoUploadedPicture(format="jpeg", quality=40, long_side=None), PictureOptions(40)),
        (VideoUploadedPicture(format="png", quality=None, long_side=None), PictureOptions(USUAL, "png")),
    ],
)
def test_the_decoder_receives_what_the_upload_asked_for(
    asked: VideoUploadedPicture | None, stored: PictureOptions
) -> None:
    options = frame_options(uploaded(picture=asked, rotation_degrees=90), USUAL)
    assert options == FrameOptions(Sampling("cadence", 1000), stored, 90)
    assert decode_options(orjson.loads(orjson.dumps({"options": options}))["options"]) == options


def test_options_of_no_known_sampling_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        frame_options(uploaded(sampling=VideoUploadedSampling(mode="cadence", every_ms=None)), USUAL)
