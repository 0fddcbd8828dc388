"""Opens a file and finds the track that is taken."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import av
from av.stream import Disposition

from tracks.choice import VideoTrack, choose
from tracks.reading import read_packets

COVERS = Disposition.attached_pic | Disposition.timed_thumbnails
STILL = Disposition.still_image | Disposition.dependent
MAX_PACKETS = 5000
"""Read at most to find a second picture of every track: some minutes of a recording."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An open container, not read from yet, and the stream that is taken of it; None if it has no video but covers.

    `position` of the stream among its video tracks (FFmpeg's `v:N`), and `tracks`: how many there are, covers counted.
    """

    container: Any
    stream: Any | None
    position: int | None
    tracks: int


def open_track(open_container: Callable[[], Any]) -> Taken:
    """Opens the container, a second time if it had to be read to tell tracks apart. Raises what `open_container` does.

    Pictures are counted only where several tracks are left and the container does not declare their number.
    """
    container = open_container()
    try:
        streams = list(container.streams.video)
        candidates = [(at, stream) for at, stream in enumerate(streams) if not stream.disposition & COVERS]
        counted: Counter[int] = Counter()
        if len(candidates) > 1 and not all(stream.frames for _, stream in candidates):
            counted = count_pictures(container, [stream for _, stream in candidates])
            container.close()
            container = open_container()
            streams = list(container.streams.video)
        chosen = choose([_track(at, streams[at], counted) for at, _ in candidates])
    except BaseException:
        container.close()
        raise
    stream = None if chosen is None else streams[chosen.position]
    return Taken(container, stream, None if chosen is None else chosen.position, len(streams))


def count_pictures(container: Any, streams: Sequence[Any]) -> Counter[int]:
    """Packets by stream index, until every stream has two, the file ends or fails, or MAX_PACKETS were read."""
    found: Counter[int] = Counter()
    try:
        for number, packet in enumerate(read_packets(container, *streams)):
            found[packet.stream_index] += bool(packet.size)
            if number >= MAX_PACKETS or all(found[stream.index] > 1 for stream in streams):
                break
    except av.FFmpegError:
        pass  # what was found until then decides; extraction meets the same
    return found


def _track(position: int, stream: Any, counted: Counter[int]) -> VideoTrack:
    context = stream.codec_context
    return VideoTrack(
        position=position,
        pixels=0 if context is None else (context.width or 0) * (context.height or 0),
        pictures=stream.frames or counted[stream.index],
        rate=float(stream.average_rate or 0),
        codec="" if context is None else str(context.codec.canonical_name),
        default=bool(stream.disposition & Disposition.default),
        still=bool(stream.disposition & STILL),
    )
