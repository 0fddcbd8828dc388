"""Duration of the track that is taken: of the picture itself, less its start, whatever sound and subtitles last."""

import re
from fractions import Fraction
from typing import Any

import av

from tracks.reading import read_packets

MAX_TAIL_PACKETS = 5000
"""Read at most behind the last keyframe."""
BEHIND_ALL = 1 << 62
"""A time in ticks that is later than any: seeking to it leads to the last keyframe."""
_CLOCK = re.compile(r"(\d{1,6}):(\d\d):(\d\d(?:\.\d{1,9})?)")


def duration_ms(container: Any, stream: Any) -> int | None:
    """Duration of the track in ms; None where nothing declares it. May leave the container at another place.

    In Matroska only the segment declares one, up to its last sound and counted from 0 by FFmpeg, from the first stamp
    by others. So the end of the track is read, by a seek to its last keyframe, unless its tag is beyond doubt.
    """
    start = stream.start_time or 0
    if not _is_matroska(container):
        return _own_ms(container, stream)
    tag = _tagged_end(stream)
    if tag is not None and start <= 0:
        return round(tag * 1000)
    end = _last_end(container, stream) if container.duration else None
    if end is None:
        end = declared_end(container, stream)
    return None if end is None else max(0, round((end - start) * stream.time_base * 1000))


def declared_end(container: Any, stream: Any) -> int | None:
    """The end of the track in ticks as its container declares it, never too late; None if it declares none.

    That of a Matroska file that is less than its start can only be a duration, and is added to it. See `end_is_shared`.
    """
    start = stream.start_time or 0
    if not _is_matroska(container):
        if stream.duration:
            return int(start + stream.duration)
        return None if not container.duration else int(start + _seconds(container) / stream.time_base)
    seconds = _tagged_end(stream)
    if seconds is None:
        seconds = _seconds(container) if container.duration else None
    if seconds is None:
        return None
    end = int(seconds / stream.time_base)
    return end if end > start else int(start + end)


def end_is_shared(container: Any, stream: Any) -> bool:
    """Whether the declared end is that of the longest track, which may be sound or subtitles, and not this one's."""
    own = _tagged_end(stream) is not None if _is_matroska(container) else bool(stream.duration)
    return not own and any(each is not stream and each.type in ("audio", "subtitle", "video", "data")
                           for each in container.streams)  # fmt: skip


def _is_matroska(container: Any) -> bool:
    return "matroska" in container.format.name.split(",")


def _own_ms(container: Any, stream: Any) -> int | None:
    if stream.duration and stream.time_base:
        return max(0, round(Fraction(stream.duration * stream.time_base) * 1000))
    end = _last_end(container, stream) if container.duration else None  # MPEG-TS whose sound goes on for minutes
    if end is not None:
        return int(max(0, round((end - (stream.start_time or 0)) * stream.time_base * 1000)))
    return max(0, round(_seconds(container) * 1000)) if container.duration else None


def _seconds(container: Any) -> Fraction:
    return Fraction(container.duration, 1_000_000)


def _tagged_end(stream: Any) -> Fraction | None:
    """The track's tag DURATION, in seconds: FFmpeg writes the end of the track, mkvmerge its duration."""
    for name, text in stream.metadata.items():
        found = _CLOCK.fullmatch(text.strip()) if name.upper().split("-")[0] == "DURATION" else None
        if found:
            hours, minutes, seconds = found.groups()
            return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    return None


def _last_end(container: Any, stream: Any) -> int | None:
    """The end of the last packet, in ticks; None where seeking or reading fails."""
    end = None
    try:
        container.seek(BEHIND_ALL, stream=stream, backward=True)
        for number, packet in enumerate(read_packets(container, stream)):
            if packet.size and packet.pts is not None:
                end = max(end or packet.pts, packet.pts + (packet.duration or 0))
            if number >= MAX_TAIL_PACKETS:
                return None
    except av.FFmpegError:
        return None
    return end
