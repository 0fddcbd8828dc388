"""The pipe between a worker and its decoder process: all that `files` and `media` know of each other.

Requests go down as one line of JSON, `type` and fields; messages come up as two big-endian uint32 (length of header and
payload), the header as JSON, the payload. Every request ends with `done`, `broken` or `failed`.

survey (path, options)
    `segment` for each of the plan, with `times` behind it where it wants more than MAX_TIMES frames, then `done`: start
    (ticks), duration_ms, expected frames, gaps, a sample (bytes and pixels of one frame as it would be stored; null)
extract (the same, and kind, start, first_index, wanted, seek, after)
    `frame` for each, with the picture and perhaps a thumbnail as payload, then `done`: gaps, ends_ms
    (of the last frame, where everything was decoded; else null)
    `broken`: the plan does not hold
both
    `alive` about twice a second
    `failed`: code, detail

The decoder reads untrusted media, so the worker trusts no length and no field of what comes up.

A camera reader (`media.cameras`, `live.reader`) has the same pipe, for several cameras at a time. Every message but
`ready` names its `camera`.

open (camera, port, path, every_ms, quality, purpose: frames, measure or sound)
    `frame` for each sample, with the picture as payload, what it shows and the packets so far, `alive` about twice a
    second while packets come (packets, codec, clock: why the camera's own is not believed), and in the end `ended`
    (code, detail)
    to `measure`: also `measured` with each `alive` (`model.stream_meter.Measured`)
    of its `sound`: `sound` (codec; empty where it offers none), then `ended`, and no pictures
refer (camera, jpeg: base64)
    its pictures are compared with this one from now on, with none if it is empty
close (camera)
    its `ended` follows, with code `closed`

A decoder of what was fetched (`media.fetched`, `live.sources.decoders`) has one request at a time, which comes over a
socket as one message together with its open files. It remembers nothing of a session: what it measures is compared with
what comes along.

decode (kind: still, segment or video; at_ms: times that are wanted; near_ms: so near a keyframe will do; quality;
        anchor: at_ms before the file's first picture, same; null)
    with the file, the anchor's small picture if there is one, and the last good snapshot if there is one
    `frame` for each, with the picture as payload (at_ms after the first of the file, length_ms of the file, what it
    shows), then `done` with the small picture of the anchor for the next request as payload, or `failed` (code, detail)
measure (kind)
    `measured` (as above), or `failed`
align (), with two pictures: the last good snapshot of a camera that was moved, and what it shows now
    `aligned` (alignment: how the one lies in the other, null if they have too little in common), or `failed`
"""

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

LENGTHS = struct.Struct(">II")
PIPE_BYTES = 1 << 20
"""Room in the pipe, and what the worker buffers: a 1080p frame passes at once instead of in three parts of 64 KiB."""
MAX_HEADER = 64 << 10
"""The longest has MAX_TIMES times of 20 digits: 43 KB. That of a frame has 200 bytes, a `done` with all gaps 6 KB."""
MAX_TIMES = 2000
"""Of the frames that a segment wants, in one message."""
MAX_GAPS = 100
"""Most gaps of a segment that are reported, and of a run that are stored."""
MAX_REQUEST = 64 << 10
"""Bytes of a request that comes as one message of a socket."""
MAX_FILES = 3
"""Of one request."""
MAX_DETAIL = 500
"""Characters."""
MAX_PAYLOAD = 128 << 20
"""A PNG of noise in 8K (7680 x 4320, three bytes a pixel) has 95 MiB."""
LAST = ("done", "broken")
"""Types after which no message follows; `failed` is raised."""


class ProtocolError(Exception):
    """The decoder sent bytes that are no message; what follows them cannot be read either."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a decoder sends."""

    type: str
    fields: dict[str, Any]
    payload: bytes


async def read_message(stream: asyncio.StreamReader) -> Message:
    """The next one. Raises ProtocolError, asyncio.IncompleteReadError at the end of the pipe, and ConnectionError."""
    header_length, payload_length = decode_lengths(await stream.readexactly(LENGTHS.size))
    message_type, fields = decode_header(await stream.readexactly(header_length))
    return Message(message_type, fields, await stream.readexactly(payload_length))


def encode_request(request: Mapping[str, Any]) -> bytes:
    return orjson.dumps(request) + b"\n"


def encode_message(message_type: str, fields: Mapping[str, Any], payload: bytes = b"") -> bytes:
    header = orjson.dumps({"type": message_type, **fields})
    return LENGTHS.pack(len(header), len(payload)) + header + payload


def decode_lengths(raw: bytes) -> tuple[int, int]:
    """Length of header and payload. Raises ProtocolError past the limits."""
    header, payload = LENGTHS.unpack(raw)
    if header > MAX_HEADER or payload > MAX_PAYLOAD:
        raise ProtocolError(f"message of {header} + {payload} bytes")
    return header, payload


def decode_header(raw: bytes) -> tuple[str, dict[str, Any]]:
    """Type and fields. Raises ProtocolError."""
    try:
        fields = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ProtocolError("header is not JSON") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise ProtocolError("header has no type")
    return fields.pop("type"), fields
