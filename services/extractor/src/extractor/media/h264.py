"""Whether pictures of H.264 are missing: those that others refer to are counted in `frame_num` (ITU-T H.264, 7.4.3).

FFmpeg fills a hole in that count with copies of the picture before it, and marks none of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

SLICES = (1, 2)
IDR, SEI, SPS, PPS = 5, 6, 7, 8
"""Types of NAL units; pictures are in slices, whole or in partitions, and in those of an IDR picture."""
RECOVERY_POINT = 6
"""Type of a message of supplemental information (annex D)."""
HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles whose parameters say the format of colours."""
HEAD = 8192
"""Bytes of a packet in which its first slice is looked for."""
SLICE_HEAD = 24
UNTRUSTED_EACH, UNTRUSTED = 4, 8
"""An encoder that breaks the count in one picture of so many, and so often in all, does not count."""


class Bits:
    """Reads bits and Exp-Golomb codes (9.1) of a payload. Raises ValueError behind its end."""

    def __init__(self, data: bytes) -> None:
        data = data.replace(b"\0\0\3", b"\0\0")
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("too short")
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -code // 2


@dataclass(frozen=True, slots=True)
class Sequence:
    """A parameter set (7.3.2.1.1): bits of the count and of a colour plane, and whether the count may have holes."""

    bits: int
    holes: bool
    plane_bits: int


@dataclass(frozen=True, slots=True)
class Picture:
    """`missing`: one before it is; `refreshes`: it and those behind it refer to none before, None: its container knows;
    `disposable`: no other refers to it."""

    missing: bool = False
    refreshes: bool | None = None
    disposable: bool = False


UNKNOWN = Picture()


class PictureCount:
    """Follows the packets of one track, in the order of decoding. `extradata` as the container has it."""

    def __init__(self, extradata: bytes | None) -> None:
        self._sequences: dict[int, Sequence] = {}
        self._used: dict[int, int] = {}
        self._length_bytes = 0
        self._last: int | None = None
        self._recovers: int | None = None
        self._pictures = self._misses = 0
        extradata = extradata or b""
        if extradata[:1] == b"\1" and len(extradata) > 6:
            self._length_bytes = (extradata[4] & 3) + 1
            for unit in _configured(extradata):
                self._take_parameters(unit)
        else:
            for unit in _units(extradata, 0):
                self._take_parameters(unit)

    def take(self, packet: bytes) -> Picture:
        """The first HEAD bytes of the next packet."""
        recovery: int | None = None
        try:
            for unit in _units(packet, self._length_bytes):
                kind = unit[0] & 31
                if kind == SEI:
                    found = _recovery(unit)
                    recovery = found if found is not None else recovery
                elif kind in SLICES or kind == IDR:
                    return self._take_slice(unit, recovery)
                else:
                    self._take_parameters(unit)
        except ValueError:
            pass
        return UNKNOWN

    def _take_parameters(self, unit: bytes) -> None:
        try:
            if unit[:1] and unit[0] & 31 == SPS:
                number, sequence = _sequence(unit)
                self._sequences[number] = sequence
            elif unit[:1] and unit[0] & 31 == PPS:
                bits = Bits(unit[1:SLICE_HEAD])
                self._used[bits.unsigned()] = bits.unsigned()
        except ValueError:
            pass

    def _take_slice(self, unit: bytes, recovery: int | None) -> Picture:
        bits = Bits(unit[1:SLICE_HEAD])
        bits.unsigned()
        bits.unsigned()
        sequence = self._sequences.get(self._used.get(bits.unsigned(), -1))
        disposable = not unit[0] & 0x60
        if sequence is None:
            return Picture(disposable=disposable)
        bits.take(sequence.plane_bits)
        number, modulus = bits.take(sequence.bits), 1 << sequence.bits
        idr = unit[0] & 31 == IDR
        missing = not idr and self._is_behind_hole(number, modulus, sequence)
        refreshes = self._refreshes(number, modulus, idr, recovery, missing, disposable)
        if idr or not disposable or missing:
            self._last = number
        return Picture(missing and self._is_trusted(), refreshes, disposable)

    def _is_behind_hole(self, number: int, modulus: int, sequence: Sequence) -> bool:
        self._pictures += 1
        hole = self._last is not None and not sequence.holes and (number - self._last) % modulus > 1
        self._misses += hole
        return hole

    def _is_trusted(self) -> bool:
        return self._misses < UNTRUSTED or self._misses * UNTRUSTED_EACH < self._pictures

    def _refreshes(
        self, number: int, modulus: int, idr: bool, recovery: int | None, missing: bool, disposable: bool
    ) -> bool | None:
        """A recovery point says how many pictures later all is right, if nothing was lost in between (D.2.8)."""
        if missing:
            self._recovers = None
        if idr or recovery == 0:
            self._recovers = None
            return True
        if recovery is not None:
            self._recovers = (number + recovery) % modulus
            return False
        if self._recovers == number and not disposable:
            self._recovers = None
            return True
        return None


def _units(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """NAL units of a packet; `length_bytes` 0: behind start codes (annex B), of which one may have been cut off."""
    at = 0
    if length_bytes:
        while at + length_bytes < len(data):
            count = int.from_bytes(data[at : at + length_bytes], "big")
            at += length_bytes
            if count:
                yield data[at : at + count]
            at += count
        return
    at = data.find(b"\0\0\1")
    while 0 <= at < len(data) - 3:
        following = data.find(b"\0\0\1", at + 3)
        yield data[at + 3 : following if following >= 0 else len(data)]
        at = following


def _configured(extradata: bytes) -> Iterator[bytes]:
    """Parameter sets of an `avcC` box (ISO/IEC 14496-15, 5.3.3.1)."""
    at = 5
    for mask in (31, 255):
        count, at = extradata[at] & mask if at < len(extradata) else 0, at + 1
        for _ in range(count):
            length = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + length]
            at += 2 + length


def _sequence(unit: bytes) -> tuple[int, Sequence]:
    """Its number as well."""
    bits = Bits(unit[1:])
    profile, planes = bits.take(8), 0
    bits.take(16)
    number = bits.unsigned()
    if profile in HIGH:
        colours = bits.unsigned()
        planes = 2 * bits.take(1) if colours == 3 else 0
        bits.unsigned()
        bits.unsigned()
        bits.take(1)
        if bits.take(1):
            for at in range(12 if colours == 3 else 8):
                _skip_scaling(bits, 16 if at < 6 else 64)
    count = bits.unsigned() + 4
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    bits.unsigned()
    if count > 16:
        raise ValueError("no count has so many bits")
    return number, Sequence(count, bool(bits.take(1)), planes)


def _skip_scaling(bits: Bits, count: int) -> None:
    """A scaling list (7.3.2.1.1.1), if it is there."""
    last = following = 8
    for _ in range(count if bits.take(1) else 0):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _recovery(unit: bytes) -> int | None:
    """After how many pictures all is right, by a recovery point among the messages."""
    at = 1
    while at + 2 < len(unit):
        fields = []
        for _ in range(2):
            value = 0
            while at < len(unit) and unit[at] == 255:
                value, at = value + 255, at + 1
            fields.append(value + (unit[at] if at < len(unit) else 0))
            at += 1
        kind, length = fields
        if kind == RECOVERY_POINT:
            return Bits(unit[at : at + 8]).unsigned()
        at += length
    return None
