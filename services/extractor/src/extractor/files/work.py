"""What is done with one claimed segment: a survey becomes a plan, a segment becomes stored frames."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.clock import Clock
from chassis.objects import ObjectStore
from extractor.files import telling
from extractor.files.children import Child, Message
from extractor.files.claims import Claim, Planned, record
from extractor.files.failures import CRASHED, Failed
from extractor.files.patience import patiently
from extractor.files.tasks import together
from extractor.files.telling import Frame
from tablewatch_schemas import VideoUploaded, keys

if TYPE_CHECKING:
    import asyncpg

AHEAD = 8
"""Frames that may wait for storage before the decoder has to wait too; bounds the memory of a worker."""
SURVEY_S = 900.0
SLOWEST = 4.0
"""Seconds of processor time that a second of video may take."""
STARVED = 10.0
"""Seconds of wall clock for one of processor time: what is left to a decoder, which goes last, on a busy machine. One
that hangs is found by its silence much sooner."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What came out of a segment."""

    frames: int
    best: tuple[float, bytes] | None
    gaps: list[dict[str, Any]]
    held: bool = True
    """False if the plan did not hold and the segment has to be decoded straight."""


@dataclass(slots=True)
class Tally:
    """Counts frames and keeps the best thumbnail of a segment; the earliest wins a tie."""

    frames: int = 0
    best: tuple[float, bytes] | None = None
    gaps: list[dict[str, Any]] = field(default_factory=list)

    def add(self, message: Message) -> None:
        self.frames += 1
        thumb = message.payload[message.fields["size_bytes"] :]
        score = float(message.fields["score"])
        if thumb and (self.best is None or score > self.best[0]):
            self.best = (score, thumb)


async def survey(child: Child, path: Path, held: Claim) -> Planned:
    """Ask for the plan. Raises Failed."""
    parts: list[dict[str, Any]] = []
    request = {"do": "survey", "path": str(path), **sampling(held.upload)}
    async for message in child.ask(request, STARVED * SURVEY_S, SURVEY_S):
        if message.say == "segment":
            parts.append(message.fields)
        elif message.say == "done":
            said = message.fields
            return Planned(parts, said["start"], said["duration_ms"], said["expected"], said["gaps"])
    raise Failed(CRASHED, "the survey ended without a plan")


async def extract(
    child: Child, path: Path, held: Claim, store: ObjectStore, pool: "asyncpg.Pool", quality: int, clock: Clock
) -> Stored:
    """Decode a segment, put its frames into storage, then record them. Raises Failed, Lost."""
    ready: asyncio.Queue[Message | None] = asyncio.Queue(AHEAD)
    tally = Tally()
    asking = _listen(child, _request(path, held, quality), allowed_s(held), ready, tally)
    return await together(asking, _keep(ready, held, store, pool, clock))


async def _listen(
    child: Child, request: dict[str, Any], cpu_s: float, ready: asyncio.Queue[Message | None], tally: Tally
) -> Stored:
    whole = False
    async for message in child.ask(request, STARVED * cpu_s, cpu_s):
        if message.say == "frame":
            tally.add(message)
            await ready.put(message)
        elif message.say == "done":
            tally.gaps, whole = list(message.fields["gaps"]), True
    await ready.put(None)
    await ready.join()
    return Stored(tally.frames, tally.best, tally.gaps, whole)


async def _keep(
    ready: asyncio.Queue[Message | None], held: Claim, store: ObjectStore, pool: "asyncpg.Pool", clock: Clock
) -> None:
    """Store what has come, several at a time, and record it: objects first, then the rows that lead to events."""
    while True:
        batch = [await ready.get()]
        while not ready.empty():
            batch.append(ready.get_nowait())
        messages = [message for message in batch if message is not None]
        if messages:
            await _store(messages, held.upload, store, clock)
            async with pool.acquire() as conn:
                await record(conn, held, [frame_of(message.fields) for message in messages])
        for _ in batch:
            ready.task_done()


async def _store(messages: list[Message], upload: VideoUploaded, store: ObjectStore, clock: Clock) -> None:
    objects = []
    for message in messages:
        index, size = message.fields["index"], message.fields["size_bytes"]
        objects.append((telling.frame_key(upload, index), message.payload[:size], telling.frame_type(upload)))
        if index == 0:
            first = keys.thumbnail(upload.site_id, upload.run_id, "first")
            objects.append((first, message.payload[size:], "image/jpeg"))
    await asyncio.gather(*(patiently(partial(store.put, *each), clock) for each in objects))


def frame_of(fields: Mapping[str, Any]) -> Frame:
    """A frame as the child describes it."""
    return Frame(
        index=int(fields["index"]),
        media_ms=int(fields["media_ms"]),
        width=int(fields["width"]),
        height=int(fields["height"]),
        size_bytes=int(fields["size_bytes"]),
        keyframe=bool(fields["keyframe"]),
        sharpness=max(0.0, float(fields["sharpness"])),
        brightness=min(1.0, max(0.0, float(fields["brightness"]))),
    )


def sampling(upload: VideoUploaded) -> dict[str, Any]:
    """Which frames were asked for, as the child takes it."""
    return {"mode": upload.sampling.mode, "every_ms": upload.sampling.every_ms}


def _request(path: Path, held: Claim, quality: int) -> dict[str, Any]:
    return {
        "do": "sample",
        "path": str(path),
        "kind": held.kind,
        "start": held.start,
        "first_index": held.first_index,
        "wanted": held.wanted,
        "seek": held.seek,
        "after": held.after,
        "rotation": held.upload.rotation_degrees,
        **picture(held.upload, quality),
        **sampling(held.upload),
    }


def picture(upload: VideoUploaded, quality: int) -> dict[str, Any]:
    """How the frames are stored, as the child takes it; `quality` where the upload asks for none."""
    asked = upload.picture
    if asked is None:
        return {"quality": quality, "format": "jpeg", "long_side": None}
    return {"quality": asked.quality or quality, "format": asked.format, "long_side": asked.long_side}


def allowed_s(held: Claim) -> float:
    """Processor time for a segment: two minutes, and four times its media time; half a day where that is unknown."""
    ends = held.to_ms if held.to_ms is not None else held.duration_ms
    return 43_200.0 if ends is None else 120.0 + SLOWEST * max(0, ends - held.from_ms) / 1000
