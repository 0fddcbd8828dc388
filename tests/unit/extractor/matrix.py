"""The matrix of awkward files: what a full decode gives, and what the extractor's decoder process delivers.

`python -m tests.unit.extractor.matrix [WORD ...]` prints it, for the cases whose name contains one of the words.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from tests.unit.extractor.awkward import CASES, Case
from tests.unit.extractor.reference import frames_of

from extractor.files.decoder import Decoder, DecoderLimits

QUALITY = 85


@dataclass(frozen=True)
class Stored:
    """One frame as it is stored."""

    media_ms: int
    jpeg: bytes


@dataclass(frozen=True)
class Outcome:
    """Both sides of a case; `kinds` are those of the segments as they were finished in the end."""

    expected: list[Stored]
    got: list[Stored]
    gaps: list[dict[str, Any]]
    kinds: list[str]
    seconds: float

    @property
    def same_times(self) -> bool:
        return [each.media_ms for each in self.expected] == [each.media_ms for each in self.got]

    def worst_pixel(self, outside_gaps: bool = False) -> int:
        """Largest difference of a channel of a pixel between frames of the same index; 255 where sizes differ."""
        pairs = zip(self.expected, self.got, strict=False)
        return max((_difference(a, b) for a, b in pairs if not (outside_gaps and self._in_gap(a.media_ms))), default=0)

    def _in_gap(self, ms: int) -> bool:
        return any(gap["from_ms"] <= ms and (gap["to_ms"] is None or ms <= gap["to_ms"]) for gap in self.gaps)


def _difference(one: Stored, other: Stored) -> int:
    if one.jpeg == other.jpeg:
        return 0
    a, b = (cv2.imdecode(np.frombuffer(each.jpeg, np.uint8), cv2.IMREAD_COLOR) for each in (one, other))
    if a is None or b is None or a.shape != b.shape:
        return 255
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def by_full_decode(path: Path, case: Case) -> list[Stored]:
    """Decode everything and take frames as decision 0020 defines it; rotated by plain array rotation."""
    try:
        with av.open(str(path)) as container:
            return list(_taken(container, case))
    except (av.FFmpegError, IndexError):
        return []


def _taken(container: Any, case: Case) -> Iterator[Stored]:
    stream = container.streams.video[0]
    stream.codec_context.thread_type = "NONE"  # threads conceal what is damaged as their luck has it
    first: int | None = None
    target = Fraction(0)
    scaler = VideoReformatter()  # `frame.to_ndarray` would set up swscale for every frame
    for frame in frames_of(container, stream):
        ticks = frame.pts if frame.pts is not None else frame.dts
        first = ticks if first is None else first
        since = (ticks - first) * Fraction(stream.time_base)
        if case.mode == "cadence" and since < target:
            continue
        while case.every_ms and target <= since:
            target += Fraction(case.every_ms, 1000)
        bgr = scaler.reformat(frame, format="bgr24", threads=1).to_ndarray()
        bgr = np.ascontiguousarray(np.rot90(bgr, -case.rotation // 90))
        data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        yield Stored(round(since * 1000), bytes(data))


async def by_extractor(
    decoder: Decoder, path: Path, case: Case
) -> tuple[list[Stored], list[dict[str, Any]], list[str]]:
    """Survey and all segments, the last one first; one whose plan breaks is decoded sequentially."""
    sampling = {"mode": case.mode, "every_ms": case.every_ms}
    options = {"sampling": sampling, "picture": {"quality": QUALITY}, "rotation": case.rotation}
    common = {"path": str(path), "options": options}
    survey = [message async for message in decoder.request({"type": "survey", **common}, 60)]
    segments = [message.fields for message in survey if message.type == "segment"]
    summary = survey[-1].fields
    gaps: list[dict[str, Any]] = list(summary["gaps"])
    frames: dict[int, Stored] = {}
    kinds: list[str] = []
    while segments:
        segment = segments.pop()
        request = {"type": "extract", **common, "start": summary["start"], **segment}
        messages = [message async for message in decoder.request(request, 120)]
        if messages[-1].type == "broken":
            frames = {index: each for index, each in frames.items() if index < segment["first_index"]}
            seek = segments[-1]["seek"] if segments else None
            segments.append({**segment, "kind": "straight", "wanted": [], "seek": seek, "to_ms": None})
            gaps, kinds = list(summary["gaps"]), []
            continue
        kinds.append(segment["kind"])
        gaps += messages[-1].fields["gaps"]
        for message in messages:
            if message.type == "frame":
                fields = message.fields
                frames[fields["index"]] = Stored(fields["media_ms"], message.payload[: fields["size_bytes"]])
    if sorted(frames) != list(range(len(frames))):
        raise AssertionError(f"indices have holes: {sorted(frames)}")
    return [frames[index] for index in sorted(frames)], gaps, kinds[::-1]


async def compare(decoder: Decoder, case: Case, folder: Path) -> Outcome:
    """One case, both ways."""
    path = case.make(folder)
    began = time.monotonic()
    got, gaps, kinds = await by_extractor(decoder, path, case)
    return Outcome(by_full_decode(path, case), got, gaps, kinds, time.monotonic() - began)


def line_of(case: Case, found: Outcome) -> str:
    """One row of the table."""
    kinds = ", ".join(f"{found.kinds.count(kind)} {kind}" for kind in sorted(set(found.kinds)))
    gaps = " ".join(f"{gap['code']}:{gap['from_ms']}-{gap['to_ms'] or 'end'}" for gap in found.gaps)
    times = "equal" if found.same_times else "DIFFER"
    sampling = f"{case.mode} {case.every_ms or ''}".strip()
    counts = f"{len(found.expected):>5} | {len(found.got):>5}"
    pixels = f"{found.worst_pixel(outside_gaps=True):>3} | {found.worst_pixel():>3}"
    return f"| {case.name:<27} | {sampling:<14} | {counts} | {times:<6} | {pixels} | {kinds:<10} | {gaps} |"


async def main(words: list[str]) -> int:
    """Print the table; 1 if a whole file differs anywhere."""
    print("| file | sampling | expected | got | times | pixel difference | in gaps too | segments | gaps |")
    print("|---|---|---|---|---|---|---|---|---|")
    wrong = 0
    decoder = await Decoder.start(DecoderLimits(3 << 30, 60.0, isolated=False))
    try:
        with tempfile.TemporaryDirectory() as folder:
            for case in CASES:
                if not words or any(word in case.name for word in words):
                    found = await compare(decoder, case, Path(folder))
                    print(line_of(case, found), flush=True)
                    wrong += not (found.same_times and found.worst_pixel(outside_gaps=True) == 0)
    finally:
        await decoder.kill()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
