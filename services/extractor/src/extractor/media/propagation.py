"""Which pictures may show damage that is not their own: they refer to a damaged one, or to one that is missing.

Decoders conceal that and mark none of these pictures (HEVC's leaves them out). Damage spreads until the next keyframe;
pictures that are decoded behind that and shown before it, those of an open group, refer to both sides.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

MAX_DELAYED = 64
"""Packets that a decoder may have taken before it shows the picture of one: more than any codec reorders."""


@dataclass(frozen=True, slots=True)
class _Spread:
    """Behind a packet: whether damage goes on, and the time before which pictures still refer to it."""

    on: bool = False
    before: int | None = None


@dataclass(frozen=True, slots=True)
class _Packet:
    """`time`: when its picture is shown; `missing`: one before it is; `damaged`: it is itself; `disposable`: no
    other refers to it; `alone`: so its damage does not spread; `spread`: behind it."""

    time: int | None
    keyframe: bool
    missing: bool
    damaged: bool
    disposable: bool = False
    alone: bool = False
    suspect: bool = False
    spread: _Spread = _Spread()


class Propagation:
    """Follows packets in the order of decoding; each gets a number, by which the picture is found that comes of it."""

    def __init__(self) -> None:
        self._packets: deque[_Packet] = deque(maxlen=MAX_DELAYED)
        self._next = 0

    def take(
        self,
        time: int | None,
        keyframe: bool,
        missing: bool = False,
        damaged: bool = False,
        disposable: bool = False,
        alone: bool = False,
    ) -> int:
        """The number of the next packet; see _Packet."""
        packet = _Packet(time, keyframe, missing, damaged, disposable, alone)
        self._packets.append(_spreading(packet, self._last))
        self._next += 1
        return self._next - 1

    def is_suspect(self, number: int | None) -> bool:
        """Whether the picture of that packet may show damage; of an unknown one, as behind the latest."""
        at = self._position(number)
        return self._last.on if at is None else self._packets[at].suspect

    def lose(self, number: int | None, alone: bool = False) -> None:
        """The picture of that packet is damaged or did not come: those that refer to it are suspect."""
        self._change(
            number, lambda packet: replace(packet, damaged=True, alone=alone or packet.alone or packet.disposable)
        )

    def refresh(self, number: int | None) -> None:
        """The picture of that packet refers to no other, though its container did not say so."""
        self._change(number, lambda packet: replace(packet, keyframe=True))

    @property
    def _first(self) -> int:
        return self._next - len(self._packets)

    @property
    def _last(self) -> _Spread:
        return self._packets[-1].spread if self._packets else _Spread()

    def _position(self, number: int | None) -> int | None:
        return None if number is None or not self._first <= number < self._next else number - self._first

    def _change(self, number: int | None, change: Callable[[_Packet], _Packet]) -> None:
        at = self._position(number)
        if at is None or change(self._packets[at]) == self._packets[at]:
            return
        self._packets[at] = change(self._packets[at])
        spread = self._packets[at - 1].spread if at else _Spread()
        for each in range(at, len(self._packets)):
            self._packets[each] = _spreading(self._packets[each], spread)
            spread = self._packets[each].spread


def _spreading(packet: _Packet, before: _Spread) -> _Packet:
    """The packet, with what spreads to it and behind it."""
    before = _Spread(on=True) if packet.missing else before
    if packet.damaged:
        return replace(packet, suspect=True, spread=before if packet.alone else _Spread(on=True))
    if packet.keyframe:
        return replace(packet, suspect=False, spread=_Spread(before=packet.time if before.on else None))
    leads = before.before is not None and packet.time is not None and packet.time < before.before
    return replace(packet, suspect=before.on or leads, spread=before if before.on or leads else _Spread())
