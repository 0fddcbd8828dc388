"""Whether pictures of H.264 are missing: those that others refer to are counted in `frame_num` (ITU-T H.264, 7.4.3).

FFmpeg fills a hole in that count with copies of the picture before it, and marks none of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from extractor.media.nal import SEQUENCE_HEAD, UNKNOWN, Bits, Picture, Trust, Wholeness, units_of

SLICES = (1, 2)
IDR, SEI, SPS, PPS = 5, 6, 7, 8
"""Types of NAL units; pictures are in slices, whole or in partitions, and in those of an IDR picture."""
RECOVERY_POINT = 6
"""Type of a message of supplemental information (annex D)."""
HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles whose parameters say the format of colours."""
SLICE_HEAD = 24


@dataclass(frozen=True, slots=True)
class Sequence:
    """A parameter set (7.3.2.1.1): bits of the count and of a colour plane, and whether the count may have holes."""

    bits: int
    holes: bool
    plane_bits: int


class PictureCount:
    """Follows the packets of one track, in the order of decoding. `extradata` as the container has it."""

    def __init__(self, extradata: bytes | None) -> None:
        self._sequences: dict[int, Sequence] = {}
        self._used: dict[int, int] = {}
        self._length_bytes = 0
        self._last: int | None = None
        self._recovers: int | None = None
        self._counts, self._whole = Trust(), Wholeness()
        extradata = extradata or b""
        if extradata[:1] == b"\1" and len(extradata) > 6:
            self._length_bytes = (extradata[4] & 3) + 1
            for unit in _configured(extradata):
                self._take_parameters(unit)
        else:
            for unit in units_of(extradata, 0):
                self._take_parameters(unit)

    def take(self, packet: bytes) -> Picture:
        """The next packet."""
        units = [unit for unit in units_of(packet, self._length_bytes) if unit]
        picture = self._first(units)
        return self._whole.judged(picture, packet, self._length_bytes, (unit for unit in units if _is_slice(unit)))

    def _first(self, units: Iterable[bytes]) -> Picture:
        recovery: int | None = None
        try:
            for unit in units:
                if unit[0] & 31 == SEI:
                    found = _recovery(unit)
                    recovery = found if found is not None else recovery
                elif _is_slice(unit):
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
        hole = self._last is not None and not sequence.holes and (number - self._last) % modulus > 1
        hole = hole and not idr
        refreshes = self._refreshes(number, modulus, idr, recovery, hole, disposable)
        if idr or not disposable or hole:
            self._last = number
        return Picture(self._counts.is_broken(hole), refreshes=refreshes, disposable=disposable)

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


def _is_slice(unit: bytes) -> bool:
    return unit[0] & 31 in SLICES or unit[0] & 31 == IDR


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
    bits = Bits(unit[1:SEQUENCE_HEAD])
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
