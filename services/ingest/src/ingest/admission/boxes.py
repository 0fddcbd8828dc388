"""The length of an MP4's index, read from the boxes that declare it, before FFmpeg builds that index in memory.

A table that declares "50 million samples of one byte" is 20 bytes in the file and 2 GB in the reader (ISO 14496-12, 8.6
and 8.7). Only the counts are read: a few bytes of each table, whatever its size.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

MAX_BOXES = 20_000  # read before and in the header, where a recording has a few dozen
MAX_FRAGMENT_BOXES = 2_000_000  # read after it: twice those of a day in fragments of 1 s; takes four seconds
SAMPLES_TOGETHER = 160  # least samples of PCM sound (each one tick long) that FFmpeg has in one entry
_INSIDE = frozenset({b"trak", b"mdia", b"minf", b"stbl"})
_TABLES = frozenset({b"stts", b"ctts", b"stco", b"co64", b"stsc", b"stss", b"stps", b"elst"})


class TooManyBoxes(Exception):
    """The header cannot be read in reasonable time."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its name, and the offsets in the file where its body starts and ends."""

    name: bytes
    start: int
    end: int


@dataclass(slots=True)
class Track:
    """What the boxes of one track declare."""

    handlers: set[bytes] = field(default_factory=set)
    samples: int = 0
    rows: int = 0
    ticks: set[tuple[int, int]] = field(default_factory=set)  # rows and first duration of each stts

    @property
    def entries(self) -> int:
        """Most entries that FFmpeg's index of the track needs."""
        by_chunks = self.handlers == {b"soun"} and self.ticks == {(1, 1)}
        samples = self.samples // SAMPLES_TOGETHER if by_chunks else self.samples
        return max(samples, self.rows)


def index_entries(file: BinaryIO) -> int:
    """Entries of all tracks and fragments together; 0 where there is no header of an MP4. Raises TooManyBoxes.

    Every fragment counts: the probe reads only the first ones, but extraction reads them all.
    """
    walk = _Walk(file)
    beside = walk.boxes(0, file.seek(0, 2))
    header = next((box for box in beside if box.name == b"moov"), None)
    if header is None:
        return 0
    entries = _of_header(walk, header)
    walk.left = MAX_FRAGMENT_BOXES
    return entries + sum(walk.fragment(box) for box in beside if box.name == b"moof")


def _of_header(walk: "_Walk", header: Box) -> int:
    tracks = []
    for box in walk.boxes(header.start, header.end):
        if box.name == b"cmov":  # compressed, as by QuickTime before 2005: cannot be counted
            raise TooManyBoxes
        if box.name == b"trak":
            tracks.append(walk.track(box))
    return sum(track.entries for track in tracks)


class _Walk:
    """One pass over a file's boxes. `left`: how many more may be read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.left = file, MAX_BOXES

    def boxes(self, start: int, end: int) -> Iterator[Box]:
        """Consecutive boxes from `start`; ends at the first that is malformed."""
        while start + 8 <= end:
            self.left -= 1
            if self.left < 0:
                raise TooManyBoxes
            size, name = struct.unpack(">I4s", self._at(start, 8))
            body = start + 8
            if size == 1 and start + 16 <= end:
                size, body = struct.unpack(">Q", self._at(body, 8))[0], body + 8
            last = end if size == 0 else start + size
            if last < body:
                return
            yield Box(name, body, min(last, end))
            start = last

    def track(self, box: Box) -> Track:
        """What a `trak` declares."""
        track, waiting = Track(), [box]
        while waiting:
            for inner in self.boxes(waiting[-1].start, waiting.pop().end):
                if inner.name in _INSIDE:
                    waiting.append(inner)
                else:
                    self._read(track, inner)
        return track

    def fragment(self, box: Box) -> int:
        """Samples that a `moof` declares."""
        tracks = [inner for inner in self.boxes(box.start, box.end) if inner.name == b"traf"]
        runs = [run for inner in tracks for run in self.boxes(inner.start, inner.end) if run.name == b"trun"]
        return sum(struct.unpack(">4xI", self._at(run.start, 8))[0] for run in runs)

    def _read(self, track: Track, box: Box) -> None:
        head = self._at(box.start, min(16, box.end - box.start)).ljust(16, b"\0")
        first, second, third = struct.unpack(">4xIII", head)
        if box.name == b"hdlr" and head[8:12] not in (b"url ", b"alis"):  # those are of QuickTime's data references
            track.handlers.add(head[8:12])
        elif box.name in (b"stsz", b"stz2"):
            track.samples = max(track.samples, second)
        elif box.name in _TABLES:
            track.rows = max(track.rows, first)
            if box.name == b"stts":
                track.ticks.add((first, third))

    def _at(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size).ljust(size, b"\0")
