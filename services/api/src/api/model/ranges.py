"""Range requests, RFC 9110 section 14: one range of bytes. Pure."""

import re
from typing import NamedTuple

from api.model.errors import RangeInvalid
from tablewatch_schemas.foreign import read_number

_ONE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


class Span(NamedTuple):
    """Bytes of an object: where they begin and how many."""

    offset: int
    length: int


def read_range(header: str | None, size: int) -> Span | None:
    """The part of an object of `size` bytes that a header asks for, or None for the whole.

    A header of another unit, several ranges or a broken one asks for the whole, as the RFC allows. Raises RangeInvalid
    when the range begins past the end.
    """
    match = _ONE.fullmatch((header or "").replace(" ", ""))
    if match is None or not (match[1] or match[2]):
        return None
    try:
        first, last = (read_number(text) if text else None for text in match.groups())
    except ValueError:
        return None
    if first is None:
        length = min(last or 0, size)
        if not length:
            raise RangeInvalid(size)
        return Span(size - length, length)
    if last is not None and last < first:
        return None
    last = size - 1 if last is None else min(last, size - 1)
    if first >= size:
        raise RangeInvalid(size)
    return Span(first, last - first + 1)
