"""What parent and child say to each other: JSON headers with a payload, framed by lengths.

Requests go down as one line of JSON. Messages come up as two big-endian uint32 (header and payload length), the header,
the payload. The child reads untrusted media, so the parent trusts no length and no field of what comes up.
"""

import struct
from typing import Any

import orjson

LENGTHS = struct.Struct(">II")
PIPE_BYTES = 1 << 20
"""Room in the pipe, and what the parent buffers: a 1080p frame passes in one go instead of in three of 64 KiB."""
MAX_HEADER = 8 << 20
MAX_PAYLOAD = 128 << 20


class Garbled(Exception):
    """The other side broke the framing; it cannot be talked to any further."""


def packed(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """One message up, ready to be written."""
    text = orjson.dumps(header)
    return LENGTHS.pack(len(text), len(payload)) + text + payload


def lengths(raw: bytes) -> tuple[int, int]:
    """Header and payload length. Raises Garbled past the limits."""
    header, payload = LENGTHS.unpack(raw)
    if header > MAX_HEADER or payload > MAX_PAYLOAD:
        raise Garbled(f"message of {header} + {payload} bytes")
    return header, payload


def header_of(text: bytes) -> dict[str, Any]:
    """The JSON object of a header. Raises Garbled."""
    try:
        header = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Garbled("header is not JSON") from error
    if not isinstance(header, dict) or not isinstance(header.get("say"), str):
        raise Garbled("header says nothing")
    return header
