"""Where the pictures of an AVI are, and which numbers they have: by its index, or by its chunks where it has none.

A picture of an AVI has no time, only a number. FFmpeg counts what it finds: behind damage all times are too early, and
nothing tells that pictures are missing. (RIFF as in Microsoft's "AVI RIFF File Reference", indices of the OpenDML AVI
File Format Extensions 1.02.)
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from extractor.media.reading import CHUNK, Read, stretches

MAX_PICTURES = 1 << 24
"""Eight days of 25 a second; a longer index is not read."""
MAX_CHUNKS = 5_000_000
"""Followed, each with one read of a few bytes."""
MAX_LENGTH = 1 << 28
"""A longer recording has a placeholder for its length, as those have that were written to a pipe."""
SAMPLES = 16
"""Entries that are compared with the chunks that they name."""
ALIKE = 8
"""Chunks as long as so many entries behind one another are those."""
MAX_TAIL = 64 << 20
"""Bytes at the end in which an index is searched to which chunks do not lead."""
TAG = re.compile(rb"\d\d(?:dc|db|wb|pc|tx)|ix\d\d|idx1|JUNK|LIST|RIFF")
INDEX = re.compile(rb"idx1(.{4})\d\d[a-z]{2}", re.DOTALL)
LISTS = (b"LIST", b"RIFF")
OLD = np.dtype([("tag", "S4"), ("flags", "<u4"), ("place", "<u4"), ("size", "<u4")])
NEW = np.dtype([("place", "<u4"), ("size", "<u4")])
SIZE = 0x7FFFFFFF
"""Of an entry of an OpenDML index; the bit above says that it is no keyframe."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """`places` of the data of all that are not empty, and their `numbers`; an empty one repeats the picture before it.

    `breaks`: those of `places` before which chunks do not lead on, where no index says where they are. `length`: how
    many there should be, None where nothing declares it or all places are known.
    """

    places: NDArray[np.int64]
    numbers: NDArray[np.int64]
    breaks: frozenset[int] = frozenset()
    length: int | None = None


class Numbering:
    """Numbers the packets of a recording, in the order in which they are read."""

    def __init__(self, pictures: Pictures, start: int) -> None:
        """`start`: the number of the first picture, as FFmpeg counts."""
        self._places, self._numbers, self._breaks = pictures.places, pictures.numbers + start, pictures.breaks
        self._last, self._next, self._shift = -1, start, 0
        self.is_behind_damage = False
        self._end = start + (MAX_LENGTH if pictures.length is None else pictures.length)

    def take(self, place: int | None, counted: int | None) -> tuple[int | None, int]:
        """Of the packet at that place, which FFmpeg counts as `counted`: its number, None for one that is no picture
        of this recording, and how many pictures were lost before it."""
        self.is_behind_damage = False
        at = int(np.searchsorted(self._places, place or 0))
        if at == len(self._places):  # behind an index of only the first part of a long recording, or itself cut off
            guess = self._end if counted is None else counted + self._shift
            return (guess if guess < self._end else None), 0
        if self._places[at] != place:
            return None, 0
        number = int(self._numbers[at])
        lost = max(0, number - self._next) if at > self._last + 1 or at in self._breaks else 0
        self.is_behind_damage = lost > 0 or at in self._breaks
        self._last, self._next, self._shift = at, number + 1, number - (counted or 0)
        return number, lost

    @property
    def is_complete(self) -> bool:
        """Whether the last picture came."""
        return self._last + 1 >= len(self._places)


@dataclass(slots=True)
class _Outline:
    """Position and length of what is found in the headers; 0 where there is none."""

    movi: int = 0
    length: int = 0
    index: tuple[int, int] = (0, 0)
    indices: tuple[int, int] = (0, 0)


def pictures_of(read: Read, begin: int, end: int, track: int) -> Pictures | None:
    """Of a track of the recording that begins there; None if it cannot be told."""
    found = _outline(read, begin, end, track)
    if not found.movi:
        return None
    indexed = _new_index(read, found, begin)
    if indexed is not None:
        return indexed
    if not found.index[1]:
        found.index = _index_at_end(read, found.movi, end)
    entries = _entries(read, found, track)
    placed = _old_index(read, found, begin, entries)
    if placed is not None:
        return placed
    followed = _followed(read, found.movi + 4, end, track)
    aligned = _aligned(read, followed, entries["size"])
    if aligned is not None:
        return aligned
    return replace(followed, length=found.length if 0 < found.length < MAX_LENGTH else None)


def _outline(read: Read, begin: int, end: int, track: int) -> _Outline:
    found = _Outline()
    for tag, at, size in _chunks(read, begin + 12, end):
        if tag == b"hdrl":
            streams = [(place, length) for name, place, length in _chunks(read, at, at + size) if name == b"strl"]
            if track < len(streams):
                place, length = streams[track]
                _take_stream(read, found, place, place + length)
        elif tag == b"movi" and not found.movi:
            found.movi = at - 4
        elif tag == b"idx1" and at + size <= end:
            found.index = (at, size)
        elif tag == b"AVI ":
            break
    return found


def _take_stream(read: Read, found: _Outline, begin: int, end: int) -> None:
    for tag, at, size in _chunks(read, begin, end):
        if tag == b"strh":
            found.length = int.from_bytes(read(at + 32, 4), "little")
        elif tag == b"indx":
            found.indices = (at, size)


def _chunks(read: Read, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, position and length of what is in each; a list has the name of its kind."""
    for _ in range(MAX_CHUNKS):
        head = read(at, 12)
        size, inside = int.from_bytes(head[4:8], "little"), head[:4] in LISTS
        if len(head) < 8 or at >= end or not head[:4].strip().isalnum():
            return
        yield (head[8:12], at + 12, size - 4) if inside else (head[:4], at + 8, size)
        at += 8 + size + size % 2


def _index_at_end(read: Read, begin: int, end: int) -> tuple[int, int]:
    """Where bytes are missing, the length of the list of chunks does not lead to the index behind it."""
    for at, count in stretches(max(begin, end - MAX_TAIL), end):
        chunk = read(at, count + 12)
        for found in INDEX.finditer(chunk):
            place, size = at + found.start(), int.from_bytes(found[1], "little")
            if size % OLD.itemsize == 0 and place + 8 + size <= end:
                return place + 8, size
    return 0, 0


def _entries(read: Read, found: _Outline, track: int) -> NDArray[np.void]:
    """Those of `idx1` that are pictures of the track."""
    at, size = found.index
    tags = [b"%02d%s" % (track, kind) for kind in (b"dc", b"db")]
    rows: list[NDArray[np.void]] = []
    for first in range(at, at + min(size, MAX_PICTURES * OLD.itemsize), CHUNK):
        data = read(first, min(CHUNK, at + size - first) // OLD.itemsize * OLD.itemsize)
        entries = np.frombuffer(data[: len(data) // OLD.itemsize * OLD.itemsize], OLD)
        rows.append(entries[np.isin(entries["tag"], tags)])
    return np.concatenate(rows) if rows else np.zeros(0, OLD)


def _old_index(read: Read, found: _Outline, begin: int, entries: NDArray[np.void]) -> Pictures | None:
    """`idx1`: positions count from the list of chunks, or from the beginning of the file. None if they do not hold up
    to the end: bytes are missing or were inserted."""
    samples = entries[:: max(1, len(entries) // SAMPLES)]

    def fitting(base: int, chosen: NDArray[np.void]) -> int:
        return sum(read(base + int(entry["place"]), 4) == entry["tag"] for entry in chosen)

    base = max((found.movi, begin), key=lambda each: fitting(each, samples))
    if not len(samples) or not fitting(base, samples) or not fitting(base, entries[-SAMPLES:]):
        return None
    return _index(entries["place"].astype(np.int64) + base + 8, entries["size"])


def _aligned(read: Read, followed: Pictures, sizes: NDArray[np.integer]) -> Pictures | None:
    """Chunks by an index whose positions do not hold: those that lead on to one another have the lengths of entries
    behind one another. Others are no pictures of this recording."""
    entries = np.flatnonzero(sizes)
    lengths = sizes[entries].astype(np.int64)
    edges = [0, *sorted(followed.breaks), len(followed.places)]
    places, numbers, breaks = array("q"), array("q"), set[int]()
    begins = 0
    for first, last in pairwise(edges):
        run = followed.places[first:last]
        own = np.array([int.from_bytes(read(int(place) - 4, 4), "little") for place in run], np.int64)
        found = _find(lengths, own[:ALIKE], begins)
        if found is None:
            continue
        alike = own[: len(lengths) - found] == lengths[found : found + len(own)]
        count = len(alike) if alike.all() else int(np.argmin(alike))
        breaks.add(len(places))
        places.extend(run[:count].tolist())
        numbers.extend(entries[found : found + count].tolist())
        begins = found + count
    if not places:
        return None
    return Pictures(np.array(places, np.int64), np.array(numbers, np.int64), frozenset(breaks - {0}), len(sizes))


def _find(lengths: NDArray[np.int64], wanted: NDArray[np.int64], begin: int) -> int | None:
    """The first place from `begin` on with these lengths."""
    if not len(wanted):
        return None
    for at in (np.flatnonzero(lengths[begin:] == wanted[0]) + begin).tolist():
        if np.array_equal(lengths[at : at + len(wanted)], wanted):
            return int(at)
    return None


def _new_index(read: Read, found: _Outline, begin: int) -> Pictures | None:
    """`indx`: an index of indices. One that is damaged still says of how many pictures it is."""
    at, size = found.indices
    head = read(at, 24) if size >= 24 else b""
    if len(head) < 24 or head[:2] != b"\x04\x00" or head[3] != 0:
        return None
    places, sizes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for entry in range(min(int.from_bytes(head[4:8], "little"), (size - 24) // 16)):
        one = read(at + 24 + 16 * entry, 16)
        where, length, count = (int.from_bytes(one[cut], "little") for cut in (slice(8), slice(8, 12), slice(12, 16)))
        rows, base = _standard_index(read, begin + where, length)
        if rows is None:
            return None
        if sum(map(len, places)) + count > MAX_PICTURES:
            return None
        places.append(rows["place"].astype(np.int64) + begin + base)
        sizes.append((rows["size"] & SIZE).astype(np.int64))
    return _index(np.concatenate(places), np.concatenate(sizes)) if len(places) > 1 else None


def _standard_index(read: Read, at: int, length: int) -> tuple[NDArray[np.void] | None, int]:
    """The entries of one `ix##` chunk, and what their positions count from; None if it is damaged."""
    head = read(at, 32)
    size = int.from_bytes(head[12:16], "little") * NEW.itemsize
    if head[:2] != b"ix" or head[8:10] != b"\x02\x00" or size > min(length, MAX_PICTURES * NEW.itemsize):
        return None, 0
    data = read(at + 32, size)
    return (np.frombuffer(data, NEW) if len(data) == size else None), int.from_bytes(head[20:28], "little")


def _index(places: NDArray[np.int64], sizes: NDArray[np.integer]) -> Pictures | None:
    numbers = np.flatnonzero(sizes)
    places = places[numbers]
    if not len(places) or len(places) > MAX_PICTURES or not (np.diff(places) > 0).all():
        return None
    return Pictures(places, numbers.astype(np.int64))


def _followed(read: Read, at: int, end: int, track: int) -> Pictures:
    """From chunk to chunk. Behind damage, numbers go on as if as many bytes were a picture there as elsewhere."""
    begin, number, ours = at, 0, b"%02d" % track
    places, numbers, breaks = array("q"), array("q"), set[int]()
    for _ in range(MAX_CHUNKS):
        head = read(at, 12)
        if len(head) < 8:
            break
        size = int.from_bytes(head[4:8], "little")
        if TAG.match(head) and head[:4] in LISTS:
            at += 12
        elif TAG.match(head) and at + 8 + size <= end:
            if head[:2] == ours and head[2:3] == b"d":
                if size:
                    places.append(at + 8)
                    numbers.append(number)
                number += 1
            at += 8 + size + size % 2
        else:
            resumes = _resumes(read, at + 1, end)
            if resumes is None:
                break
            number += round((resumes - at) * number / max(1, at - begin))
            breaks.add(len(places))
            at = resumes
    return Pictures(np.array(places, np.int64), np.array(numbers, np.int64), frozenset(breaks))


def _resumes(read: Read, begin: int, end: int) -> int | None:
    """The next chunk that another one follows."""
    for at, count in stretches(begin, end):
        chunk = read(at, count + 4)
        for found in TAG.finditer(chunk):
            place = at + found.start()
            size = int.from_bytes(read(place + 4, 4), "little")
            behind = place + 8 + size + size % 2
            if behind == end or (behind < end and TAG.match(read(behind, 4))):
                return place
    return None
