"""The work on one claimed segment: a survey becomes a plan, a segment becomes stored frames."""

import asyncio
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from chassis.clock import Clock
from extractor.files import messages
from extractor.files.decoder import Decoder
from extractor.files.linked_tasks import run_linked
from extractor.files.rows.claims import Claim, SurveyResult, record_frames
from extractor.files.storage_quota import Allowance, Quota
from extractor.files.storage_retry import retry_storage
from extractor.model.failures import Crashed
from extractor.model.frames import StoredFrame, content_type, is_png, object_key
from extractor.model.options import frame_options
from extractor.model.pictures import check_picture, jpeg_size
from extractor.model.plan import PLANNED
from extractor.protocol import Message, ProtocolError
from objects.space import StoreSpace
from objects.store import ObjectStore
from tablewatch_schemas import VideoUploaded, keys

if TYPE_CHECKING:
    import asyncpg

MAX_WAITING_FRAMES = 8
"""For storage, before the decoder has to wait too; bounds the memory of a worker."""
MAX_WAITING_BYTES = 64 << 20
"""The same in bytes, save that a single larger one passes."""
SURVEY_CPU_S = 900.0
CPU_PER_MEDIA = 4.0
"""Seconds of processor time that a second of video may take."""
WALL_PER_CPU = 10.0
"""Seconds of wall clock for one of processor time: a decoder has the lowest priority, and the machine may be busy. One
that hangs is found much sooner, because it sends nothing."""


@dataclass(slots=True)
class Extracted:
    """What came out of a segment. `best`: score and JPEG of its best thumbnail; the earliest wins a tie. `ends_ms`:
    media time behind its last frame, where everything was decoded.
    """

    frames: int = 0
    best: tuple[float, bytes] | None = None
    gaps: list[dict[str, Any]] = field(default_factory=list)
    ends_ms: int | None = None
    plan_held: bool = False
    """False if the plan did not hold, so that the segment has to be decoded sequentially."""

    def add(self, frame: "DecodedFrame") -> None:
        self.frames += 1
        if frame.thumbnail and (self.best is None or frame.score > self.best[0]):
            self.best = (frame.score, frame.thumbnail)


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """What a `frame` message brought, checked: the row, the picture, perhaps a thumbnail and its score."""

    row: StoredFrame
    picture: bytes
    thumbnail: bytes
    score: float


async def survey(decoder: Decoder, path: Path, claim: Claim, quality: int) -> SurveyResult:
    """Have the file surveyed. Raises Failed, ProtocolError."""
    plan = messages.PlanReader()
    request = {"type": "survey", "path": str(path), "options": frame_options(claim.upload, quality)}
    async for message in _heard(decoder, request, SURVEY_CPU_S):
        if message.type == "segment":
            plan.segment(message)
        elif message.type == "times":
            plan.more(message)
        elif message.type == "done":
            return plan.done(message)
        else:
            raise ProtocolError(f"`{message.type[:32]}` in a survey")
    raise Crashed("the survey ended without a plan")


async def _heard(decoder: Decoder, request: dict[str, Any], cpu_s: float) -> AsyncIterator[Message]:
    """The messages that answer a request, without the signs of life. Raises Failed, ProtocolError."""
    now = asyncio.get_running_loop().time
    pulse = messages.Pulse(now())
    async for message in decoder.request(request, WALL_PER_CPU * cpu_s, cpu_s):
        if message.type == messages.ALIVE:
            pulse.take(message, now())
        else:
            yield message


@dataclass(frozen=True, slots=True)
class Output:
    """Where frames go: objects, rows, the quota that they take of, and the free space of the store."""

    store: ObjectStore
    pool: "asyncpg.Pool"
    quota: Quota
    space: StoreSpace
    clock: Clock


Decoded: TypeAlias = "asyncio.Queue[DecodedFrame | None]"


async def extract(decoder: Decoder, path: Path, claim: Claim, output: Output, quality: int) -> Extracted:
    """Decode a segment, put its frames into storage, then record them.

    Raises Failed, Lost, StoreFull, ProtocolError.
    """
    decoded: Decoded = asyncio.Queue(MAX_WAITING_FRAMES)
    decoding = _decode(decoder, _request(path, claim, quality), claim, decoded)
    return await run_linked(decoding, _store_all(decoded, claim, output))


async def _decode(decoder: Decoder, request: dict[str, Any], claim: Claim, decoded: Decoded) -> Extracted:
    """Returns once all frames are stored and recorded."""
    extracted, waiting = Extracted(), 0
    planned = len(claim.wanted) if claim.kind == PLANNED else None
    order = messages.FrameOrder(claim.first_index, planned, claim.from_ms, claim.to_ms)
    async for message in _heard(decoder, request, cpu_limit_s(claim)):
        if message.type == "frame":
            frame = decoded_frame(message, is_png(claim.upload))
            order.take(frame.row)
            extracted.add(frame)
            if waiting + len(message.payload) > MAX_WAITING_BYTES:
                await decoded.join()
                waiting = 0
            waiting += len(message.payload)
            await decoded.put(frame)
        elif message.type == "done":
            order.end()
            found = messages.fields_of(message, messages.Extraction)
            extracted.gaps, extracted.plan_held = messages.gaps_of(found.gaps), True
            extracted.ends_ms = found.ends_ms
        elif message.type != "broken" or claim.kind != PLANNED:
            raise ProtocolError(f"`{message.type[:32]}` in a segment of kind {claim.kind}")
    await decoded.put(None)
    await decoded.join()
    return extracted


async def _store_all(decoded: Decoded, claim: Claim, output: Output) -> None:
    """Store what is waiting, several at a time, and record it: objects first, then the rows that lead to events."""
    allowance = Allowance(claim, output.quota)
    while True:
        batch = [await decoded.get()]
        while not decoded.empty():
            batch.append(decoded.get_nowait())
        frames = [frame for frame in batch if frame is not None]
        if frames:
            size = sum(frame.row.size_bytes for frame in frames)
            await output.space.take(size)
            await allowance.take(size)
            await _store(frames, claim.upload, output)
            async with output.pool.acquire() as conn:
                await record_frames(conn, claim, [frame.row for frame in frames])
        for _ in batch:
            decoded.task_done()
        del batch, frames  # not held while it waits for the next


async def _store(frames: list[DecodedFrame], upload: VideoUploaded, output: Output) -> None:
    objects = []
    for frame in frames:
        objects.append((object_key(upload, frame.row.index), frame.picture, content_type(upload)))
        if frame.row.index == 0:
            first = keys.thumbnail(upload.site_id, upload.run_id, "first")
            objects.append((first, frame.thumbnail, "image/jpeg"))
    await asyncio.gather(*(retry_storage(partial(output.store.put, *each), output.clock) for each in objects))


def decoded_frame(message: Message, png: bool) -> DecodedFrame:
    """The frame that a `frame` message describes. Raises ProtocolError.

    Its size is that of the bytes that came: the quota counts what is stored and not what a decoder claims. The bytes
    are a picture as ours are: others decode them.
    """
    fields, picture, thumbnail = messages.frame_fields(message)
    try:
        check_picture(picture, fields.width, fields.height, png)
        if thumbnail:
            check_picture(thumbnail, *jpeg_size(thumbnail), png=False)
    except (ValueError, struct.error) as error:
        raise ProtocolError(f"frame {fields.index} is {error}") from error
    if fields.index == 0 and not thumbnail:
        raise ProtocolError("the first frame has no thumbnail")
    row = StoredFrame(
        *(fields.index, fields.media_ms, fields.width, fields.height),
        size_bytes=len(picture),
        keyframe=fields.keyframe,
        sharpness=fields.sharpness,
        brightness=fields.brightness,
    )
    return DecodedFrame(row, picture, thumbnail, fields.score)


def _request(path: Path, claim: Claim, quality: int) -> dict[str, Any]:
    return {
        "type": "extract",
        "path": str(path),
        "kind": claim.kind,
        "start": claim.start,
        "first_index": claim.first_index,
        "wanted": claim.wanted,
        "seek": claim.seek,
        "after": claim.after,
        "options": frame_options(claim.upload, quality),
    }


def cpu_limit_s(claim: Claim) -> float:
    """Processor time for a segment: two minutes, and four times its media time; half a day where that is unknown."""
    ends = claim.to_ms if claim.to_ms is not None else claim.duration_ms
    return 43_200.0 if ends is None else 120.0 + CPU_PER_MEDIA * max(0, ends - claim.from_ms) / 1000
