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
from chassis.objects_local import LocalObjects
from extractor.files import telling, work
from extractor.files.children import Child, Limits, can_isolate
from extractor.files.claims import Claim, Planned
from extractor.files.telling import Frame
from tablewatch_schemas import Received, VideoUploaded, VideoUploadedSampling, keys, new_id

QUALITY = 85
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Rows:
    """Stands in for pool and connection: every lease is held, and the rows of `frames` are kept."""

    frames: list[Frame] = field(default_factory=list)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Rows]:
        yield self

    async def fetchval(self, query: str, *values: Any) -> Any:
        if "INTO frames" in query:
            self.frames += [Frame(*row) for row in zip(*values[5:], strict=True)]
        return True


def uploaded(clip: Path, mode: str, every_ms: int | None) -> VideoUploaded:
    """What ingest would say of the clip."""
    site, video = new_id("site"), new_id("vid")
    return VideoUploaded(
        video_id=video, site_id=site, run_id=new_id("run"), camera_id=new_id("cam"),
        object_key=keys.original(site, video),
        manifest_key="manifests/bench.json", size_bytes=clip.stat().st_size, sha256="a" * 64, container="mp4",
        codec="h264", width=1920, height=1080, rotation_degrees=0, duration_ms=60_000, fps=25.0, started_at=NOW,
        layout_key="layouts/bench.json", sampling=VideoUploadedSampling(mode=mode, every_ms=every_ms),
        make=("frames", "tables", "hazards"), uploaded_at=NOW,
    )  # fmt: skip


def claim(upload: VideoUploaded, part: dict[str, Any] | None = None, found: Planned | None = None) -> Claim:
    """A held segment: the plan itself, or one that it made."""
    of = part or {"kind": "plan", "first_index": 0, "wanted": (), "seek": None, "after": None, "from_ms": 0, "to_ms": 0}
    return Claim(
        run_id=upload.run_id, number=1, kind=of["kind"], fence=1, tries=1, first_index=of["first_index"],
        wanted=tuple(of["wanted"]), seek=of["seek"], after=of["after"], from_ms=of["from_ms"], to_ms=of["to_ms"],
        start=found.start if found else None, duration_ms=upload.duration_ms, upload=upload,
    )  # fmt: skip


async def extract(clip: Path, folder: Path, upload: VideoUploaded, workers: int) -> list[Frame]:
    """Survey, then every segment, `workers` at a time, each worker with one decoder as in production."""
    store = LocalObjects(folder, links=None)  # type: ignore[arg-type] # no links are made here
    limits, rows = Limits(3072 << 20, 60.0, await can_isolate()), Rows()
    first = await Child.start(limits)
    found = await work.survey(first, clip, claim(upload))
    waiting = deque(found.segments)

    async def worker(child: Child) -> None:
        while waiting:
            held = claim(upload, waiting.popleft(), found)
            stored = await work.extract(child, clip, held, store, rows, QUALITY, SystemClock())  # type: ignore[arg-type]
            assert stored.held, "the plan did not hold"
        await child.kill()

    async def helper() -> None:
        await worker(await Child.start(limits))

    await asyncio.gather(worker(first), *(helper() for _ in range(workers - 1)))
    assert len(rows.frames) == found.expected, f"{len(rows.frames)} frames of {found.expected}"
    return sorted(rows.frames, key=lambda frame: frame.index)


def tell(upload: VideoUploaded, frames: list[Frame]) -> int:
    """Encode the event of every frame; bytes of their values."""
    cause = Received(
        event=upload, topic=upload.TOPIC, key=upload.video_id, id="cause", source="", type="", time=NOW, subject=None,
        correlation_id="cause", causation_id=None, traceparent=None, version=None,
    )  # fmt: skip
    told = [telling.frame_event(cause, frame, frame is frames[-1], NOW) for frame in frames]
    return sum(len(each.value or b"") for each in told)


def main() -> None:
    if sys.argv[1] == "--only-start":
        return
    clip, folder, mode, every_ms, workers = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:6]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    upload = uploaded(clip, mode, int(every_ms) or None)
    frames = asyncio.run(extract(clip, folder, upload, int(workers)))
    print(len(frames), tell(upload, frames))


if __name__ == "__main__":
    main()
