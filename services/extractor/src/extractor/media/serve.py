"""What the child answers: `survey` makes a plan, `sample` delivers the frames of one segment."""

import gc
import io
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from fractions import Fraction
from typing import Any, BinaryIO

import av
import cv2
import orjson

from extractor.files import wire
from extractor.files.failures import DECODE_FAILED, GAP_TRUNCATED, NO_FRAMES, OUT_OF_MEMORY, Failed
from extractor.files.plan import Segment, planned, whole
from extractor.files.rules import Sampling, media_ms, picture_score, rule_for
from extractor.media.picture import Keeping, Picture, picture_of, thumbnail
from extractor.media.planned import Broken, PlannedSampler
from extractor.media.sandbox import allow_cpu
from extractor.media.source import Source, open_source
from extractor.media.straight import Gap, StraightSampler, gap_ms
from extractor.media.survey import Survey, survey

HEARTBEAT_S = 0.5

Say = Callable[..., None]


def serve(requests: Iterable[bytes], out: BinaryIO | io.RawIOBase) -> None:
    """One JSON request a line until the parent closes; every request ends in `done`, `broken` or `failed`."""
    cv2.setNumThreads(1)
    av.logging.set_level(None)

    def say(what: str, payload: bytes = b"", **fields: Any) -> None:
        write_all(out, wire.packed({"say": what, **fields}, payload))

    gc.freeze()  # what the libraries made lives as long as the process: no need to look through it again
    say("ready")
    opened = Opened()
    for line in requests:
        answer(orjson.loads(line), say, opened)


def write_all(out: BinaryIO | io.RawIOBase, data: bytes) -> None:
    """Pipes take less than a frame at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[out.write(rest) or 0 :]


class Opened:
    """The file of the request before, kept open for the next one: opening costs as much as decoding ten frames.

    Only what a survey read whole or a planned segment read to its end is kept, and only given to a planned one.
    """

    def __init__(self) -> None:
        self._path = ""
        self._source: Source | None = None

    def source(self, request: dict[str, Any]) -> Source:
        """The kept file or a newly opened one. Raises Failed."""
        source = self._source
        if source is not None and self._path == request["path"] and request["kind"] == "planned":
            if request["seek"] is not None:
                self._source = None
                return source
            if source.begins is not None:
                self._source = None
                source.seek(source.begins)
                return source
        self.close()
        return open_source(request["path"])

    def keep(self, request: dict[str, Any], source: Source) -> None:
        """For the next request."""
        self.close()
        self._path, self._source = request["path"], source

    def close(self) -> None:
        if self._source is not None:
            self._source.container.close()
            self._source = None


def answer(request: dict[str, Any], say: Say, opened: Opened) -> None:
    """Do one request. What the file causes is told; anything else ends the child, and the parent counts a crash."""
    allow_cpu(int(request["cpu_s"]))
    try:
        if request["do"] == "survey":
            tell_plan(request, say, opened)
        else:
            sample(request, say, opened)
    except Broken as broken:
        say("broken", detail=str(broken))
    except Failed as failed:
        say("failed", code=failed.failure.code, detail=failed.detail)
    except MemoryError:
        say("failed", code=OUT_OF_MEMORY.code, detail="")
    except av.FFmpegError as error:
        say("broken" if request.get("kind") == "planned" else "failed", code=DECODE_FAILED.code, detail=str(error))


def heartbeat(say: Say) -> Callable[[int], None]:
    """Tells the parent about twice a second that reading goes on."""
    told = 0.0

    def alive(_ticks: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= HEARTBEAT_S:
            told = now
            say("alive")

    return alive


def sampling_of(request: dict[str, Any]) -> Sampling:
    return Sampling(request["mode"], request["every_ms"])


def keeping_of(request: dict[str, Any]) -> Keeping:
    """JPEG in full size where nothing else is said."""
    return Keeping(request["quality"], request.get("format", "jpeg"), request.get("long_side"))


def tell_plan(request: dict[str, Any], say: Say, opened: Opened) -> None:
    """Segments one by one, then what is known of the whole."""
    opened.close()
    seen, source = survey(request["path"], heartbeat(say))
    opened.keep(request, source)
    start, time_base = seen.start, source.time_base
    segments = whole(start or 0)
    if seen.trusted and start is not None:
        rule = rule_for(sampling_of(request), start, time_base)
        segments = planned(seen.packets, start, rule, source.seekable)
    if seen.trusted and not segments:
        raise Failed(NO_FRAMES)
    for segment in segments:
        say("segment", **asdict(segment), **extent(segment, start or 0, time_base))
    say("done", **summary(seen, time_base, sum(len(segment.wanted) for segment in segments)))


def extent(segment: Segment, start: int, time_base: Fraction) -> dict[str, int | None]:
    """Media time that a segment covers, ms."""
    ends = segment.to_ticks
    return {
        "from_ms": media_ms(segment.from_ticks, start, time_base),
        "to_ms": None if ends is None else media_ms(ends, start, time_base),
    }


def summary(seen: Survey, time_base: Fraction, wanted: int) -> dict[str, Any]:
    """First frame (ticks) and duration (ms; both None if unknown), expected frames, and a truncated end as a gap."""
    gaps, duration = [], None
    if seen.start is not None and seen.end is not None:
        duration = media_ms(seen.end, seen.start, time_base)
        if seen.truncated_at is not None:
            gaps = [gap_ms(Gap(seen.truncated_at, None, GAP_TRUNCATED), seen.start, time_base)]
    return {
        "start": seen.start if seen.trusted else None,
        "duration_ms": duration,
        "expected": wanted if seen.trusted else None,
        "gaps": gaps,
    }


def sample(request: dict[str, Any], say: Say, opened: Opened) -> None:
    """Frames as `frame` messages (picture, then thumbnail if it is the best yet), then `done` with start and gaps."""
    source = opened.source(request)
    teller, whole = Teller(request, source, say), False
    try:
        if request["kind"] == "planned":
            planned_frames(request, source, teller)
            whole = True
        else:
            straight_frames(request, source, teller)
    finally:
        if whole:
            opened.keep(request, source)
        else:
            source.container.close()


def planned_frames(request: dict[str, Any], source: Source, teller: "Teller") -> None:
    """Indices come from the plan: a frame's is known from its time alone.

    Keyframes are picked from all packets: with `discard=nonkey` FFmpeg 8's MP4 demuxer gives them wrong times when the
    stream has B-frames.
    """
    wanted = request["wanted"]
    index = {pts: request["first_index"] + place for place, pts in enumerate(wanted)}
    for frame in PlannedSampler(source, wanted, teller.alive).frames(request["seek"]):
        teller.tell(index[frame.pts], frame.pts, request["start"], frame)
    teller.say("done", frames=len(wanted), start=request["start"], gaps=[])


def straight_frames(request: dict[str, Any], source: Source, teller: "Teller") -> None:
    """Indices count on from where the segments before ended."""
    index = request["first_index"]
    sampler = StraightSampler(source, sampling_of(request), request["start"], teller.alive)
    for ticks, frame in sampler.frames(request["seek"], request["after"]):
        teller.tell(index, ticks, sampler.start or 0, frame)
        index += 1
    gaps = [gap_ms(gap, sampler.start or 0, source.time_base) for gap in sampler.damage.gaps]
    teller.say("done", frames=index - request["first_index"], start=sampler.start, gaps=gaps)


class Teller:
    """Turns frames into messages."""

    def __init__(self, request: dict[str, Any], source: Source, say: Say) -> None:
        self._rotation, self._keeping = request["rotation"], keeping_of(request)
        self._time_base, self.say = source.time_base, say
        self.alive = heartbeat(say)
        self._best = -1.0

    def tell(self, index: int, ticks: int, start: int, frame: Any) -> None:
        """One frame; its thumbnail goes along whenever it is the best of its segment so far, so the first always."""
        picture = picture_of(frame, self._rotation, self._keeping)
        score = picture_score(picture.sharpness, picture.brightness)
        small = b""
        if score > self._best:
            self._best, small = score, thumbnail(frame, self._rotation)
        ms = media_ms(ticks, start, self._time_base)
        self.say("frame", picture.data + small, **described(picture, index, ms, bool(frame.key_frame)), score=score)


def described(picture: Picture, index: int, ms: int, keyframe: bool) -> dict[str, Any]:
    """The header of a frame message."""
    return {
        "index": index,
        "media_ms": ms,
        "size_bytes": len(picture.data),
        "width": picture.width,
        "height": picture.height,
        "keyframe": keyframe,
        "sharpness": picture.sharpness,
        "brightness": picture.brightness,
    }
