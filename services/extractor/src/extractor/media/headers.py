"""Headers with which a recording in MP4, Matroska or AVI begins, wherever in a file they are."""

from collections.abc import Iterator
from typing import Literal

from extractor.media import matroska
from extractor.media.reading import Read, stretches

MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp", b"moof", b"pnot", b"uuid"})
"""With which a file may begin."""
LONGEST = 64
"""Bytes of a header that are looked at."""


def header_at(read: Read, at: int) -> Literal["mp4", "ebml", "avi"] | None:
    """Which container has its header at exactly this byte."""
    head = read(at, 12)
    if head[4:8] in MP4_BOXES:
        return "mp4"
    if head[:4] == matroska.MAGIC:
        return "ebml"
    return "avi" if head[:4] == b"RIFF" and head[8:] == b"AVI " else None


def find_header(read: Read, begin: int, end: int) -> int | None:
    """The first place from `begin` on, before `end`, that looks like the header of a whole recording."""
    for at, count in stretches(begin, end):
        found = [where for where in headers_in(read(at, count + LONGEST)) if where < count and at + where < end]
        if found:
            return at + min(found)
    return None


def headers_in(chunk: bytes) -> Iterator[int]:
    """The first header of each container."""
    for magic, offset, fits in (
        (b"ftyp", -4, lambda head: head[:2] == b"\0\0" and head[3] % 4 == 0 and head[8:12].strip().isalnum()),
        (matroska.MAGIC, 0, lambda head: b"webm" in head or b"matroska" in head),
        (b"RIFF", 0, lambda head: head[8:16] == b"AVI LIST"),
    ):
        where = chunk.find(magic)
        while where >= 0:
            at = where + offset
            if at >= 0 and fits(chunk[at : at + LONGEST]):
                yield at
                break
            where = chunk.find(magic, where + 1)
