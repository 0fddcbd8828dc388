"""Selective and sequential decoding give bit for bit what decoding everything gives."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.extractor import awkward, clips
from tests.unit.extractor.reference import decode_everything, expected

from extractor.media import requests
from extractor.model import plan

CADENCES = [("cadence", 1000), ("cadence", 520), ("cadence", 3700), ("cadence", 40), ("keyframes", None), ("all", None)]
SEQUENTIAL = {"mpeg4.avi", "h264.avi"}
ONE_SEGMENT = {"offset.ts", "mpeg2.ts", "interlaced.ts", "one_gop.mp4", "one_frame.mp4", "mpeg2.mpg"} | {
    "av1.mp4",
    "av1_10.mkv",
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


class Sent:
    """Collects what the decoder would send to its worker."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, Any], bytes]] = []

    def __call__(self, message_type: str, payload: bytes = b"", **fields: Any) -> None:
        self.messages.append((message_type, fields, payload))

    def all(self, wanted: str) -> list[dict[str, Any]]:
        return [fields for message_type, fields, _ in self.messages if message_type == wanted]


def request(path: Path, mode: str, every_ms: int | None, **more: Any) -> dict[str, Any]:
    options = {"sampling": {"mode": mode, "every_ms": every_ms}, "picture": {"quality": 85}}
    return {"path": str(path), "options": options, **more}


def surveyed(
    path: Path, mode: str, every_ms: int | None, open_file: requests.OpenFile
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Fields of all `segment` messages, and of `done`."""
    sent = Sent()
    requests.survey_file(request(path, mode, every_ms), sent, open_file)
    return sent.all("segment"), sent.all("done")[0]


def extracted(path: Path, mode: str, every_ms: int | None) -> tuple[list[tuple[int, int, bytes]], list[dict[str, Any]]]:
    """(index, media_ms, jpeg) of all segments, the first one first, then the last: they may finish in any order."""
    open_file = requests.OpenFile(lambda: None)
    segments, summary = surveyed(path, mode, every_ms, open_file)
    frames: list[tuple[int, int, bytes]] = []
    gaps = list(summary["gaps"])
    for segment in segments[:1] + segments[:0:-1]:
        sent = Sent()
        requests.extract_segment(request(path, mode, every_ms, start=summary["start"], **segment), sent, open_file)
        gaps += sent.all("done")[0]["gaps"]
        frames += [
            (fields["index"], fields["media_ms"], payload[: fields["size_bytes"]])
            for message_type, fields, payload in sent.messages
            if message_type == "frame"
        ]
    return sorted(frames), gaps


def check(path: Path, mode: str, every_ms: int | None) -> None:
    truth = expected(decode_everything(path), mode, every_ms)
    frames, gaps = extracted(path, mode, every_ms)
    assert [index for index, _, _ in frames] == list(range(len(truth)))
    assert [ms for _, ms, _ in frames] == [round(frame.time * 1000) for frame in truth]
    assert [jpeg for _, _, jpeg in frames] == [frame.jpeg for frame in truth]
    assert gaps == []


@pytest.mark.parametrize(("mode", "every_ms"), CADENCES)
@pytest.mark.parametrize("name", clips.RECIPES)
def test_bit_identical_to_decoding_everything(
    name: str, mode: str, every_ms: int | None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "MIN_PACKETS", 30)
    check(clips.make(name, folder), mode, every_ms)


@pytest.mark.parametrize("name", clips.RECIPES)
def test_what_can_be_planned_is(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MIN_PACKETS", 30)
    segments, summary = surveyed(clips.make(name, folder), "cadence", 1000, requests.OpenFile(lambda: None))
    if name in SEQUENTIAL:
        assert [segment["kind"] for segment in segments] == ["straight"]
    else:
        assert {segment["kind"] for segment in segments} == {"planned"}
        assert (len(segments) > 1) == (name not in ONE_SEGMENT)
        assert summary["expected"] == sum(len(segment["wanted"]) for segment in segments)


def test_pictures_that_vanish_are_a_gap(folder: Path) -> None:
    """Decoded from a keyframe of an intra refresh, which shows nothing at first, as if that were no matter."""
    path = awkward.intra_refresh(folder)
    open_file = requests.OpenFile(lambda: None)
    segments, summary = surveyed(path, "all", None, open_file)
    sent, later = Sent(), segments[1]
    straight = later | {"kind": plan.SEQUENTIAL, "wanted": (), "to_ms": None}
    requests.extract_segment(request(path, "all", None, start=summary["start"], **straight), sent, open_file)
    first = sent.all("frame")[0]["media_ms"]
    assert first > later["from_ms"] + 400
    [gap] = [gap for gap in sent.all("done")[0]["gaps"] if gap["code"] == "damaged"]
    assert (gap["from_ms"], gap["to_ms"]) == (later["from_ms"] - 40, first)
