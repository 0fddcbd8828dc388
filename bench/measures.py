"""What is measured: the extractor, crops and events as whole processes, each against what a user would pick instead."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import imageio_ffmpeg
from PIL import Image

from bench import capture_time, clips, extractors, live, live_cameras, road, sse_thousand, streams, uploads
from bench.harness import Command, Measure
from bench.workspace import Workspace

Make = Callable[[Workspace], Measure]

EVERY = "select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,{seconds})'"
"""ffmpeg's filter with the frames that the extractor takes; its `fps=` takes others."""


def case(name: str, *arguments: object) -> Command:
    """One of bench/cases as a process."""
    return Command([sys.executable, "-m", f"bench.cases.{name}", *map(str, arguments)])


def ffmpeg(workspace: Workspace, clip: Path, before: str, after: str) -> Command:
    """ffmpeg's command line, writing JPEGs as good as it makes them."""
    out = workspace.folder / "ffmpeg"

    def emptied() -> None:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)

    program = imageio_ffmpeg.get_ffmpeg_exe()
    tail = ["-fps_mode", "vfr", "-q:v", "2", str(out / "%06d.jpg")]
    return Command([program, "-v", "error", *before.split(), "-i", str(clip), *after.split(), *tail], emptied)


def cadence(name: str, clip: str, seconds: int, goal: float, workers: int = 1) -> Make:
    """Exact frames of a cadence. With several workers it is the wall clock that counts."""

    def make(workspace: Workspace) -> Measure:
        path = workspace.clip(clip)
        ours = case("extraction", path, workspace.folder / "objects", "cadence", seconds * 1000, workers)
        theirs = ffmpeg(workspace, path, "", f"-vf {EVERY.format(seconds=seconds)}")
        figure = "cpu" if workers == 1 else "wall"
        startup = case("extraction", "--only-start") if workers == 1 else None
        return Measure(name, ours, theirs, "ffmpeg-select", goal, figure, startup)  # type: ignore[arg-type]

    return make


def other(name: str, clip: str, mode: str, before: str, baseline: str, goal: float) -> Make:
    """Keyframes or every frame."""

    def make(workspace: Workspace) -> Measure:
        path = workspace.clip(clip)
        ours = case("extraction", path, workspace.folder / "objects", mode, 0, 1)
        return Measure(
            name, ours, ffmpeg(workspace, path, before, ""), baseline, goal, "cpu", case("extraction", "--only-start")
        )

    return make


def sandbox(workspace: Workspace) -> Measure:
    """The decoder in its confined process against the same work in ours; 0.91 is a cost of 10 %."""
    clip = workspace.clip("camera_60s.mp4")
    child, here = (case("sandbox", where, clip) for where in ("child", "here"))
    return Measure("sandbox-cost", child, here, "in-process", 0.91)


def crops(name: str, begin: str) -> Make:
    """Twenty tables of a frame: `stored` as the extractor's JPEG, `still` the same and unchanged, `decoded` already, or
    a decoder's `frame`."""

    def make(workspace: Workspace) -> Measure:
        picture = workspace.clip("camera_20s.mp4")
        if begin != "frame":
            picture = stored(picture, workspace.folder)
        ours, theirs = (case("crops", side, picture, workspace.count(400), begin) for side in ("ours", "pil"))
        return Measure(name, ours, theirs, "pil", 3.0)

    return make


def stored(clip: Path, folder: Path) -> Path:
    """A frame from the middle of the clip as JPEG of the quality that the extractor stores."""
    lossless, jpeg = folder / "frame.png", folder / "frame.jpg"
    clips.ffmpeg("-ss", "3", "-i", str(clip), "-frames:v", "1", str(lossless))
    with Image.open(lossless) as picture:
        picture.save(jpeg, quality=85)
    return jpeg


def events(name: str, verb: str, goal: float) -> Make:
    """crop.ready with three crops, so often that what a process imports does not count."""

    def make(workspace: Workspace) -> Measure:
        ours, theirs = (case("events", verb, side, workspace.count(500_000)) for side in ("ours", "pydantic"))
        return Measure(name, ours, theirs, "pydantic", goal)

    return make


MEASURES: Mapping[str, Make] = {
    "extract-1fps": cadence("extract-1fps", "camera_60s.mp4", 1, 1.8),
    "extract-1fps-wall": cadence("extract-1fps-wall", "camera_60s.mp4", 1, 2.0, workers=2),
    "extract-1fps-bframes": cadence("extract-1fps-bframes", "upload_60s.mp4", 1, 2.1),
    "extract-7s": cadence("extract-7s", "camera_4min.mp4", 7, 9.0),
    "extract-keyframes-10s": cadence("extract-keyframes-10s", "camera_4min.mp4", 10, 25.0),
    "extract-keyframes": other(
        "extract-keyframes", "camera_10min.mp4", "keyframes", "-skip_frame nokey", "ffmpeg-skip_frame-nokey", 1.3
    ),
    "extract-all": other("extract-all", "camera_20s.mp4", "all", "", "ffmpeg", 1.5),
    "sandbox-cost": sandbox,
    "crops-20": crops("crops-20", "frame"),
    "crops-20-stored": crops("crops-20-stored", "stored"),
    "crops-20-still": crops("crops-20-still", "still"),
    "crops-20-decoded": crops("crops-20-decoded", "decoded"),
    "event-encode": events("event-encode", "encode", 2.5),
    "event-decode": events("event-decode", "decode", 3.0),
    "event-encode-checked": events("event-encode-checked", "encode-checked", 1.5),
    "record-encode": events("record-encode", "record-encode", 1.0),
    "record-decode": events("record-decode", "record-decode", 1.5),
    "tus-upload": uploads.tus_upload,
    "sse-500": streams.sse,
    "sse-1000": sse_thousand.sse_thousand,
    "two-extractors": extractors.two_extractors,
    "live-under-bulk": live.live_under_bulk,
    "live-cameras": live_cameras.cost("live-cameras", 1, "decode-all", 3.5),
    "live-cameras-ffmpeg": live_cameras.cost("live-cameras-ffmpeg", 1, "ffmpeg", 3.5),
    "live-cameras-2s": live_cameras.cost("live-cameras-2s", 2, "decode-all", 3.5),
    "live-cameras-10s": live_cameras.cost("live-cameras-10s", 10, "decode-all", 7.0),
    "live-cameras-10s-ffmpeg": live_cameras.cost("live-cameras-10s-ffmpeg", 10, "ffmpeg", 7.0),
    "live-cameras-memory": live_cameras.memory,
    "capture-time": capture_time.capture_time,
    "whole-road": road.whole_road,
    "peak-memory-1080p": extractors.peak_memory("peak-memory-1080p", "camera_60s.mp4", 400),
    "peak-memory-4k": extractors.peak_memory("peak-memory-4k", "camera_4k_10s.mp4", 1024),
}
