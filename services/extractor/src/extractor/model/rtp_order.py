"""Video that came over UDP: its packets in order again, and whole pictures of it alone. Pure.

A decoder makes a damaged picture of what is not whole, and goes on damaged up to the next keyframe. So after a packet
that is lost nothing is passed on before a picture from which a decoder can begin (RFC 3550, 6184, 7798).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

MAX_WAIT_S = 0.2
"""For a packet that others have overtaken."""
MAX_WAITING = 1024
"""Packets that wait for it."""
MAX_WAITING_BYTES = 2 << 20
"""Of those."""
MAX_PICTURE = 8 << 20
"""Bytes."""
MAX_PACKETS = 16_384
"""Of a picture."""
RESTARTED = 16
"""Packets in a row that are all older than what was passed on: the camera counts anew."""
HEADER = 12

BEGINS = {"H264": frozenset({5, 7}), "H265": frozenset({*range(16, 22), 32, 33})}
"""Types of NAL units that a picture has from which a decoder can begin: of keyframes, and sets of the sequence."""
FIRST = {"H264": 7, "H265": 32}
"""Types of NAL units with which nothing but a new picture begins."""
BEFORE_SLICES = {"H264": frozenset({6, 7, 8, 9}), "H265": frozenset({32, 33, 34, 35, 39})}
"""Types of NAL units that no slice of their picture comes before: sets, delimiters, and SEI."""
SLICES = {"H264": frozenset({1, 2, 5}), "H265": frozenset(range(32))}
"""Types of NAL units whose content begins with where in the picture they are: one bit that is set is the beginning."""
H264_AGGREGATE, H264_FRAGMENT = 24, 28
RECOVERY_POINT = b"\x06\x06"
"""SEI of H.264, by which cameras without IDR pictures say where a decoder can begin."""
H265_AGGREGATE, H265_FRAGMENT = 48, 49

Unit = tuple[int, bytes]
"""Type of a NAL unit, and what of it stands behind its header."""


@dataclass(frozen=True, slots=True)
class Packet:
    """Of RTP. `follows`: no packet is missing between the one before and this."""

    data: bytes
    follows: bool

    @property
    def ticks(self) -> int:
        return int.from_bytes(self.data[4:8], "big")

    @property
    def marked(self) -> bool:
        return bool(self.data[1] & 0x80)

    @property
    def payload(self) -> bytes:
        """Without the header, its extension and the padding."""
        begin = HEADER + 4 * (self.data[0] & 0x0F)
        if self.data[0] & 0x10:
            begin += 4 + 4 * int.from_bytes(self.data[begin + 2 : begin + 4], "big")
        padding = self.data[-1] if self.data[0] & 0x20 else 0
        return self.data[begin : len(self.data) - padding]


class Order:
    """By sequence number, of one source."""

    def __init__(self) -> None:
        self._next: int | None = None  # numbers are counted on over 65535 here
        self._source = b""
        self._waiting: list[tuple[int, bytes]] = []  # a heap
        self._numbers: set[int] = set()  # of those
        self._came: deque[tuple[float, int]] = deque()
        self._bytes = 0
        self._stale = 0
        self._broken = False  # what is next does not go on with what was before

    def take(self, data: bytes, now_s: float) -> list[Packet]:
        """Those that are next in order; of a datagram that is no packet of RTP none."""
        if len(data) <= HEADER or data[0] >> 6 != 2:
            return []
        number, source = int.from_bytes(data[2:4], "big"), data[8:12]
        if self._next is None or source != self._source:
            self._broken = self._next is not None
            self._begin(number, source)
        if (number - (self._next or 0)) & 0xFFFF >= 0x8000:
            self._stale += 1
            if self._stale < RESTARTED:
                return []  # too late, or a second time
            self._broken = True
            self._begin(number, source)
        self._stale = 0
        self._wait((self._next or 0) + ((number - (self._next or 0)) & 0xFFFF), data, now_s)
        return list(self._ready(now_s))

    def _begin(self, number: int, source: bytes) -> None:
        self._next, self._source, self._stale, self._bytes = number, source, 0, 0
        self._waiting.clear()
        self._numbers.clear()
        self._came.clear()

    def _wait(self, number: int, data: bytes, now_s: float) -> None:
        if number not in self._numbers:
            heappush(self._waiting, (number, data))
            self._numbers.add(number)
            self._came.append((now_s, number))
            self._bytes += len(data)

    def _ready(self, now_s: float) -> Iterator[Packet]:
        while self._waiting:
            if self._waiting[0][0] != self._next:
                if not self._gives_up(now_s):
                    return
                self._broken = True
            number, data = heappop(self._waiting)
            self._numbers.discard(number)
            self._bytes -= len(data)
            yield Packet(data, not self._broken)
            self._next, self._broken = number + 1, False

    def _gives_up(self, now_s: float) -> bool:
        while self._came[0][1] < (self._next or 0):  # passed on already
            self._came.popleft()
        is_full = len(self._waiting) > MAX_WAITING or self._bytes > MAX_WAITING_BYTES
        return is_full or now_s - self._came[0][0] >= MAX_WAIT_S


class WholePictures:
    """Of packets in order. `codec`: H264 or H265; of others, any picture is one to begin from.

    What came before the first packet is not known, so that it counts as lost.
    """

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._packets: list[Packet] = []
        self._bytes = 0
        self._damaged = False
        self._may_begin = False  # whether a decoder can begin with the picture that is under way
        self._heard = False
        self._newest = 0  # ticks
        self._cut: int | None = None  # ticks of a picture of which something is missing, while more of it may come
        self.missed = False
        """Whether something was lost, other than what came before the first packet."""
        self.dark_since_s: float | None = None
        """Since when nothing is passed on."""

    def take(self, packet: Packet, now_s: float) -> list[bytes]:
        """The packets of pictures that are whole with this one."""
        found: list[bytes] = []
        if not self._heard:
            self.dark_since_s = now_s
        elif not packet.follows:
            self.lose(now_s)
        elif self._packets and self._packets[0].ticks != packet.ticks:
            found += self._end(now_s)
        self._add(packet)
        if self._bytes > MAX_PICTURE or len(self._packets) > MAX_PACKETS:
            self.lose(now_s)
        if packet.marked:
            found += self._end(now_s)
        return found

    def lose(self, now_s: float) -> None:
        """Something is missing: nothing more before a picture from which a decoder can begin."""
        self._packets, self._bytes, self.missed = [], 0, True
        self._cut = self._newest
        self.dark_since_s = now_s if self.dark_since_s is None else self.dark_since_s

    def _add(self, packet: Packet) -> None:
        self._cut = self._cut if packet.ticks == self._cut else None
        if not self._packets:
            self._damaged, self._may_begin = not self._begins_whole(packet), False
            self._cut = packet.ticks if self._damaged else self._cut
        self._heard, self._newest = True, packet.ticks
        self._may_begin = self._may_begin or begins(self._codec, packet)
        self._packets.append(packet)
        self._bytes += len(packet.data)

    def _end(self, now_s: float) -> list[bytes]:
        """Of the picture that is under way."""
        packets, self._packets, self._bytes = self._packets, [], 0
        if not packets:
            return []
        if self._damaged:
            self.dark_since_s = now_s if self.dark_since_s is None else self.dark_since_s
        elif self.dark_since_s is None or self._may_begin:
            self.dark_since_s = None
            return [packet.data for packet in packets]
        return []

    def _begins_whole(self, packet: Packet) -> bool:
        """Whether nothing of its picture can be missing before this first packet of it.

        A stream may begin with slices alone, as cameras may tell the sets in their description and nowhere else. Later
        the sets before a slice may be what was lost.
        """
        if FIRST.get(self._codec) in kinds(self._codec, packet)[:1]:
            return True
        if not self._heard:
            return opens(self._codec, packet)
        return packet.follows and packet.ticks != self._cut


def begins(codec: str, packet: Packet) -> bool:
    """Whether a decoder can begin with the picture that it is of."""
    if codec not in BEGINS:
        return True
    if codec == "H264" and packet.payload.startswith(RECOVERY_POINT):
        return True
    return any(kind in BEGINS[codec] for kind in kinds(codec, packet))


def opens(codec: str, packet: Packet) -> bool:
    """Whether no slice of its picture can be missing before it. Of a codec that is not known, it counts as if not."""
    if codec not in SLICES:
        return True
    kind, content = next(iter(_begun(codec, packet)), (-1, b""))
    return kind in BEFORE_SLICES[codec] or (kind in SLICES[codec] and content[:1] >= b"\x80")


def kinds(codec: str, packet: Packet) -> list[int]:
    """Types of the NAL units that begin in a packet."""
    return [kind for kind, _ in _begun(codec, packet)]


def _begun(codec: str, packet: Packet) -> list[Unit]:
    """NAL units that begin in a packet."""
    payload = packet.payload
    if codec == "H264":
        return _begun_264(payload)
    return _begun_265(payload) if codec == "H265" else []


def _begun_264(payload: bytes) -> list[Unit]:
    kind = payload[0] & 0x1F if payload else 0
    if kind == H264_FRAGMENT:
        return [(payload[1] & 0x1F, payload[2:])] if len(payload) > 1 and payload[1] & 0x80 else []
    if kind == H264_AGGREGATE:
        return [(unit[0] & 0x1F, unit[1:]) for unit in _units(payload, 1)]
    return [(kind, payload[1:])]


def _begun_265(payload: bytes) -> list[Unit]:
    kind = payload[0] >> 1 & 0x3F if payload else 0
    if kind == H265_FRAGMENT:
        return [(payload[2] & 0x3F, payload[3:])] if len(payload) > 2 and payload[2] & 0x80 else []
    if kind == H265_AGGREGATE:
        return [(unit[0] >> 1 & 0x3F, unit[2:]) for unit in _units(payload, 2)]
    return [(kind, payload[2:])]


def _units(payload: bytes, at: int) -> Iterator[bytes]:
    """Of an aggregation packet: each with its length before it."""
    while at + 2 < len(payload):
        length = int.from_bytes(payload[at : at + 2], "big")
        yield payload[at + 2 : at + 2 + max(1, length)]
        at += 2 + length
