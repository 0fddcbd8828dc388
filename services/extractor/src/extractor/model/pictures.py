"""Whether bytes from a decoder are a picture as our encoders write them, as far as their form shows it. Pure.

A decoder that a file took over can send anything for a picture, and other services decode what is stored with all that
they may do. So the worker lets only the plainest form through: no metadata, no other kind of compression, no second
picture, nothing before, between or after, and the declared size. Sources: ITU T.81, annex B (JPEG); W3C PNG, 5.
"""

import re
import struct

MAX_PIXELS = 1 << 26
"""As ingest's: no larger picture is admitted."""

SOI, EOI, MARKER = b"\xff\xd8", b"\xff\xd9", 0xFF
APP0, DQT, SOF0, DHT, SOS = 0xE0, 0xDB, 0xC0, 0xC4, 0xDA
HEADERS = frozenset({APP0, DQT, SOF0, DHT, SOS})
"""JFIF, quantisation tables, baseline frame, Huffman tables, scan."""
MARKER_IN_SCAN = re.compile(rb"\xff[^\0]")
"""A byte 255 of the picture itself has a zero after it (T.81, F.1.2.3). Four times as quick as counting both."""
MAX_HEADERS = 16
"""Ours has nine."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
LEAST_CHUNK = 4096
"""Bytes in a chunk of data, on average; ours have 8192 but the last."""
RGB_8 = (8, 2, 0, 0, 0)
"""Bit depth, colour type, compression, filter, interlace of PNG's header."""


def check_picture(data: bytes, width: int, height: int, png: bool) -> None:
    """Raises ValueError for what is not such a picture of that size in pixels."""
    if not 0 < width * height <= MAX_PIXELS:
        raise ValueError(f"a picture of {width} x {height}")
    found = png_size(data) if png else jpeg_size(data)
    if found != (width, height):
        raise ValueError(f"a picture of {found[0]} x {found[1]} that should be {width} x {height}")


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height of a baseline JPEG of one scan. Raises ValueError for any other."""
    if not (data.startswith(SOI) and data.endswith(EOI)):
        raise ValueError("no JPEG")
    size, at = None, 2
    for _ in range(MAX_HEADERS):
        marker, length = _segment(data, at)
        if marker == SOF0:
            if size is not None:
                raise ValueError("a JPEG of two frames")
            _depth, height, width = struct.unpack_from(">BHH", data, at + 4)
            size = width, height
        at += 2 + length
        if marker == SOS:
            break
    else:
        raise ValueError("a JPEG of too many headers")
    if size is None or MARKER_IN_SCAN.search(data, at, len(data) - 1):
        raise ValueError("a JPEG with something in its scan")
    return size


def _segment(data: bytes, at: int) -> tuple[int, int]:
    """Marker and length of the segment at that offset."""
    if at + 12 > len(data):
        raise ValueError("a JPEG that ends in its headers")
    begin, marker, length = struct.unpack_from(">BBH", data, at)
    if begin != MARKER or marker not in HEADERS or length < 2:
        raise ValueError(f"a JPEG with marker {marker:#x}")
    return marker, length


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG in 8-bit colour, header, data and end only. Raises ValueError for any other."""
    if not data.startswith(SIGNATURE):
        raise ValueError("no PNG")
    names: list[bytes] = []
    at = len(SIGNATURE)
    while at + 12 <= len(data) and len(names) <= 3 + len(data) // LEAST_CHUNK:
        length, name = struct.unpack_from(">I4s", data, at)
        names.append(name)
        at += 12 + length
    expected = [b"IHDR", *[b"IDAT"] * (len(names) - 2), b"IEND"]
    if len(names) < 3 or names != expected or at != len(data):
        raise ValueError("a PNG with other chunks")
    width, height, *form = struct.unpack_from(">II5B", data, len(SIGNATURE) + 8)
    if tuple(form) != RGB_8:
        raise ValueError(f"a PNG of form {form}")
    return width, height
