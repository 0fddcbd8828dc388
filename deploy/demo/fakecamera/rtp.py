"""H.264 in RTP, sender reports, and both inside the RTSP connection. Pure.

RFC 6184 (single NAL units, fragments FU-A), RFC 3550 6.4.1 (sender report), RFC 2326 10.12 (interleaved data).
"""

import struct
from collections.abc import Sequence

CLOCK_HZ = 90_000
"""Ticks of the RTP clock of video a second."""
PAYLOAD_TYPE = 96
MTU = 1400
"""Bytes of a payload."""
FU_A = 28
NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""
SENDER_REPORT = 200


def interleaved(channel: int, data: bytes) -> bytes:
    """As one block of the RTSP connection."""
    return b"$" + struct.pack(">BH", channel, len(data)) + data


def packets(nals: Sequence[bytes], sequence: int, ticks: int, ssrc: int, *, marked: bool = True) -> list[bytes]:
    """The RTP packets of one picture; the last has the marker bit, unless it is to be missing."""
    payloads = [part for nal in nals for part in _payloads(nal)]
    last = len(payloads) - 1
    return [
        struct.pack(
            ">BBHII",
            0x80,
            (0x80 if marked and number == last else 0) | PAYLOAD_TYPE,
            (sequence + number) & 0xFFFF,
            ticks & 0xFFFFFFFF,
            ssrc,
        )
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


def _payloads(nal: bytes) -> list[bytes]:
    if len(nal) <= MTU:
        return [nal]
    indicator, kind, body = (nal[0] & 0xE0) | FU_A, nal[0] & 0x1F, nal[1:]
    parts = [body[at : at + MTU - 2] for at in range(0, len(body), MTU - 2)]
    last = len(parts) - 1
    return [
        bytes([indicator, (0x80 if number == 0 else 0) | (0x40 if number == last else 0) | kind]) + part
        for number, part in enumerate(parts)
    ]
