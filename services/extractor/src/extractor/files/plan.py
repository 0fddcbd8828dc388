"""From the packet times of a stream to segments that can be decoded apart and still give exactly the same frames."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from extractor.files.rules import Rule

SHORTEST, LONGEST = 250, 3000
"""A segment's size in packets: long enough to outweigh opening and seeking, short enough to be done again cheaply."""
PIECES = 24
"""A video of minutes is cut in about this many: at the end all workers but one wait for the last segment, with eight
pieces for up to a quarter of what two workers need."""


@dataclass(frozen=True, slots=True)
class Packets:
    """What demuxing showed: presentation times in demux order, and which of them begin a group of pictures."""

    pts: Sequence[int]
    keys: Sequence[int]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a run that one worker does.

    planned: deliver exactly the frames at `wanted` (ticks), their indices counting from `first_index`, decoding from
    the keyframe at `seek` (None: from the start of the file). straight: decode everything from `seek` on and apply the
    rule to what comes out, after the frame at `after` (None: from the first frame).
    """

    kind: Literal["planned", "straight"]
    first_index: int
    wanted: tuple[int, ...] = ()
    seek: int | None = None
    after: int | None = None
    from_ticks: int = 0
    to_ticks: int | None = None


def chosen(packets: Packets, start: int, rule: Rule) -> list[int]:
    """The presentation times that the rule takes, from the first displayable frame on."""
    keys = frozenset(packets.keys)
    return [pts for pts in sorted(packets.pts) if pts >= start and rule.takes(pts, pts in keys)]


def trustworthy(packets: Packets, first_shown: Sequence[int]) -> bool:
    """Whether packet times can stand for frame times.

    They can if no two packets share a time, keyframes rise, and the first frames that the decoder gave are the first
    packets in order of presentation. What this misses is found when a planned frame does not come out.
    """
    if not first_shown or not packets.keys or len(set(packets.pts)) != len(packets.pts):
        return False
    if any(later <= earlier for earlier, later in pairwise(packets.keys)):
        return False
    shown = [pts for pts in sorted(packets.pts) if pts >= first_shown[0]]
    return list(first_shown) == shown[: len(first_shown)]


def cut_points(packets: Packets, heavy: bool) -> list[int]:
    """Keyframe times at which a new segment begins; `heavy` when nearly every frame is wanted."""
    total = len(packets.pts)
    size = min(max(total // PIECES, SHORTEST), LONGEST // (4 if heavy else 1))
    keys, cuts, since = frozenset(packets.keys), [], 0
    for pts in packets.pts:
        if pts in keys and since >= size:
            cuts.append(pts)
            since = 0
        since += 1
    return cuts


def planned(packets: Packets, start: int, rule: Rule, seekable: bool) -> list[Segment]:
    """Segments aligned to groups of pictures, in order; one if the container cannot be entered in the middle."""
    wanted = chosen(packets, start, rule)
    heavy = len(wanted) * 2 > len(packets.pts)
    cuts = cut_points(packets, heavy) if seekable else []
    end = max(packets.pts, default=start)
    edges = [start, *(cut for cut in cuts if cut > start), end + 1]
    segments: list[Segment] = []
    for begins, ends in pairwise(edges):
        low, high = bisect_left(wanted, begins), bisect_left(wanted, ends)
        if low == high:
            continue
        seek = None if begins == start else begins
        after = wanted[low - 1] if low else None
        segments.append(Segment("planned", low, tuple(wanted[low:high]), seek, after, begins, ends))
    return segments


def whole(start: int = 0) -> list[Segment]:
    """The one segment of a file whose times cannot be known without decoding it."""
    return [Segment("straight", 0, from_ticks=start)]


def straightened(broken: Segment) -> Segment:
    """What a planned segment that did not hold becomes: everything from its beginning to the end of the file."""
    return Segment("straight", broken.first_index, (), broken.seek, broken.after, broken.from_ticks, None)
