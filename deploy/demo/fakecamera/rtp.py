"""H.264 and H.265 in RTP, sender reports, and both inside the RTSP connection. Pure.

RFC 6184 (single NAL units, fragments FU-A), RFC 7798 (the same of H.265), RFC 3550 6.4.1 (sender report) and 5.3.1
(header extension), RFC 2326 10.12 (interleaved data).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

CLOCK_HZ = 90_000
"""Ticks of the RTP clock of video a second."""
PAYLOAD_TYPE = 96
MTU = 1400
"""Bytes of a payload."""
NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""
SENDER_REPORT = 200
EXTENSION = struct.pack(">HHIII", 0xABAC, 3, 0, 0, 0)
"""As long as that of ONVIF, in which cameras say the time of a recording."""


@dataclass(frozen=True, slots=True)
class Codec:
    """What RTP and a player need of one. `name` as in SDP; numbers are types of NAL units."""

    name: str
    header_bytes: int
    fragment: int
    keyframes: frozenset[int]
    sets: frozenset[int]

    def kind(self, nal: bytes) -> int:
        return nal[0] & 0x1F if self.header_bytes == 1 else nal[0] >> 1 & 0x3F

    def fragment_header(self, nal: bytes) -> bytes:
        """What stands in the place of the unit's own header."""
        if self.header_bytes == 1:
            return bytes([(nal[0] & 0xE0) | self.fragment])
        return bytes([(nal[0] & 0x81) | self.fragment << 1, nal[1]])


H264 = Codec("H264", 1, 28, frozenset({5}), frozenset({7, 8}))
H265 = Codec("H265", 2, 49, frozenset(range(16, 22)), frozenset({32, 33, 34}))


@dataclass(frozen=True, slots=True)
class Packing:
    """How pictures become packets. `empty_ends`: a fragment without a byte ends each unit that is in fragments.
    `lone_fragments`: units that fit are sent as one fragment that is the first and the last. `extended`: each packet
    has a header extension.
    """

    marked: bool = True
    empty_ends: bool = False
    lone_fragments: bool = False
    extended: bool = False


PACKING = Packing()


def interleaved(channel: int, data: bytes) -> bytes:
    """As one block of the RTSP connection."""
    return b"$" + struct.pack(">BH", channel, len(data)) + data


def packets(
    nals: Sequence[bytes], sequence: int, ticks: int, ssrc: int, codec: Codec = H264, packing: Packing = PACKING
) -> list[bytes]:
    """The RTP packets of one picture; the last has the marker bit, unless it is to be missing."""
    payloads = [part for nal in nals for part in _payloads(nal, codec, packing)]
    last = len(payloads) - 1
    first_byte, extension = (0x90, EXTENSION) if packing.extended else (0x80, b"")
    return [
        struct.pack(
            ">BBHII",
            first_byte,
            (0x80 if packing.marked and number == last else 0) | PAYLOAD_TYPE,
            (sequence + number) & 0xFFFF,
            ticks & 0xFFFFFFFF,
            ssrc,
        )
        + extension
        + payload
        for number, payload in enumerate(payloads)
    ]


def sender_report(unix_s: float, ticks: int, ssrc: int) -> bytes:
    """Says that the RTP clock showed `ticks` at that time of the camera's own clock."""
    seconds = int(unix_s)
    fraction = int((unix_s - seconds) * 2**32)
    ntp = (seconds + NTP_EPOCH_S) & 0xFFFFFFFF
    return struct.pack(">BBHIIIIII", 0x80, SENDER_REPORT, 6, ssrc, ntp, fraction, ticks & 0xFFFFFFFF, 1, 1)


def nal_units(annex_b: bytes) -> list[bytes]:
    """Of an encoder's output, split at its start codes."""
    starts = []
    at = annex_b.find(b"\0\0\1")
    while at >= 0:
        starts.append(at)
        at = annex_b.find(b"\0\0\1", at + 3)
    ends = [*starts[1:], len(annex_b)]
    found = [annex_b[begin + 3 : end] for begin, end in zip(starts, ends, strict=True)]
    return [nal.rstrip(b"\0") if number < len(found) - 1 else nal for number, nal in enumerate(found)]


def _payloads(nal: bytes, codec: Codec, packing: Packing) -> list[bytes]:
    if len(nal) <= MTU and not packing.lone_fragments:
        return [nal]
    body, room = nal[codec.header_bytes :], MTU - codec.header_bytes - 1
    parts = [body[at : at + room] for at in range(0, len(body), room)]
    if packing.empty_ends and len(parts) > 1:
        parts.append(b"")
    last = len(parts) - 1
    return [
        codec.fragment_header(nal)
        + bytes([(0x80 if number == 0 else 0) | (0x40 if number == last else 0) | codec.kind(nal)])
        + part
        for number, part in enumerate(parts)
    ]
