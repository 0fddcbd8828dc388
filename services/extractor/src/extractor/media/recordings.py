"""Which parts a file has: recordings of any container that were put together byte by byte, and what is none.

FFmpeg reads such a file as its first recording, or with the tables of the first (fragments, Matroska). Each has headers
of its own, so each is opened by itself. Pieces of one MPEG stream have no such headers: there, time tells, and in a
transport stream the tables, where other tracks follow.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from extractor.media import matroska
from extractor.media.headers import find_header, header_at
from extractor.media.mpeg_streams import Stream, find_stream, program_stream, stream_at, transport_stream
from extractor.media.programs import other_tracks
from extractor.media.reading import CHUNK, Read, reader, stretches

MAX_PARTS = 10_000
"""More are no recordings that anybody put together: the rest of the file counts as bytes that are none."""
MAX_ELEMENTS = 5_000_000
"""Looked at, each with one read of a few bytes: some 15 seconds. What is behind them belongs to the last recording."""
MAX_SEARCHED = 2 << 30
"""Bytes that are searched for headers, all in all, where elements do not lead on; takes a few seconds."""
TRAILER = 4096
"""So many bytes behind a recording may be tags of sound files or notes of cameras, and are not reported."""
AVI_CHUNK = re.compile(rb"\d\d(?:dc|db|wb|pc|tx)|ix\d\d|idx1|LIST|JUNK")
Kind = Literal["mp4", "ebml", "avi", "ts", "ps"]


@dataclass(frozen=True, slots=True)
class Part:
    """First byte of a part, and the byte behind its last. `readable` False: no recording begins there. `is_cut`: its
    last element says to end later. `holes`: where reading goes on behind damage in a transport or program stream."""

    begin: int
    end: int
    readable: bool = True
    is_cut: bool = False
    holes: tuple[int, ...] = ()


def parts_of(file: int, heartbeat: Callable[[], None]) -> list[Part]:
    """The parts of a file, in order. The first is a recording, whatever it looks like; what is between recordings, or
    behind them, is one if it is more than padding and longer than TRAILER. `heartbeat` is called for every read."""
    size = os.fstat(file).st_size
    return _Walk(reader(file, size, heartbeat), size).parts()


class _Walk:
    """From recording to recording, each as far as its elements lead."""

    def __init__(self, read: Read, size: int) -> None:
        self._read, self._size, self._left = read, size, MAX_SEARCHED
        self._edges: list[tuple[int, bool]] = [(0, True)]
        self._cut: set[int] = set()
        self._holes: list[int] = []
        self._stream_is_cut = False

    def parts(self) -> list[Part]:
        at: int | None = self._first()
        while at is not None and at < self._size and not self._full:
            at = self._beyond(at)
        ends = [begin for begin, _ in self._edges[1:]] + [self._size]
        return [
            Part(begin, end, readable, begin in self._cut, tuple(at for at in self._holes if begin < at < end))
            for (begin, readable), end in zip(self._edges, ends, strict=True)
        ]

    def _first(self) -> int:
        """A stream may begin within a packet, or behind bytes that are none: FFmpeg finds it as well."""
        found = None if kind_at(self._read, 0) else find_stream(self._read, 0, CHUNK)
        return found or 0

    def _beyond(self, at: int) -> int | None:
        """Where the next kind of recording begins behind the one at `at`; None: nowhere."""
        kind, ended, inside = kind_at(self._read, at), at, at
        if kind is None:
            return None
        for element in self._elements(kind, at):
            begins, inside, ended = element
            if begins is not None:
                self._begin(begins)
            if self._full:
                return None
        if ended > self._size or self._stream_is_cut:
            self._cut.add(self._edges[-1][0])
        if ended == self._size:
            return None
        if at < ended < self._size and kind_at(self._read, ended):
            self._begin(ended)
            return ended
        return self._behind_unknown(inside, ended)

    def _elements(self, kind: Kind, at: int) -> Iterator["Element"]:
        self._stream_is_cut = False
        match kind:
            case "mp4":
                yield from _mp4(self._read, at, self._size)
            case "ebml":
                yield from _ebml(self._read, at, self._size)
            case "avi":
                yield from _avi(self._read, at, self._size)
            case "ts":
                stream = transport_stream(self._read, at, self._size)
                yield from self._of_stream(at, stream, other_tracks(self._read, at, stream.ends))
            case "ps":
                stream = program_stream(self._read, at, self._size)
                yield from self._of_stream(at, stream, stream.changes)

    def _of_stream(self, at: int, stream: Stream, others: Iterable[int]) -> Iterator["Element"]:
        self._holes += stream.holes
        self._stream_is_cut = stream.is_cut
        yield None, at, stream.ends
        for begins in others:
            yield begins, begins, stream.ends

    def _behind_unknown(self, inside: int, ended: int) -> int | None:
        """Where the next recording begins behind bytes that are none. `inside`: the last element that is known."""
        found = self._search(inside + 1, ended)
        behind = self._size if found is None else found
        if ended < behind and not self._is_trailer(ended, behind):
            self._begin(ended, readable=False)
        if found is not None:
            self._begin(found)
        return found

    def _begin(self, at: int, readable: bool = True) -> None:
        if at > self._edges[-1][0] and not self._full:
            self._edges.append((at, readable and len(self._edges) < MAX_PARTS))

    @property
    def _full(self) -> bool:
        return len(self._edges) > MAX_PARTS

    def _search(self, inside: int, ended: int) -> int | None:
        """The next header: also inside the last element, which may have been cut off and say to end later."""
        end = min(self._size, inside + self._left)
        found = find_header(self._read, inside, end)
        self._left -= (end if found is None else found) - inside
        if found is not None or ended >= self._size:
            return found
        return find_stream(self._read, ended, self._size)

    def _is_trailer(self, begin: int, end: int) -> bool:
        """Bytes that hold no recording: a few, or padding with one value."""
        first = self._read(begin, 1)
        return end - begin <= TRAILER or all(
            not self._read(at, min(count, end - at)).strip(first) for at, count in stretches(begin, end)
        )


def kind_at(read: Read, at: int) -> Kind | None:
    """Of the recording that begins at exactly this byte."""
    return header_at(read, at) or stream_at(read, at)


Element = tuple[int | None, int, int]
"""Where a recording begins with it (None: it belongs to the one before), its own first byte, the byte behind it."""


def _mp4(read: Read, at: int, size: int) -> Iterator[Element]:
    """A recording begins with each `ftyp` box that a `moov` or an `mdat` follows at once: a fragment may have one, too,
    but goes on with its `moof` (ISO/IEC 14496-12). One that ends before its `moov` is one that cannot be opened."""
    begins: int | None = None
    for place, kind, ends in _mp4_boxes(read, at, size):
        if kind == b"ftyp":
            begins = place
        elif kind == b"moof":
            begins = None
        found = begins if kind in (b"moov", b"mdat") else None
        begins = None if found is not None else begins
        yield found, place, ends


def _mp4_boxes(read: Read, at: int, size: int) -> Iterator[tuple[int, bytes, int]]:
    """Position and type of the outermost boxes, and where each says to end."""
    for _ in range(MAX_ELEMENTS):
        header = read(at, 16)
        length, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:], "big")
        elif length == 0:  # to the end of the file
            length = size - at
        if length < 8 or not kind.isascii() or not all(32 <= char < 127 for char in kind):
            return
        yield at, kind, at + length
        at += length


def _avi(read: Read, at: int, size: int) -> Iterator[Element]:
    """A recording begins with each RIFF chunk of type `AVI `; the type `AVIX` continues the one before it (OpenDML).

    One whose length was never written, or does not reach its end, goes on with chunks.
    """
    for _ in range(MAX_ELEMENTS):
        header = read(at, 12)
        if AVI_CHUNK.match(header):
            yield None, at, size
        if header[:4] != b"RIFF" or header[8:] not in (b"AVI ", b"AVIX"):
            return
        length = int.from_bytes(header[4:8], "little")
        ends = at + 8 + length + length % 2 if length > 12 else size
        yield at if header[8:] == b"AVI " else None, at, ends
        at = ends


def _ebml(read: Read, at: int, size: int) -> Iterator[Element]:
    for _ in range(MAX_ELEMENTS):
        element = matroska.element_at(read(at, 12))
        if element is None or element[0] not in matroska.ELEMENTS:
            return
        name, header, length = element
        if length == matroska.UNKNOWN and name not in (matroska.SEGMENT, matroska.CLUSTER):
            return
        ends = at + header + (0 if length == matroska.UNKNOWN else length)
        yield at if name == matroska.HEADER else None, at, ends
        at = ends
