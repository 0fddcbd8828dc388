"""What H.264 and H.265 have in common: units of their streams (NAL), and what is known of a picture by its header."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

SEQUENCE_HEAD = 4096
"""Of a sequence parameter set, in bytes: none needs as many, and a bit that is read costs as much as all behind it."""
LONGEST_CODE = 32
"""In leading zeros (9.1)."""
UNTRUSTED_EACH, UNTRUSTED = 4, 8
"""An encoder that breaks a rule in one picture of so many, and so often in all, does not keep it."""


class Bits:
    """Reads bits and Exp-Golomb codes (H.264 and H.265, 9.1) of a payload.

    Raises ValueError behind its end and for a code that is none.
    """

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
            if zeros > LONGEST_CODE:
                raise ValueError("no code has as many zeros")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -code // 2


@dataclass(frozen=True, slots=True)
class Picture:
    """`missing`: one before it is; `damaged`: it is itself; `refreshes`: it and those behind it refer to none before,
    None: its container knows; `disposable`: no other refers to it; `begins_damaged`: already what stands before it in
    the file is damaged, as its units do not begin where they should.

    Of H.265: `order` in which it is shown, counted anew from one that is `fresh`; `leading`: it refers to pictures
    before the last random access point, and is left out if decoding began there; `hidden`: it is never shown.
    """

    missing: bool = False
    damaged: bool = False
    begins_damaged: bool = False
    refreshes: bool | None = None
    disposable: bool = False
    order: int | None = None
    fresh: bool = False
    leading: bool = False
    hidden: bool = False


UNKNOWN = Picture()


@dataclass(slots=True)
class Trust:
    """In an encoder: whether a rule that its pictures break holds at all."""

    pictures: int = 0
    broken: int = 0

    def is_broken(self, breaks: bool) -> bool:
        """Of the next picture."""
        self.pictures += 1
        self.broken += breaks
        return breaks and (self.broken < UNTRUSTED or self.broken * UNTRUSTED_EACH < self.pictures)


class Wholeness(Trust):
    """Whether packets are what a multiplexer writes."""

    def judged(self, picture: Picture, packet: bytes, length_bytes: int, slices: Iterable[bytes]) -> Picture:
        """The picture of the next packet, marked if that is damaged."""
        breaks = not leads_on(packet, length_bytes)
        if not self.is_broken(breaks or any(map(is_torn, slices))):
            return picture
        return replace(picture, damaged=True, begins_damaged=breaks)


def units_of(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """Units of a packet; `length_bytes` 0: behind start codes (annex B), of which one may have been cut off."""
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


def leads_on(packet: bytes, length_bytes: int) -> bool:
    """Whether its units, behind their lengths, end with it (ISO/IEC 14496-15, 4.3.3)."""
    at = 0
    while length_bytes and at < len(packet):
        count = int.from_bytes(packet[at : at + length_bytes], "big")
        at += length_bytes + count
        if not count:
            return False
    return at == len(packet) or not length_bytes


def is_torn(unit: bytes) -> bool:
    """Whether it holds three zeros, which no unit does (7.4.1): a sector of a disk was lost there."""
    return b"\0\0\0" in unit.rstrip(b"\0")
