"""Where a transport stream goes on with other video tracks (ISO/IEC 13818-1, 2.4.4).

FFmpeg takes the tracks of a file's first tables. Recordings of two devices that were put together have packet
identifiers or codecs of their own, and every picture of the second would be lost without a word.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from extractor.media.mpeg_streams import PACKET, SYNC, TRANSPORT
from extractor.media.reading import CHUNK, Read

PAT, PMT = 0, 2
VIDEO = frozenset({0x01, 0x02, 0x10, 0x1B, 0x24, 0x33, 0xEA})
"""Types of streams: MPEG-1, MPEG-2, MPEG-4, H.264, H.265, H.266, VC-1."""
MAX_BYTES = 8 << 30
"""Looked at, at 2 GB a second or what the disk gives. What is behind them counts as of the tracks before."""
NEAR = 32 * PACKET
"""Bytes in which a program's table follows that of the programs, where both are repeated together."""

Tracks = frozenset[tuple[int, int]]
"""Packet identifier and type of each video track."""


@dataclass(slots=True)
class _Playing:
    """The video tracks of the recording at hand, and the tables that were read already."""

    tracks: Tracks = frozenset()
    programs: bytes = b""
    programs_at: int = 0
    complete: bool = False
    known: dict[int, bytes] = field(default_factory=dict)

    def take_programs(self, at: int, section: bytes) -> None:
        self.programs_at = at
        if section != self.programs and _crc(section) == 0:
            self.complete = self.complete or bool(self.known)
            self.programs = section
            self.known.clear()

    def take_program(self, at: int, pid: int, section: bytes) -> int | None:
        """Where other tracks begin, if this table names none of those that play."""
        if section == self.known.get(pid) or _crc(section) != 0:
            return None
        first = pid not in self.known and not self.complete
        self.known[pid] = section
        tracks = video_tracks(section)
        if not tracks or first or tracks & self.tracks:
            self.tracks |= tracks
            return None
        self.tracks, self.complete = tracks, False
        return self.programs_at if 0 <= at - self.programs_at <= NEAR else at


def other_tracks(read: Read, begin: int, end: int) -> Iterator[int]:
    """The bytes from which on a stream has other video tracks than before."""
    playing = _Playing()
    for at, packet in _tables(read, begin, min(end, begin + MAX_BYTES)):
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        section = packet[5 + packet[4] :]
        section = section[: 3 + ((section[1] & 0x0F) << 8 | section[2])] if len(section) > 2 else b""
        if pid == PAT:
            playing.take_programs(at, section)
            continue
        changes = playing.take_program(at, pid, section)
        if changes is not None and changes > begin:
            yield changes


def video_tracks(section: bytes) -> Tracks:
    """Of a program's table."""
    tracks = []
    at, end = 12 + ((section[10] & 0x0F) << 8 | section[11]), len(section) - 4
    while at + 5 <= end:
        if section[at] in VIDEO:
            tracks.append(((section[at + 1] & 0x1F) << 8 | section[at + 2], section[at]))
        at += 5 + ((section[at + 3] & 0x0F) << 8 | section[at + 4])
    return frozenset(tracks)


def _tables(read: Read, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Packets with which a table of programs, or of one program, begins; those that go over a packet do not count."""
    at = begin
    while at < end:
        data = read(at, min(CHUNK, end - at))
        found = TRANSPORT.search(data)
        if found is None:
            at += max(1, len(data) - 5 * 192)
            continue
        first = found.start()
        length = PACKET if data[first + PACKET] == SYNC else 192
        count = (len(data) - first - PACKET) // length + 1
        rows = np.lib.stride_tricks.as_strided(
            np.frombuffer(data, np.uint8, offset=first), (count, PACKET), (length, 1), writeable=False
        )
        lost = np.flatnonzero(rows[:, 0] != SYNC)
        rows = rows[: lost[0]] if lost.size else rows
        for row in np.flatnonzero(_begins_table(rows)).tolist():
            yield at + first + row * length, rows[row].tobytes()
        at += first + len(rows) * length


def _begins_table(rows: NDArray[np.uint8]) -> NDArray[np.bool_]:
    begins: NDArray[np.bool_] = (rows[:, 1] & 0x40 != 0) & (rows[:, 3] & 0x30 == 0x10)
    programs = (rows[:, 1] & 0x1F == 0) & (rows[:, 2] == 0)
    program = (rows[:, 4] == 0) & (rows[:, 5] == PMT)  # a picture begins with 0, 0, 1
    begins &= programs | program
    return begins


def _crc(section: bytes) -> int:
    """CRC-32 of MPEG over a section with its own: 0 if it is whole."""
    if len(section) < 16:
        return 1
    crc = 0xFFFFFFFF
    for byte in section:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
    return crc
