"""Whether pictures of H.265 are missing: each names those that it refers to, by their order (ITU-T H.265, 8.3.2).

FFmpeg leaves out a picture that lacks one, and says nothing. Syntax as in 7.3, order as in 8.3.1.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractor.media.nal import SEQUENCE_HEAD, UNKNOWN, Bits, Picture, Trust, Wholeness, units_of

PICTURES, ACCESS = range(32), range(16, 24)
"""Types of NAL units: slices of pictures, and of those at which decoding may begin (random access points)."""
IDR, BLA, SKIPPED = (19, 20), range(16, 19), (8, 9)
"""Of these, the ones behind which the order is counted anew; and pictures that lead such a point and refer to others
before it (RASL)."""
UNREFERRED = range(0, 16, 2)
"""Pictures that no other of their temporal layer refers to."""
NO_ANCHOR = frozenset({*UNREFERRED, 6, 7, 8, 9})
"""Pictures that the order of the next ones is not counted from."""
SPS, PPS, ENDS = 33, 34, (36, 37)
SLICE_HEAD = 512
MAX_SETS, MAX_REFERENCES, MAX_LONG = 64, 16, 32
PROFILE_BITS, LEVEL_BITS = 88, 8


@dataclass(frozen=True, slots=True)
class Parameters:
    """Of a sequence: bits of the order and of a colour plane; sets of references to choose from, each by how much later
    it is in order; `long`: low bits of the order of references that stay, to choose from (None: there are none);
    temporal layers."""

    order_bits: int
    plane_bits: int
    sets: Sequence[list[int]]
    long: Sequence[int] | None
    layers: int


@dataclass(frozen=True, slots=True)
class _Used:
    """By a picture: the number of its sequence's parameters, and bits of a slice before its type and behind that."""

    sequence: int
    bits_before: int
    bits_behind: int


class PictureOrder:
    """Follows the packets of one track, in the order of decoding. `extradata` as the container has it."""

    def __init__(self, extradata: bytes | None) -> None:
        self._sequences: dict[int, Parameters] = {}
        self._used: dict[int, _Used] = {}
        self._kept: set[int] = set()
        self._anchor = 0
        self._ended = True
        self._began = self._skips = False
        self._references, self._whole = Trust(), Wholeness()
        extradata = extradata or b""
        configured = extradata[:1] == b"\1" and len(extradata) > 22
        self._length_bytes = (extradata[21] & 3) + 1 if configured else 0
        for unit in _configured(extradata) if configured else units_of(extradata, 0):
            self._take_other(unit)

    def take(self, packet: bytes) -> Picture:
        """The next packet."""
        units = [unit for unit in units_of(packet, self._length_bytes) if len(unit) > 1 and not _layer(unit)]
        slices = [unit for unit in units if _kind(unit) in PICTURES]
        picture = UNKNOWN
        for unit in units:
            if unit in slices[:1]:
                picture = self._take_picture(unit)
            elif _kind(unit) not in PICTURES:
                self._take_other(unit)
        return self._whole.judged(picture, packet, self._length_bytes, slices)

    def _take_other(self, unit: bytes) -> None:
        try:
            if _kind(unit) == SPS:
                number, sequence = _sequence(unit)
                self._sequences[number] = sequence
            elif _kind(unit) == PPS:
                self._take_used(Bits(unit[2:SLICE_HEAD]))
            elif _kind(unit) in ENDS:
                self._ended = True
        except (ValueError, IndexError):
            pass

    def _take_used(self, bits: Bits) -> None:
        number, sequence = bits.unsigned(), bits.unsigned()
        bits.take(1)
        output = bits.take(1)
        self._used[number] = _Used(sequence, bits.take(3), output)

    def _take_picture(self, unit: bytes) -> Picture:
        """Of its first slice."""
        try:
            return self._picture(_kind(unit), unit[1] & 7, Bits(unit[2:SLICE_HEAD]))
        except (ValueError, IndexError, KeyError):
            return UNKNOWN

    def _picture(self, kind: int, layer: int, bits: Bits) -> Picture:
        """Raises ValueError, KeyError or IndexError for one that cannot be read."""
        if not bits.take(1):
            raise ValueError("its first slice is missing")
        bits.take(kind in ACCESS)
        used = self._used[bits.unsigned()]
        sequence = self._sequences[used.sequence]
        bits.take(used.bits_before)
        bits.unsigned()
        hidden = bits.take(used.bits_behind) == 0 < used.bits_behind
        bits.take(sequence.plane_bits)
        fresh = kind in ACCESS and (kind in IDR or kind in BLA or self._ended)
        order, references = 0, []
        if kind not in IDR:
            order = self._order(bits.take(sequence.order_bits), 1 << sequence.order_bits, fresh)
            references = list(_references(bits, sequence, order))
        if layer == 1 and kind not in NO_ANCHOR:
            self._anchor = order
        if kind in ACCESS:
            self._began, self._ended, self._skips = True, False, fresh
        leading = kind in SKIPPED
        skipped = leading and self._skips
        missing = False if skipped else self._keep(order, () if fresh else references)
        return Picture(
            missing=self._references.is_broken(missing and self._began and kind not in ACCESS),
            refreshes=kind in ACCESS,
            disposable=kind in UNREFERRED and layer == sequence.layers,
            order=order if self._began else None,
            fresh=fresh,
            leading=leading,
            hidden=hidden or skipped,
        )

    def _keep(self, order: int, references: Iterable[tuple[int, int]]) -> bool:
        """Whether a picture is missing that this one names. Those that it does not name are kept no longer."""
        kept, missing = {order}, False
        for named, mask in references:
            found = {each for each in self._kept if each & mask == named & mask}
            missing = missing or not found
            kept |= found or {named}
        self._kept = kept
        return missing

    def _order(self, low: int, modulus: int, fresh: bool) -> int:
        """The whole of it; the next pictures are near the last that it is counted from."""
        if fresh:
            return low
        half = modulus // 2
        return self._anchor + (low - self._anchor + half) % modulus - half


def _kind(unit: bytes) -> int:
    return unit[0] >> 1 & 63


def _layer(unit: bytes) -> int:
    """Of several views or qualities; the first alone is shown."""
    return (unit[0] & 1) << 5 | unit[1] >> 3


def _configured(extradata: bytes) -> Iterator[bytes]:
    """Parameters of an `hvcC` box (ISO/IEC 14496-15, 8.3.3.1)."""
    at = 23
    for _ in range(extradata[22]):
        count, at = int.from_bytes(extradata[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            length = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + length]
            at += 2 + length


def _sequence(unit: bytes) -> tuple[int, Parameters]:
    """Its number as well."""
    bits = Bits(unit[2:SEQUENCE_HEAD])
    bits.take(4)
    layers = bits.take(3) + 1
    bits.take(1)
    _skip_profile(bits, layers)
    number = bits.unsigned()
    planes = 2 * bits.take(1) if bits.unsigned() == 3 else 0
    _skip_codes(bits, 2)
    _skip_codes(bits, 4 * bits.take(1))
    _skip_codes(bits, 2)
    order_bits = bits.unsigned() + 4
    _skip_codes(bits, 3 * (layers if bits.take(1) else 1))
    _skip_codes(bits, 6)
    if bits.take(1) and bits.take(1):
        _skip_scaling(bits)
    bits.take(2)
    if bits.take(1):
        bits.take(8)
        _skip_codes(bits, 2)
        bits.take(1)
    sets: list[list[int]] = []
    for _ in range(_limited(bits.unsigned(), MAX_SETS)):
        sets.append(_set(bits, sets))
    return number, Parameters(order_bits, planes, sets, _long(bits, order_bits), layers)


def _skip_profile(bits: Bits, layers: int) -> None:
    """Profile, tier and levels (7.3.3)."""
    bits.take(PROFILE_BITS + LEVEL_BITS)
    there = [PROFILE_BITS * bits.take(1) + LEVEL_BITS * bits.take(1) for _ in range(layers - 1)]
    bits.take(2 * (9 - layers) if there else 0)
    for count in there:
        bits.take(count)


def _skip_codes(bits: Bits, count: int) -> None:
    for _ in range(count):
        bits.unsigned()


def _skip_scaling(bits: Bits) -> None:
    """Scaling lists (7.3.4)."""
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if bits.take(1):
                _skip_codes(bits, (size > 1) + min(64, 16 << 2 * size))
            else:
                bits.unsigned()


def _set(bits: Bits, sets: Sequence[list[int]], of_slice: bool = False) -> list[int]:
    """A set of references (7.3.7), by itself or out of one before it (7.4.8)."""
    if sets and bits.take(1):
        base = sets[-(bits.unsigned() + 1)] if of_slice else sets[-1]
        sign = bits.take(1)
        by = (1 - 2 * sign) * (bits.unsigned() + 1)
        taken = [later + by for later in [*base, 0] if bits.take(1) or bits.take(1)]
        return sorted((later for later in taken if later), key=lambda later: (later > 0, abs(later)))
    counts = bits.unsigned(), bits.unsigned()
    return [each for sign, count in zip((-1, 1), counts, strict=True) for each in _one_side(bits, sign, count)]


def _one_side(bits: Bits, sign: int, count: int) -> Iterator[int]:
    later = 0
    for _ in range(_limited(count, MAX_REFERENCES)):
        later += sign * (bits.unsigned() + 1)
        bits.take(1)
        yield later


def _long(bits: Bits, order_bits: int) -> list[int] | None:
    if not bits.take(1):
        return None
    return [bits.take(order_bits + 1) >> 1 for _ in range(_limited(bits.unsigned(), MAX_LONG))]


def _references(bits: Bits, sequence: Parameters, order: int) -> Iterator[tuple[int, int]]:
    """Pictures that a slice names, as it or those behind it need them: their order, and which bits of that count."""
    sets = sequence.sets
    chosen = sets[bits.take((len(sets) - 1).bit_length())] if bits.take(1) else _set(bits, sets, of_slice=True)
    for later in chosen:
        yield order + later, -1
    if sequence.long is None:
        return
    listed = bits.unsigned() if sequence.long else 0
    count, cycle, mask = listed + bits.unsigned(), 0, (1 << sequence.order_bits) - 1
    for at in range(_limited(count, MAX_REFERENCES)):
        if at < listed:
            low = sequence.long[bits.take((len(sequence.long) - 1).bit_length())]
        else:
            low = bits.take(sequence.order_bits + 1) >> 1
        cycle = 0 if at == listed else cycle
        if bits.take(1):
            cycle += bits.unsigned()
            yield (order & ~mask) - cycle * (mask + 1) + low, -1
        else:
            yield low, mask


def _limited(count: int, limit: int) -> int:
    if count > limit:
        raise ValueError("more than the standard allows")
    return count
