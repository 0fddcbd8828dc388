"""How walks over parts, tables and elements read a file: by position, within its bounds, with a sign of life."""

import os
from collections.abc import Callable, Iterator

CHUNK = 1 << 20
"""Bytes that are read at once where a long stretch is searched."""
NEAR = 64 << 10
"""And at first: what is looked for is near as a rule, and in a file of many parts searches are many."""

Read = Callable[[int, int], bytes]
"""Takes a position and a number of bytes; gives fewer at the end, and none behind it."""


def reader(file: int, end: int, heartbeat: Callable[[], None]) -> Read:
    """Of the bytes before `end`. `heartbeat` is called before each read: a walk may take minutes on a slow store."""

    def read(at: int, count: int) -> bytes:
        heartbeat()
        return os.pread(file, min(count, end - at), at) if at < end else b""

    return read


def buffered(read: Read) -> Read:
    """For many short reads one behind the other: takes more at once."""
    begin, held, ahead = 0, b"", NEAR

    def read_held(at: int, count: int) -> bytes:
        nonlocal begin, held, ahead
        if not begin <= at <= at + count <= begin + len(held):
            begin, held = at, read(at, max(count, ahead))
            ahead = min(2 * ahead, CHUNK)
        return held[at - begin : at - begin + count]

    return read_held


def stretches(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Position and length of pieces that are searched one after the other, small ones first."""
    at, count = begin, NEAR
    while at < end:
        yield at, count
        at, count = at + count, min(2 * count, CHUNK)
