"""One video through the extractor's own survey, decoders, storage and events, in a process of its own.

usage: python -m bench.cases.extraction CLIP FOLDER MODE EVERY_MS WORKERS
       python -m bench.cases.extraction --only-start

MODE is cadence, keyframes or all; EVERY_MS 0 unless it is a cadence. Frames are stored below FOLDER as in production;
each frame's event is encoded. Only Postgres is left out: its rows stay in this process (`Rows`).
`--only-start` ends after the imports, which a running service has behind it when a video comes.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chassis.clock import SystemClock
from extractor import events
from extractor.files import segment_work
from extractor.files.decoder import Decoder, DecoderLimits
from extractor.files.rows.claims import Claim, SurveyResult
from extractor.model.frames import StoredFrame
from objects.local import LocalObjects
from objects.space import StoreSpace
from sandbox.kernel import can_isolate_network
from tablewatch_schemas import Received, VideoUploaded, VideoUploadedSampling, keys, new_id

QUALITY = 85
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Rows:
    """Stands in for pool and connection: every lease is ours, and the rows of `frames` stay here."""

    frames: list[StoredFrame] = field(default_factory=list)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Rows]:
        yield self

    async def fetchval(self, query: str, *values: Any) -> Any:
        if "INTO frames" in query:
            self.frames += [StoredFrame(*row) for row in zip(*values[5:], strict=True)]
        return True


def uploaded(clip: Path, mode: str, every_ms: int | None) -> VideoUploaded:
    """The event that ingest would publish of the clip."""
    site, video = new_id("site"), new_id("vid")
    return VideoUploaded(
        video_id=video, site_id=site, run_id=new_id("run"), camera_id=new_id("cam"),
        object_key=keys.original(site, video),
        manifest_key="manifests/bench.json", size_bytes=clip.stat().st_size, sha256="a" * 64, container="mp4",
        codec="h264", width=1920, height=1080, rotation_degrees=0, duration_ms=60_000, fps=25.0, started_at=NOW,
        layout_key="layouts/bench.json", sampling=VideoUploadedSampling(mode=mode, every_ms=every_ms),
        make=("frames", "tables", "hazards"), uploaded_at=NOW,
    )  # fmt: skip


PLAN: dict[str, Any] = {
    "kind": "plan", "first_index": 0, "wanted": (), "seek": None, "after": None, "from_ms": 0, "to_ms": 0,
}  # fmt: skip


def claim(upload: VideoUploaded, segment: dict[str, Any], start: int | None = None) -> Claim:
    """A claimed segment: PLAN, or one of a survey."""
    return Claim(
        run_id=upload.run_id, number=1, kind=segment["kind"], fence=1, attempts=1, first_index=segment["first_index"],
        wanted=tuple(segment["wanted"]), seek=segment["seek"], after=segment["after"], from_ms=segment["from_ms"],
        to_ms=segment["to_ms"], start=start, duration_ms=upload.duration_ms, upload=upload,
    )  # fmt: skip


class NoLimit:
    """A site whose quota is never used up."""

    async def extend(self, claim: Claim, needed: int) -> int:
        return needed + (1 << 40)


async def extract(clip: Path, folder: Path, upload: VideoUploaded, workers: int) -> list[StoredFrame]:
    """Survey, then every segment, `workers` at a time, each worker with one decoder as in production."""
    store = LocalObjects(folder, signer=None)  # type: ignore[arg-type] # no links are made here
    limits, rows = DecoderLimits(3072 << 20, 60.0, await can_isolate_network()), Rows()
    first = await Decoder.start(limits)
    survey: SurveyResult = await segment_work.survey(first, clip, claim(upload, PLAN), QUALITY)
    waiting = deque(survey.segments)

    async def worker(decoder: Decoder) -> None:
        while waiting:
            claimed = claim(upload, waiting.popleft(), survey.start)
            output = segment_work.Output(store, rows, NoLimit(), StoreSpace(None, 0, SystemClock()), SystemClock())  # type: ignore[arg-type]
            extracted = await segment_work.extract(decoder, clip, claimed, output, QUALITY)
            assert extracted.plan_held
        await decoder.kill()

    async def helper() -> None:
        await worker(await Decoder.start(limits))

    await asyncio.gather(worker(first), *(helper() for _ in range(workers - 1)))
    assert len(rows.frames) == survey.expected, f"{len(rows.frames)} frames of {survey.expected}"
    return sorted(rows.frames, key=lambda frame: frame.index)


def encode_events(upload: VideoUploaded, frames: list[StoredFrame]) -> int:
    """Encode the event of every frame; bytes of their values."""
    cause = Received(
        event=upload, topic=upload.TOPIC, key=upload.video_id, id="cause", source="", type="", time=NOW, subject=None,
        correlation_id="cause", causation_id=None, traceparent=None, version=None,
    )  # fmt: skip
    encoded = [events.frame_event(cause, frame, frame is frames[-1], NOW) for frame in frames]
    return sum(len(each.value or b"") for each in encoded)


def main() -> None:
    if sys.argv[1] == "--only-start":
        return
    clip, folder, mode, every_ms, workers = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:6]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    upload = uploaded(clip, mode, int(every_ms) or None)
    frames = asyncio.run(extract(clip, folder, upload, int(workers)))
    print(len(frames), encode_events(upload, frames))


if __name__ == "__main__":
    main()
