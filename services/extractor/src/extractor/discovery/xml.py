"""Whether what a stranger sent is XML that may be read at all: well-formed, without a document type, shallow, small.

A parser that forbids entities still takes a document whose elements are nested ten thousand deep, and who searches each
level of that for what is below it has the square of it to do.
"""

from xml.parsers import expat

DEEPEST = 24
MOST_ELEMENTS = 10_000
MOST_BYTES = 256 * 1024


class _Unreadable(Exception):
    """What ends the parser."""


class _Limits:
    def __init__(self) -> None:
        self._depth = self._elements = 0

    def begin(self, _name: str, _attributes: dict[str, str]) -> None:
        self._depth, self._elements = self._depth + 1, self._elements + 1
        if self._depth > DEEPEST or self._elements > MOST_ELEMENTS:
            raise _Unreadable

    def end(self, _name: str) -> None:
        self._depth -= 1

    def refuse(self, *_declared: object) -> None:
        raise _Unreadable


def is_readable(document: bytes) -> bool:
    """In time that grows with its length alone."""
    if len(document) > MOST_BYTES:
        return False
    limits, parser = _Limits(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = limits.begin, limits.end
    parser.StartDoctypeDeclHandler = limits.refuse
    try:
        parser.Parse(document, True)
    except (_Unreadable, expat.ExpatError, ValueError, LookupError):
        return False
    return True
