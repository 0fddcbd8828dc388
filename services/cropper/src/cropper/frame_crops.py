"""From a frame's objects to its crops: fetch, look at the small picture, cut in a thread where something changed."""

import asyncio
from dataclasses import dataclass
from threading import Lock

from cachetools import LRUCache, cachedmethod

from chassis.clock import Clock
from cropper.crop import LayoutChanges, LayoutCropper, Picture, Unreadable, decode, small_luma
from cropper.events import (
    Compared,
    CropsObject,
    Limits,
    Tables,
    compared,
    crops_key_at,
    crops_object,
    position,
    tables_of,
)
from cropper.last_cuts import Cut, LastCuts
from events.documents import Documents
from objects.store import Gone, ObjectStore
from tablewatch_schemas import FrameExtracted

_CACHED = 256


@dataclass(frozen=True, slots=True)
class FrameCrops:
    """The crops of one frame.

    `data` is what the object of `cut` is to hold; None where that is the object of an earlier frame, which looks the
    same.
    """

    layout_version: int
    cut: Cut
    changes: tuple[Compared, ...]
    luma: Picture
    data: bytes | None

    @property
    def stored(self) -> CropsObject:
        """Where the crops are, once `data` is stored."""
        return self.cut.stored


class FrameCropper:
    """Crops frames, `threads` of them at once. Its caches only save work: they never change a result.

    Where no table changed, the crops are those of the frame that was cut last, at most `reused_ms` before; 0: every
    frame is cut.
    """

    def __init__(self, objects: ObjectStore, threads: int, *, limits: Limits, reused_ms: int, clock: Clock) -> None:
        self._objects = objects
        self._documents = Documents(objects)
        self._threads = asyncio.Semaphore(threads)
        self._limits, self._reused_ms = limits, reused_ms
        self._croppers: LRUCache[tuple[Tables, int, int], LayoutCropper] = LRUCache(_CACHED)
        self._changes: LRUCache[tuple[Tables, int, int], LayoutChanges] = LRUCache(_CACHED)
        self._masks_lock = Lock()  # both are used in threads
        self._lumas: LRUCache[str, Picture] = LRUCache(_CACHED)
        self._last_cuts = LastCuts(objects, clock, self._cut_again)

    async def crop(self, frame: FrameExtracted, layout_key: str, object_key: str) -> FrameCrops:
        """All tables of a frame. Raises Gone (frame or layout), Unreadable, ContractError (layout)."""
        layout = await self._documents.layout(layout_key)
        data = await self._objects.get(object_key)
        async with self._threads:
            previous = await self._previous_luma(frame)
            last = await self._last_cuts.before(frame, self._reused_ms)
            work = frame, data, tables_of(layout), previous, last
            made = await asyncio.to_thread(self._work, layout.version, *work)
        self._lumas[object_key] = made.luma
        return made

    def handled(self, frame: FrameExtracted, made: FrameCrops) -> None:
        """The crops of the frame are stored: later frames that look the same may name them."""
        self._last_cuts.handled(frame, made.cut if made.stored.crops else None)

    async def _previous_luma(self, frame: FrameExtracted) -> Picture | None:
        """Of the frame before: usually cached, made again after a restart; None when that frame is gone or broken."""
        key = frame.previous_object_key
        if key is None:
            return None
        if (cached := self._lumas.get(key)) is not None:
            return cached
        try:
            data = await self._objects.get(key)
            luma = self._lumas[key] = await asyncio.to_thread(small_luma, data, frame.width)
        except (Gone, Unreadable):
            return None
        return luma

    def _work(
        self, version: int, frame: FrameExtracted, data: bytes, tables: Tables, previous: Picture | None,
        last: Cut | None,
    ) -> FrameCrops:  # fmt: skip
        luma = small_luma(data, frame.width)
        areas = self._layout_changes(tables, luma.shape[1], luma.shape[0])
        to_last = areas.between(luma, None if last is None or last.tables != tables else last.luma)
        changes = compared(areas.between(luma, previous), to_last, self._limits)
        if last is not None and None not in to_last and all(each.changed is False for each in changes):
            return FrameCrops(version, last, changes, luma, None)
        cut, joined = self._cut(frame, position(frame), data, tables, luma)
        return FrameCrops(version, cut, changes, luma, joined)

    async def _cut_again(self, frame: FrameExtracted, at: int, data: bytes) -> tuple[Cut, bytes]:
        """Of the earlier frame at a position: what was stored of it, if its tables were those of this one."""
        tables = tables_of(await self._documents.layout(frame.layout_key or ""))
        return await asyncio.to_thread(lambda: self._cut(frame, at, data, tables, small_luma(data, frame.width)))

    def _cut(self, frame: FrameExtracted, at: int, data: bytes, tables: Tables, luma: Picture) -> tuple[Cut, bytes]:
        picture = decode(data)
        crops = self._cropper(tables, picture.shape[1], picture.shape[0]).crop(picture)
        joined = b"".join(crop.jpeg for crop in crops)
        return Cut(at, tables, luma, crops_object(crops_key_at(frame, at), crops)), joined

    @cachedmethod(
        lambda self: self._croppers,
        key=lambda self, tables, width, height: (tables, width, height),
        lock=lambda self: self._masks_lock,
    )
    def _cropper(self, tables: Tables, width: int, height: int) -> LayoutCropper:
        return LayoutCropper(tables, width, height)

    @cachedmethod(
        lambda self: self._changes,
        key=lambda self, tables, width, height: (tables, width, height),
        lock=lambda self: self._masks_lock,
    )
    def _layout_changes(self, tables: Tables, width: int, height: int) -> LayoutChanges:
        return LayoutChanges(tables, width, height)
