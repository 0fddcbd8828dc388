"""Where pictures in a transport stream are damaged, and whether one is whole where the counter of its packets breaks.

Where two recordings meet the counter breaks, and FFmpeg marks the last picture of the first as corrupt, though it
usually is whole. Fields as in ISO/IEC 13818-1, 2.4.3.
"""

import os
from itertools import pairwise

from extractor.media.mpeg_streams import PACKET, SYNC

STAMPED = 192
"""Length of a packet with a recorder's stamp in front."""
MAX_STUFFING = 183
"""Bytes of an adaptation field behind its length, in a packet that holds nothing else."""
MAX_BYTES = 64 << 20
"""Of one picture."""


def is_whole(file: int, pid: int, begin: int | None, end: int | None) -> bool:
    """Whether the picture whose first packet is at byte `begin` ends before `end` as a multiplexer ends it.

    Its packets are counted without a hole, and the last is stuffed up to its length: only the end of a picture is.
    One that happens to fit exactly does not count as whole.
    """
    if begin is None or end is None or not 0 < end - begin <= MAX_BYTES:
        return False
    data = os.pread(file, (end - begin) // PACKET * PACKET, begin)
    packets = [data[at : at + PACKET] for at in range(0, len(data), PACKET)]
    if any(len(packet) < PACKET or packet[0] != SYNC for packet in packets):
        return False
    ours = [packet for packet in packets if (packet[1] & 0x1F) << 8 | packet[2] == pid and packet[3] & 0x10]
    counted = all(packet[3] & 15 == (ours[0][3] + number) & 15 for number, packet in enumerate(ours))
    return bool(ours) and counted and _is_stuffed(ours[-1])


def breaks(file: int, pid: int, begin: int, end: int) -> bool:
    """Whether the packets of a picture, from byte `begin` on, do not lead on to the next picture, at byte `end`.

    FFmpeg marks the picture before the one that is damaged, or the one before that, as its parser is one behind.
    """
    if not 0 < end - begin <= MAX_BYTES:
        return False
    data = os.pread(file, end - begin + STAMPED, begin)
    apart = PACKET if data[PACKET : PACKET + 1] == SYNC.to_bytes() else STAMPED
    packets = [data[at : at + PACKET] for at in range(0, end - begin + 1, apart)]
    if (end - begin) % apart or any(len(packet) < PACKET or packet[0] != SYNC for packet in packets):
        return True
    ours = [packet for packet in packets if (packet[1] & 0x1F) << 8 | packet[2] == pid and packet[3] & 0x10]
    return not all(_follows(earlier, later) for earlier, later in pairwise(ours))


def _follows(earlier: bytes, later: bytes) -> bool:
    """By the counter, which a packet may begin anew; a packet may come twice. One that was received badly does not."""
    anew = later[3] & 0x20 and later[4] and later[5] & 0x80
    counted = (later[3] - earlier[3]) & 15 == 1 or later == earlier
    return bool(anew or counted) and not later[1] & 0x80


def _is_stuffed(packet: bytes) -> bool:
    if not packet[3] & 0x20:
        return False
    length = packet[4]
    return length < 2 or (length <= MAX_STUFFING and packet[4 + length] == 0xFF)
