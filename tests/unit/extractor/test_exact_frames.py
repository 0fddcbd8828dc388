"""Planned and straight segments together give bit for bit what decoding everything gives."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.extractor import clips
from tests.unit.extractor.reference import decode_everything, expected

from extractor.files import plan
from extractor.media import serve

CADENCES = [("cadence", 1000), ("cadence", 520), ("cadence", 3700), ("cadence", 40), ("keyframes", None), ("all", None)]
STRAIGHT = {"mpeg4.avi", "h264.avi"}
WHOLE = {"offset.ts", "mpeg2.ts", "interlaced.ts", "one_gop.mp4", "one_frame.mp4", "mpeg2.mpg"} | {
    "av1.mp4",
    "av1_10.mkv",
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


class Heard:
    """Collects what the child would write to its parent."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any], bytes]] = []

    def __call__(self, what: str, payload: bytes = b"", **fields: Any) -> None:
        self.said.append((what, fields, payload))

    def all(self, what: str) -> list[dict[str, Any]]:
        return [fields for said, fields, _ in self.said if said == what]


def request(path: Path, mode: str, every_ms: int | None, **more: Any) -> dict[str, Any]:
    return {"path": str(path), "mode": mode, "every_ms": every_ms, "rotation": 0, "quality": 85, **more}


def surveyed(
    path: Path, mode: str, every_ms: int | None, opened: serve.Opened | None = None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    heard = Heard()
    serve.tell_plan(request(path, mode, every_ms), heard, opened or serve.Opened())
    return heard.all("segment"), heard.all("done")[0]


def extracted(path: Path, mode: str, every_ms: int | None) -> tuple[list[tuple[int, int, bytes]], list[dict[str, Any]]]:
    """(index, media_ms, jpeg) of all segments, the first one first, then the last: they may finish in any order."""
    opened = serve.Opened()
    segments, about = surveyed(path, mode, every_ms, opened)
    frames: list[tuple[int, int, bytes]] = []
    gaps = list(about["gaps"])
    for segment in segments[:1] + segments[:0:-1]:
        heard = Heard()
        serve.sample(request(path, mode, every_ms, start=about["start"], **segment), heard, opened)
        gaps += heard.all("done")[0]["gaps"]
        frames += [
            (fields["index"], fields["media_ms"], payload[: fields["size_bytes"]])
            for said, fields, payload in heard.said
            if said == "frame"
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
    monkeypatch.setattr(plan, "SHORTEST", 30)
    check(clips.make(name, folder), mode, every_ms)


@pytest.mark.parametrize("name", clips.RECIPES)
def test_what_can_be_planned_is(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "SHORTEST", 30)
    segments, about = surveyed(clips.make(name, folder), "cadence", 1000)
    if name in STRAIGHT:
        assert [segment["kind"] for segment in segments] == ["straight"]
    else:
        assert {segment["kind"] for segment in segments} == {"planned"}
        assert (len(segments) > 1) == (name not in WHOLE)
        assert about["expected"] == sum(len(segment["wanted"]) for segment in segments)
