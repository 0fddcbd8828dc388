"""A survey reads a file without decoding it (75 times cheaper), and decodes its first few frames, to plan the work."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av

from extractor.media.packets import PacketReader, open_recordings
from extractor.media.source import Source, open_source, sound_reaches
from extractor.model.plan import PacketIndex, packet_times_reliable
from tracks import read_packets

FIRST_FRAMES = 8
"""Decoded to check whether packet times are frame times."""
FIRST_PACKETS = 600
"""Read at most to get the first frames."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file holds.

    Ticks are those of `time_base`. `start`: of the first displayable frame, None if none came out. `reliable`: packet
    times can stand for frame times. `truncated_at`: the end that was found, where the container declares a later one.
    `unread`: bytes behind the last recording that are none. `sample`: a decoded frame; None if none came out.
    """

    packets: PacketIndex
    start: int | None
    end: int | None
    reliable: bool
    truncated_at: int | None
    unread: int | None
    time_base: Fraction
    sample: Any = None


def survey(file: int, heartbeat: Callable[[], None]) -> tuple[Survey, Source]:
    """Demux all packets, decode the beginning; `heartbeat` is called for every read and packet. Raises Failed.

    The file stays open for the first segment, as a rewindable Source where a seek led back to the first packet:
    opening decodes a keyframe to probe the stream, which costs as much as ten other frames.
    """
    first, following = open_recordings(file, heartbeat)
    reader = PacketReader(first, following, heartbeat)
    packets, first_time, end = demux_all(reader, heartbeat)
    begins = rewind(first, packets) if reader.unbroken and first.seekable else None
    source, truncated = first, truncated_end(reader, heartbeat)
    if begins is None:
        first.container.close()
        source = open_source(file, first.recording)
    frames = first_frames(source)
    decoded = [frame.pts for frame in frames]
    reliable = reader.unbroken and source.has_packet_times and packet_times_reliable(packets, decoded)
    finer = source.time_base / reader.time_base
    start = round(decoded[0] * finer) if decoded and source.has_packet_times else first_time
    start = start if decoded else None
    found = Survey(packets, start, end, reliable, truncated, reader.unread_bytes(), reader.time_base)
    return replace(found, sample=frames[-1] if frames else None), replace(source, begins=begins)


def truncated_end(reader: PacketReader, heartbeat: Callable[[], None]) -> int | None:
    """The end of a file that was cut off, else None. Where the container declares one end for all its streams, sound
    that reaches it says that the picture only ended earlier."""
    end, declared = reader.truncated_end(), reader.source.declared_end()
    if end is not None and declared is not None and reader.source.end_is_shared:
        return None if sound_reaches(reader.source, declared, heartbeat) else end
    return end


def rewind(source: Source, packets: PacketIndex) -> int | None:
    """Seek to the first packet, which is read next. Its time; None if seeking does not lead there."""
    if not packets.keyframes or packets.pts[0] != packets.keyframes[0]:
        return None
    try:
        source.seek(packets.keyframes[0])
        first = next(packet for packet in read_packets(source.container, source.stream) if packet.size)
        source.seek(packets.keyframes[0])
    except (av.FFmpegError, StopIteration):
        return None
    return packets.keyframes[0] if first.pts == packets.pts[0] else None


def demux_all(reader: PacketReader, heartbeat: Callable[[], None]) -> tuple[PacketIndex, int | None, int | None]:
    """Times of all packets and of keyframes, the time of the first, and the end of the last one."""
    pts, keys, end = array("q"), array("q"), None
    for reading in reader:
        heartbeat()
        if reading.time is None or reading.packet.is_discard:
            continue
        pts.append(reading.time)
        if reading.stamp.keyframe:
            keys.append(reading.time)
        end = max(end or reading.time, reading.time + reading.stamp.duration)
    return PacketIndex(pts, keys), pts[0] if pts else None, end


def first_frames(source: Source) -> list[Any]:
    """At most FIRST_FRAMES that have a time; empty if the decoder gives none."""
    frames: list[Any] = []
    try:
        for count, packet in enumerate(read_packets(source.container, source.stream)):
            frames += [frame for frame in decode(source, packet) if frame.pts is not None]
            if len(frames) >= FIRST_FRAMES or count >= FIRST_PACKETS:
                break
    except av.FFmpegError:
        return []
    finally:
        source.stream.codec_context.flush_buffers()
    return frames[:FIRST_FRAMES]


def decode(source: Source, packet: Any) -> list[Any]:
    """The frames that a packet completes; the empty packet at the end flushes."""
    return list(source.stream.codec_context.decode(packet if packet.size else None))
