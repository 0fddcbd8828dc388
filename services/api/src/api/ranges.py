"""Range requests, RFC 9110 section 14: one range of bytes. Pure."""

import re
from typing import NamedTuple

from api.problems import Problem

_ONE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


class Span(NamedTuple):
    """Bytes of an object: where they begin and how many."""

    offset: int
    length: int


def read_range(header: str | None, size: int) -> Span | None:
    """The part that is asked for, or None for the whole object.

    A header of another unit, several ranges or a broken one asks for the whole, as the RFC allows. Raises Problem
    range_invalid when the range begins past the end.
    """
    match = _ONE.fullmatch((header or "").replace(" ", ""))
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = min(int(match[2]), size)
        if not length:
            raise _outside(size)
        return Span(size - length, length)
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    if first >= size:
        raise _outside(size)
    return Span(first, last - first + 1)


def _outside(size: int) -> Problem:
    return Problem("range_invalid", f"The object has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
