"""Where transport and program streams begin and end in a file: they have no header, only a rhythm (ISO/IEC 13818-1)."""

import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from extractor.media.headers import headers_in
from extractor.media.reading import CHUNK, NEAR, Read, buffered, stretches

MAX_SEARCHED = 64 << 20
"""Bytes in which a stream is searched."""
WINDOW = 2048

PACKET, SYNC = 188, 0x47
"""Of a transport stream: length of a packet, and its first byte."""
TRANSPORT = re.compile(rb"\x47(?:(?:.{187}\x47){4}|(?:.{191}\x47){4})", re.DOTALL)
"""Five sync bytes 188 bytes apart (192 with the stamps of a recorder)."""
PROGRAM = re.compile(rb"\x00\x00\x01\xba(?:[\x44-\x7f].{8}|[\x21-\x2f].{7}).{0,8}?\x00\x00\x01[\xb9-\xff]", re.DOTALL)
"""A pack of MPEG-2 or MPEG-1, and the start code behind it."""
START, END, PACK, SYSTEM, MAP = b"\x00\x00\x01", 0xB9, 0xBA, 0xBB, 0xBC
"""Of a program stream: prefix of a start code; codes of its end, a pack, a system header and the map of its streams."""
VIDEO = range(0xE0, 0xF0)
"""Codes of packets of a program stream that hold video."""
BEGINNINGS = {
    "mpeg2": re.compile(rb"\x00\x00\x01\xb3"),
    "mpeg4": re.compile(rb"\x00\x00\x01\xb0"),
    "h264": re.compile(rb"\x00?\x00\x00\x01(?:\x09.{1,6}?\x00\x00\x01)?[\x27\x47\x67]", re.DOTALL),
    "hevc": re.compile(rb"\x00?\x00\x00\x01(?:\x46\x01.{1,5}?\x00\x00\x01)?[\x40\x42]\x01", re.DOTALL),
}
"""With which video of each codec begins: its parameters, behind a delimiter where there is one. MPEG-1 is as MPEG-2."""
WITHIN = {
    "mpeg2": re.compile(rb"\x00\x00\x01\xb3.{6,140}?\x00\x00\x01[\xb5\xb8\xb2\x00]", re.DOTALL),
    "mpeg4": re.compile(rb"\x00\x00\x01\xb0.\x00\x00\x01\xb5", re.DOTALL),
    "h264": re.compile(
        rb"\x00\x00\x01[\x27\x47\x67][\x42\x4d\x58\x64\x6e\x7a\xf4\x2c].[\x09-\x3e]"
        rb"(?:(?!\x00\x00\x01).){1,400}\x00\x00\x01[\x28\x48\x68](?:(?!\x00\x00\x01).){1,400}"
        rb"\x00\x00\x01[\x06\x25\x45\x65]",
        re.DOTALL,
    ),
    "hevc": re.compile(
        rb"\x00\x00\x01\x40\x01(?:(?!\x00\x00\x01).){1,400}\x00\x00\x01\x42\x01(?:(?!\x00\x00\x01).){1,400}"
        rb"\x00\x00\x01\x44\x01",
        re.DOTALL,
    ),
}
"""What stands in video of each codec alone: its parameters in their order, with nothing in between."""


def stream_at(read: Read, at: int) -> Literal["ts", "ps"] | None:
    """Whether a stream begins at exactly this byte."""
    window = read(at, WINDOW)
    if TRANSPORT.match(window) or TRANSPORT.match(window, 4):
        return "ts"
    return "ps" if PROGRAM.match(window) else None


def find_stream(read: Read, begin: int, end: int) -> int | None:
    """The first place from `begin` on where a stream may begin."""
    for at, count in stretches(begin, min(end, begin + MAX_SEARCHED)):
        chunk = read(at, count + WINDOW)
        places = [found.start() for found in (TRANSPORT.search(chunk), PROGRAM.search(chunk)) if found]
        if places:
            return at + min(places)
    return None


@dataclass(slots=True)
class Stream:
    """The byte behind the last packet of a stream, and whether that was cut off; the packets before which the one
    before does not lead on; and, of a program stream, those from which on its video is of another codec.

    FFmpeg takes the codec of a file's first packets for all of them, and the decoder skips those of another silently.
    """

    ends: int
    is_cut: bool = False
    holes: list[int] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)


def transport_stream(read: Read, begin: int, end: int) -> Stream:
    """The stream that begins there. Damage in the midst is no end, but another recording is."""
    at: int | None = begin
    holes: list[int] = []
    while True:
        found = TRANSPORT.search(read(at or begin, WINDOW))
        first = (at or begin) + (found.start() if found else 0)
        packet = PACKET if read(first + PACKET, 1) == SYNC.to_bytes() else 192
        ended = _follow_packets(read, first, packet, end)
        last = max(first, ended - packet)
        at, ended = _beyond(read, TRANSPORT, last, min(ended, last + PACKET), end)
        if at is None:
            return Stream(ended, ended < last + PACKET, holes)
        if at - last - PACKET not in (0, 4):  # packets with a recorder's stamps in front may follow those without
            holes.append(at)


def _follow_packets(read: Read, at: int, packet: int, end: int) -> int:
    """Where the next would begin."""
    count = NEAR // packet
    while at < end:
        syncs = np.frombuffer(read(at, count * packet), np.uint8)[::packet] == SYNC
        lost = np.flatnonzero(~syncs)
        if lost.size:
            return at + int(lost[0]) * packet
        at += syncs.size * packet
        count = min(2 * count, CHUNK // packet)
    return at


def _beyond(read: Read, rhythm: re.Pattern[bytes], last: int, ended: int, end: int) -> tuple[int | None, int]:
    """Where a stream goes on behind its packet at `last`, which should have ended at `ended`: None if it does not; and
    where it ended then. Its last packet may have been cut off, with another recording behind that."""
    for at, count in stretches(last + 1, min(end, last + MAX_SEARCHED)):
        chunk = read(at, count + WINDOW)
        places = [(found.start(), True) for found in (rhythm.search(chunk),) if found]
        other = PROGRAM if rhythm is TRANSPORT else TRANSPORT
        places += [(found.start(), False) for found in (other.search(chunk),) if found]
        places += [(where, False) for where in headers_in(chunk)]
        if places:
            place, goes_on = min(places)
            return (at + place, ended) if goes_on else (None, min(ended, at + place))
    return None, min(ended, end)


def program_stream(read: Read, begin: int, end: int) -> Stream:
    """As `transport_stream`."""
    walk = _Packets(buffered(read))
    at: int | None = begin
    holes: list[int] = []
    while True:
        last, says = walk.follow(at or begin)
        at, ended = _beyond(read, PROGRAM, last, says, end)
        if at is None:
            return Stream(ended, ended < says or START.startswith(read(ended, 3) or b"-"), holes, walk.changes)
        holes.append(at)


class _Packets:
    """Follows packs and packets, and notices with which codec video goes on.

    A recording has a system header or a map in its first pack (ISO/IEC 13818-1, 2.5.3.5), but not all recorders write
    one. Behind it a beginning is enough; elsewhere, bytes of one codec may look like those of another.
    """

    def __init__(self, read: Read) -> None:
        self._read, self._codec, self._pack, self._described = read, "", 0, False
        self.changes: list[int] = []

    def follow(self, at: int) -> tuple[int, int]:
        """The last packet, as far as one leads to the other from `at`, and where that ends."""
        last = at
        while True:
            head = self._read(at, 14)
            if len(head) < 4 or head[:3] != START or head[3] < END:
                return last, at
            last, code = at, head[3]
            if code == END:
                at += 4
                continue
            if len(head) < 14:
                return last, at
            if code == PACK:
                self._pack = at
                at += 12 if head[4] >> 4 == 2 else 14 + (head[13] & 7)
                continue
            length = 6 + int.from_bytes(head[4:6], "big")
            if code in VIDEO:
                self._take_video(_payload(self._read(at, length)))
            self._described = code in (SYSTEM, MAP) or (self._described and code not in VIDEO)
            at += length

    def _take_video(self, video: bytes) -> None:
        codec = next((codec for codec, begins in BEGINNINGS.items() if self._described and begins.match(video)), "")
        codec = codec or next((codec for codec, stands in WITHIN.items() if stands.search(video)), "")
        if codec and self._codec and codec != self._codec:
            self.changes.append(self._pack)
        self._codec = codec or self._codec


def _payload(packet: bytes) -> bytes:
    """What is behind the header of a packet, of MPEG-2 or MPEG-1."""
    if packet[6] & 0xC0 == 0x80:
        return packet[9 + packet[8] :]
    rest = packet[6:].lstrip(b"\xff")
    rest = rest[2:] if rest[:1] and rest[0] & 0xC0 == 0x40 else rest
    stamps = {2: 5, 3: 10}.get(rest[0] >> 4, 1) if rest else 0
    return rest[stamps:]
