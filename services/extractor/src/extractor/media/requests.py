"""What a worker can request: `survey_file` makes a plan, `extract_segment` delivers the frames of one segment."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from typing import Any

import av

from extractor.media.colour import displayable
from extractor.media.packets import PacketReader, open_recordings
from extractor.media.picture import Picture, picture_of, thumbnail
from extractor.media.recordings import Part
from extractor.media.selective import PlanBroken, SelectiveDecoder
from extractor.media.sequential import Gap, SequentialDecoder, gap_fields
from extractor.media.source import Source
from extractor.media.survey import Survey, survey
from extractor.model.failures import GAP_TRUNCATED, GAP_UNREAD_BYTES, DecodeFailed, NoFrames
from extractor.model.options import FrameOptions, Orientation, decode_options
from extractor.model.plan import PLANNED, Segment, plan_segments, sequential_plan
from extractor.model.sampling import media_ms, rule_for, thumbnail_score
from extractor.protocol import MAX_GAPS, MAX_TIMES
from tracks import orientation

HEARTBEAT_S = 0.5

Send = Callable[..., None]
"""Takes a message's type, its payload (if any) and its fields as keywords."""


class OpenFile:
    """The one file of this process, and its demuxer as the last request left it: opening that costs ten frames.

    Only what a survey or a PLANNED segment read to the end is left open, and only a PLANNED segment takes it.
    """

    def __init__(self, lock: Callable[[], object]) -> None:
        """`lock` is called once: when the file has a descriptor, and before anything of it is read."""
        self._lock = lock
        self._path: str | None = None
        self._descriptor = -1
        self._source: Source | None = None

    def descriptor(self, path: str) -> int:
        """Raises DecodeFailed if it cannot be opened, ValueError for another file than the first."""
        if self._path is None:
            try:
                self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                raise DecodeFailed(str(error)) from error
            self._path = path
            self._lock()
        elif path != self._path:
            raise ValueError("a decoder reads one file only")
        return self._descriptor

    def take(self, request: dict[str, Any], heartbeat: Callable[[], None]) -> tuple[Source, list[Part]]:
        """The file of this request, opened if it is not open, and the parts behind its first recording.

        `heartbeat` is called while the file is looked through. The caller closes it or leaves it. Raises Failed.
        """
        source, file = self._source, self.descriptor(request["path"])
        if source is not None and request["kind"] == PLANNED:
            if request["seek"] is not None:
                self._source = None
                return source, []
            if source.begins is not None:
                self._source = None
                source.seek(source.begins)
                return source, []
        self.close()
        return open_recordings(file, heartbeat)

    def leave(self, source: Source) -> None:
        """For the next request."""
        self.close()
        self._source = source

    def close(self) -> None:
        if self._source is not None:
            self._source.container.close()
            self._source = None


def heartbeat(send: Send) -> Callable[[], None]:
    """To be called for every packet; sends `alive` about twice a second."""
    sent_at = 0.0

    def beat() -> None:
        nonlocal sent_at
        now = time.monotonic()
        if now - sent_at >= HEARTBEAT_S:
            sent_at = now
            send("alive")

    return beat


def survey_file(request: dict[str, Any], send: Send, open_file: OpenFile) -> None:
    """Sends `segment` for each of the plan, then `done` about the whole file. Raises Failed."""
    open_file.close()
    found, source = survey(open_file.descriptor(request["path"]), heartbeat(send))
    open_file.leave(source)
    start, time_base, options = found.start, found.time_base, decode_options(request["options"])
    segments = sequential_plan(start or 0)
    if found.reliable and start is not None:
        rule = rule_for(options.sampling, start, time_base)
        segments = plan_segments(found.packets, start, rule, source.seekable)
    if found.reliable and not segments:
        raise NoFrames
    for segment in segments:
        send_segment(segment, extent(segment, start or 0, time_base), send)
    wanted = sum(len(segment.wanted) for segment in segments)
    send("done", **summary(found, time_base, wanted), sample=sample_fields(found.sample, source, options))


def send_segment(segment: Segment, extent: dict[str, int | None], send: Send) -> None:
    """`segment`, and `times` for what it wants beyond the first MAX_TIMES frames: a header has a limit."""
    fields = asdict(segment) | {"wanted": segment.wanted[:MAX_TIMES]}
    send("segment", **fields, **extent)
    for first in range(MAX_TIMES, len(segment.wanted), MAX_TIMES):
        send("times", times=segment.wanted[first : first + MAX_TIMES])


def extent(segment: Segment, start: int, time_base: Fraction) -> dict[str, int | None]:
    """Media time that a segment covers, ms; `to_ms` None where it reaches the end."""
    ends = segment.to_ticks
    return {
        "from_ms": media_ms(segment.from_ticks, start, time_base),
        "to_ms": None if ends is None else media_ms(ends, start, time_base),
    }


def summary(found: Survey, time_base: Fraction, wanted: int) -> dict[str, Any]:
    """First frame (ticks) and duration (ms; both None if unknown), expected frames, and as gaps what is missing at the
    end or follows it and is no recording."""
    gaps, duration = [], None
    if found.start is not None and found.end is not None:
        duration = media_ms(found.end, found.start, time_base)
        if found.truncated_at is not None:
            gaps.append(gap_fields(Gap(found.truncated_at, None, GAP_TRUNCATED), found.start, time_base))
        if found.unread is not None:
            behind = Gap(found.end, None, GAP_UNREAD_BYTES, found.unread)
            gaps.append(gap_fields(behind, found.start, time_base))
    return {
        "start": found.start if found.reliable else None,
        "duration_ms": duration,
        "expected": wanted if found.reliable else None,
        "gaps": gaps,
    }


def sample_fields(frame: Any, source: Source, options: FrameOptions) -> dict[str, int] | None:
    """Size in bytes and pixels of a frame as it would be stored: what a reservation is estimated from."""
    if frame is None:
        return None
    try:
        picture = picture_of(displayable(frame, source.colours), options.orientation, options.picture)
    except (av.FFmpegError, ValueError):  # extraction meets the same, and reports it
        return None
    return {"size": len(picture.data), "pixels": picture.width * picture.height}


def extract_segment(request: dict[str, Any], send: Send, open_file: OpenFile) -> None:
    """Sends `frame` for each, then `done`. Raises Failed, PlanBroken, and av.FFmpegError."""
    alive = heartbeat(send)
    source, following = open_file.take(request, alive)
    complete = False
    try:
        if request["kind"] == PLANNED:
            extract_planned(request, source, FrameSender(request, source.time_base, send, alive))
            complete = True
        else:
            reader = PacketReader(source, following, alive)
            extract_sequential(request, reader, FrameSender(request, reader.time_base, send, alive))
    finally:
        if complete:
            open_file.leave(source)
        else:
            source.container.close()


def extract_planned(request: dict[str, Any], source: Source, frames: "FrameSender") -> None:
    """Indices come from the plan: a frame's is known from its time alone.

    Keyframes are selected from all packets: with `discard=nonkey` FFmpeg 8's MP4 demuxer gives them wrong times when
    the stream has B-frames.
    """
    index = {pts: number for number, pts in enumerate(request["wanted"], start=request["first_index"])}
    last = -1
    for frame in SelectiveDecoder(source, request["wanted"], frames.heartbeat).frames(request["seek"]):
        if index[frame.pts] <= last:
            raise PlanBroken("frames come out of order")
        last = index[frame.pts]
        frames.send_frame(last, frame.pts, request["start"], frame, source)
    frames.send("done", gaps=[], ends_ms=None)


def extract_sequential(request: dict[str, Any], reader: PacketReader, frames: "FrameSender") -> None:
    """Indices continue those of the segments before. How the first recording is shown is said by the request; those
    behind it are shown as they say themselves."""
    sampling, time_base = decode_options(request["options"]).sampling, reader.time_base
    decoder = SequentialDecoder(reader, sampling, request["start"], frames.heartbeat)
    for index, (ticks, frame) in enumerate(decoder.frames(request["seek"], request["after"]), request["first_index"]):
        own = None if decoder.source is reader.source else Orientation(*orientation(frame))
        frames.send_frame(index, ticks, decoder.start or 0, frame, decoder.source, own)
    gaps = [gap_fields(gap, decoder.start or 0, time_base) for gap in decoder.gaps[:MAX_GAPS]]
    ends = decoder.ends
    frames.send("done", gaps=gaps, ends_ms=None if ends is None else media_ms(ends, decoder.start or 0, time_base))


class FrameSender:
    """Encodes the frames of one segment and sends them."""

    def __init__(self, request: dict[str, Any], time_base: Fraction, send: Send, heartbeat: Callable[[], None]) -> None:
        self._options = decode_options(request["options"])
        self._time_base, self.send, self.heartbeat = time_base, send, heartbeat
        self._best = -1.0

    def send_frame(
        self, index: int, ticks: int, start: int, frame: Any, source: Source, turned: Orientation | None = None
    ) -> None:
        """With a thumbnail whenever it is the best of its segment so far, so the first always has one."""
        turned = turned or self._options.orientation
        shown = displayable(frame, source.colours)
        picture = picture_of(shown, turned, self._options.picture)
        score = thumbnail_score(picture.sharpness, picture.brightness)
        small = b""
        if score > self._best:
            self._best, small = score, thumbnail(shown, turned)
        ms = media_ms(ticks, start, self._time_base)
        fields = frame_fields(picture, index, ms, bool(frame.key_frame))
        self.send("frame", picture.data + small, **fields, score=score)


def frame_fields(picture: Picture, index: int, ms: int, keyframe: bool) -> dict[str, Any]:
    """Of a `frame` message, besides the score."""
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
