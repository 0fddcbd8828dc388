"""What was last cut of each camera and run: remembered, and after a restart found again in the store.

An object of crops is stored for each frame that is cut and for no other. So the last frame that was cut is the one
with the newest object before this frame's, whichever process cut it, and a frame that is delivered again gets the same
crops.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cachetools import LRUCache

from chassis.clock import Clock
from cropper.crop import Picture, Unreadable
from cropper.events import CropsObject, Tables, crops_key_at, frame_key_at, position, prefixes_before
from objects.store import Gone, ObjectStore
from tablewatch_schemas import FrameExtracted

_SOURCES = 4096
"""Cameras and runs whose last cut is remembered; each takes a small picture, some 20 KB."""
_SURE_S = 600.0
"""How long an object that was stored is taken to be there. A run may stand still for days between two frames, and
whatever deletes old crops goes on meanwhile."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A frame that was cut: its place in time, the tables, its small picture, and its stored crops."""

    position: int
    tables: Tables
    luma: Picture
    stored: CropsObject


@dataclass(frozen=True, slots=True)
class _Known:
    """As of the frame `object_key`."""

    object_key: str
    cut: Cut | None
    at_s: float


Again = Callable[[FrameExtracted, int, bytes], Awaitable[tuple[Cut, bytes]]]
"""The cut of an earlier frame, made again of its picture for the tables of this one, and the bytes of its crops."""


class LastCuts:
    """Only as of the frame before is what is remembered of use: another process may have had the partition since."""

    def __init__(self, objects: ObjectStore, clock: Clock, again: Again) -> None:
        self._objects, self._clock, self._again = objects, clock, again
        self._known: LRUCache[str, _Known] = LRUCache(_SOURCES)

    async def before(self, frame: FrameExtracted, reused_ms: int) -> Cut | None:
        """What was last cut, less than `reused_ms` before the frame; a frame of a run stands for a second.

        None if nothing was, and for a frame that has none before it to compare with.
        """
        reused = reused_ms if frame.run_id is None else reused_ms // 1000
        if reused <= 0 or frame.previous_object_key is None:
            return None
        known = self._known.get(_source(frame))
        if known is None or not self._holds(known, frame):
            return await self._found(frame, reused)
        cut = known.cut
        return cut if cut is not None and position(frame) - cut.position < reused else None

    def handled(self, frame: FrameExtracted, cut: Cut | None) -> None:
        """The frame's crops are stored. `cut` is the last cut as of this frame: its own, if it was cut."""
        self._known[_source(frame)] = _Known(frame.object_key or "", cut, self._clock.monotonic())

    def _holds(self, known: _Known, frame: FrameExtracted) -> bool:
        is_next = known.object_key in (frame.previous_object_key, frame.object_key)
        is_earlier = known.cut is None or known.cut.position < position(frame)
        return is_next and is_earlier and self._clock.monotonic() - known.at_s < _SURE_S

    async def _found(self, frame: FrameExtracted, reused: int) -> Cut | None:
        at = await self._newest_before(frame, reused)
        if at is None:
            return None
        try:
            picture = await self._objects.get(frame_key_at(frame, at))
            stored = await self._objects.get(crops_key_at(frame, at))
            cut, data = await self._again(frame, at, picture)
        except (Gone, Unreadable):
            return None
        return cut if data == stored else None  # else another layout was cut

    async def _newest_before(self, frame: FrameExtracted, reused: int) -> int | None:
        found: list[int] = []
        for prefix in prefixes_before(frame, reused):
            found += [_position_of(each.key) async for each in self._objects.list(prefix)]
        own = position(frame)
        return max((at for at in found if own - reused < at < own), default=None)


def _position_of(key: str) -> int:
    return int(key.rpartition("/")[2].partition(".")[0])


def _source(frame: FrameExtracted) -> str:
    return frame.run_id or frame.camera_id or ""
