"""From the packet times of a stream to segments that can be decoded independently and give exactly the same frames."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from extractor.model.sampling import Rule

Kind = Literal["planned", "straight"]
PLANNED: Final = "planned"
SEQUENTIAL: Final = "straight"
"""The kinds of a segment, by the names that rows and logs have for them."""

MIN_PACKETS, MAX_PACKETS = 250, 3000
"""Size of a segment: long enough to outweigh opening and seeking, short enough to be decoded again cheaply."""
TARGET_SEGMENTS = 24
"""A video of minutes is cut into about this many. At the end all workers but one wait for the last segment: with eight
segments for up to a quarter of what two workers need in all."""


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """Presentation times (ticks) of all packets in demux order, and those of the keyframes among them."""

    pts: Sequence[int]
    keyframes: Sequence[int]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a video that one worker decodes. All times in ticks.

    PLANNED: deliver exactly the frames at `wanted`, their indices counting from `first_index`, decoding from the
    keyframe at `seek` (None: from the start of the file). SEQUENTIAL: decode everything from `seek` on and apply the
    sampling rule to what comes out, after the frame at `after` (None: from the first frame).
    """

    kind: Kind
    first_index: int
    wanted: tuple[int, ...] = ()
    seek: int | None = None
    after: int | None = None
    from_ticks: int = 0
    to_ticks: int | None = None


def sampled_times(packets: PacketIndex, start: int, rule: Rule) -> list[int]:
    """The presentation times that the rule takes, from the first displayable frame on."""
    keyframes = frozenset(packets.keyframes)
    return [pts for pts in sorted(packets.pts) if pts >= start and rule.takes(pts, pts in keyframes)]


def packet_times_reliable(packets: PacketIndex, first_decoded: Sequence[int]) -> bool:
    """Whether packet times can stand for frame times.

    They can if no two packets share a time, keyframes rise, and the first frames that the decoder gave are the first
    packets in order of presentation. What this misses is found when a planned frame does not come out.
    """
    if not first_decoded or not packets.keyframes or len(set(packets.pts)) != len(packets.pts):
        return False
    if any(later <= earlier for earlier, later in pairwise(packets.keyframes)):
        return False
    displayable = [pts for pts in sorted(packets.pts) if pts >= first_decoded[0]]
    return list(first_decoded) == displayable[: len(first_decoded)]


def cut_points(packets: PacketIndex, dense: bool) -> list[int]:
    """Keyframe times at which a new segment begins; `dense` when most frames are wanted."""
    size = min(max(len(packets.pts) // TARGET_SEGMENTS, MIN_PACKETS), MAX_PACKETS // (4 if dense else 1))
    keyframes, cuts, since = frozenset(packets.keyframes), [], 0
    for pts in packets.pts:
        if pts in keyframes and since >= size:
            cuts.append(pts)
            since = 0
        since += 1
    return cuts


def plan_segments(packets: PacketIndex, start: int, rule: Rule, seekable: bool) -> list[Segment]:
    """PLANNED segments aligned to groups of pictures, in order; a single one if the container cannot seek."""
    wanted = sampled_times(packets, start, rule)
    dense = len(wanted) * 2 > len(packets.pts)
    cuts = cut_points(packets, dense) if seekable else []
    end = max(packets.pts, default=start)
    edges = [start, *(cut for cut in cuts if cut > start), end + 1]
    segments: list[Segment] = []
    for begins, ends in pairwise(edges):
        low, high = bisect_left(wanted, begins), bisect_left(wanted, ends)
        if low == high:
            continue
        seek = None if begins == start else begins
        after = wanted[low - 1] if low else None
        segments.append(Segment(PLANNED, low, tuple(wanted[low:high]), seek, after, begins, ends))
    return segments


def sequential_plan(start: int = 0) -> list[Segment]:
    """One SEQUENTIAL segment, for a file whose frame times cannot be known without decoding it."""
    return [Segment(SEQUENTIAL, 0, from_ticks=start)]
