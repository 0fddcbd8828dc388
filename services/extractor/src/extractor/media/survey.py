"""Reading a file without decoding it (75 times cheaper than decoding), and its first few frames, to plan the work."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
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


def survey(path: str, alive: Callable[[int], None]) -> tuple[Survey, Source]:
    """Demux everything once, decode the beginning. `alive` is told of every packet's time. Raises Failed.

    The file stays open for whoever comes next, as a rewindable Source where a seek led back to the first packet:
    opening decodes a keyframe to look at it, which costs as much as ten other frames.
    """
    source = open_source(path)
    declared_end = source.declared_end() if source.plannable else None
    packets, end, complete = demuxed(source, alive)
    begins = rewound(source, packets) if complete and source.seekable else None
    if begins is None:
        source.container.close()
        source = open_source(path)
    shown = first_frames(source)
    trusted = complete and source.plannable and trustworthy(packets, shown)
    start = shown[0] if shown else None
    truncated_at = truncated(end, declared_end, source.time_base)
    return Survey(packets, start, end, trusted, truncated_at), replace(source, begins=begins)


def rewound(source: Source, packets: Packets) -> int | None:
    """The time to seek to for the first packet, which is read next; None if that does not lead there."""
    if not packets.keys or packets.pts[0] != packets.keys[0]:
        return None
    try:
        source.seek(packets.keys[0])
        first = next(packet for packet in source.container.demux(source.stream) if packet.size)
        source.seek(packets.keys[0])
    except (av.FFmpegError, StopIteration):
        return None
    return packets.keys[0] if first.pts == packets.pts[0] else None


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
        source.stream.codec_context.flush_buffers()
    return shown[:FIRST_FRAMES]


def decoded(source: Source, packet: Any) -> list[Any]:
    """The frames that a packet completes; the empty packet at the end flushes."""
    return list(source.stream.codec_context.decode(packet if packet.size else None))


def truncated(end: int | None, declared: int | None, time_base: Fraction) -> int | None:
    """The end that was found, if the container declares more than two seconds beyond it."""
    if end is None or declared is None or declared - end <= 2 / time_base:
        return None
    return end
