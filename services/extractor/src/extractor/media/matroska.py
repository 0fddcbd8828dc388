"""Elements of Matroska and WebM (RFC 8794, RFC 9559), and where damage breaks their chain.

FFmpeg goes on with the next cluster behind damage and says nothing: what was in between is lost without a mark.
"""

from typing import Final

from extractor.media.reading import Read, stretches

UNKNOWN: Final = -1
"""Length of a segment or cluster of a live recording."""
HEADER, SEGMENT, CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
ELEMENTS = frozenset(
    {HEADER, SEGMENT, CLUSTER, 0xEC, 0xBF}
    | {0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1043A770, 0x1C53BB6B, 0x1941A469, 0x1254C367}
    | {0xE7, 0x5854, 0xA7, 0xAB, 0xA3, 0xA0, 0xAF}
)
"""Outermost, of a segment, of a cluster."""
MAGIC = HEADER.to_bytes(4, "big")
MAX_ELEMENTS = 5_000_000
"""Looked at, each with one read of a few bytes: some 15 seconds."""


def element_at(head: bytes) -> tuple[int, int, int] | None:
    """Name, bytes of the header, and length (or UNKNOWN) of an element; None where there is none."""
    if not head or not head[0] >> 4:
        return None
    name_bytes = 9 - head[0].bit_length()
    if len(head) <= name_bytes or not head[name_bytes]:
        return None
    size_bytes = 9 - head[name_bytes].bit_length()
    raw = int.from_bytes(head[name_bytes : name_bytes + size_bytes], "big") & ((1 << 7 * size_bytes) - 1)
    unknown = raw == (1 << 7 * size_bytes) - 1
    return int.from_bytes(head[:name_bytes], "big"), name_bytes + size_bytes, UNKNOWN if unknown else raw


def holes(read: Read, begin: int, end: int) -> list[int]:
    """The clusters before which elements do not lead on to one another: their positions; `end` where none follows
    damage in the last. One that was cut off at the end is no hole."""
    found: list[int] = []
    at, limit = begin, end
    for _ in range(MAX_ELEMENTS):
        if at >= end:
            break
        following = _next(read, at, limit)
        if following is not None:
            at, limit = following
            limit = end if at >= limit else limit
            continue
        resumes = _find_cluster(read, at + 1, end)
        if resumes is None:
            if limit < end:  # inside the last cluster; bytes behind all elements are none of this recording
                found.append(end)
            break
        found.append(resumes)
        at, limit = resumes, end
    return found


def _next(read: Read, at: int, limit: int) -> tuple[int, int] | None:
    """Where the element behind this one begins, and where the cluster that both are in ends."""
    element = element_at(read(at, 12))
    if element is None:
        return None
    name, header, length = element
    behind = at + header
    if name == CLUSTER:
        return behind, limit if length == UNKNOWN else behind + length
    if name == SEGMENT:
        return behind, limit
    if length == UNKNOWN or behind + length > limit:
        return None
    behind += length
    if name not in ELEMENTS:  # one that is newer than we are, if it leads on
        beyond = element_at(read(behind, 12))
        if behind != limit and (beyond is None or beyond[0] not in ELEMENTS):
            return None
    return behind, limit


def _find_cluster(read: Read, begin: int, end: int) -> int | None:
    magic = CLUSTER.to_bytes(4, "big")
    for at, count in stretches(begin, end):
        where = read(at, count + 3).find(magic)
        if where >= 0:
            return at + where
    return None
