"""Reading a file without decoding it (75 times cheaper than decoding), and its first few frames, to plan the work."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

from extractor.files.plan import Packets, trustworthy
from extractor.media.source import Source, open_source

FIRST_FRAMES = 8
"""How many frames are decoded to see whether packet times are frame times."""
FIRST_PACKETS = 600
"""Where to give up looking for the first frame."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file holds. `start` is the time of the first displayable frame, None if none of the first came out;
    `truncated_at` is the end that was found, where the container declares a later one."""

    packets: Packets
    start: int | None
    end: int | None
    trusted: bool
    truncated_at: int | None


def survey(path: str, alive: Callable[[int], None]) -> Survey:
    """Demux everything once, decode the beginning. `alive` is told of every packet's time. Raises Failed."""
    source = open_source(path)
    plannable, time_base = source.plannable, source.time_base
    declared_end = source.declared_end() if plannable else None
    packets, end, complete = demuxed(source, alive)
    shown = first_frames(open_source(path))
    trusted = complete and plannable and trustworthy(packets, shown)
    start = shown[0] if shown else None
    return Survey(packets, start, end, trusted, truncated(end, declared_end, time_base))


def demuxed(source: Source, alive: Callable[[int], None]) -> tuple[Packets, int | None, bool]:
    """Times of all packets and of keyframes, the end of the last one, and whether every packet had a time."""
    pts, keys, end, complete = array("q"), array("q"), None, True
    try:
        for packet in source.container.demux(source.stream):
            if not packet.size or packet.is_discard:
                continue
            if packet.pts is None:
                complete = False
                continue
            pts.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
            end = max(end or packet.pts, packet.pts + (packet.duration or 0))
            alive(packet.pts)
    except av.FFmpegError:
        complete = False
    finally:
        source.container.close()
    return Packets(pts, keys), end, complete


def first_frames(source: Source) -> list[int]:
    """Times of the first frames that the decoder gives, at most FIRST_FRAMES; empty if it gives none."""
    shown: list[int] = []
    try:
        for count, packet in enumerate(source.container.demux(source.stream)):
            shown += [frame.pts for frame in decoded(source, packet) if frame.pts is not None]
            if len(shown) >= FIRST_FRAMES or count >= FIRST_PACKETS:
                break
    except av.FFmpegError:
        return []
    finally:
        source.container.close()
    return shown[:FIRST_FRAMES]


def decoded(source: Source, packet: Any) -> list[Any]:
    """The frames that a packet completes; the empty packet at the end flushes."""
    return list(source.stream.codec_context.decode(packet if packet.size else None))


def truncated(end: int | None, declared: int | None, time_base: Fraction) -> int | None:
    """The end that was found, if the container declares more than two seconds beyond it."""
    if end is None or declared is None or declared - end <= 2 / time_base:
        return None
    return end
