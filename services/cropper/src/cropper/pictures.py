"""From a frame's objects to its crops: fetch, cut in a thread, remember what the next frame will want."""

import asyncio
from dataclasses import dataclass

from chassis.objects import Gone, ObjectStore
from cropper.cut import Cutter, Picture, Unreadable, decode, small
from cropper.events import Crop
from cropper.recent import Recent
from tablewatch_schemas import FrameExtracted
from tablewatch_schemas.layout import Layout


@dataclass(frozen=True, slots=True)
class Cut:
    """The crops of one frame, and the version of the layout that they come from."""

    layout_version: int
    crops: tuple[Crop, ...]


class Pictures:
    """Cuts frames. `threads` is how many are worked on at once; caches only save work, they never change a result."""

    def __init__(self, objects: ObjectStore, threads: int) -> None:
        self._objects = objects
        self._free = asyncio.Semaphore(threads)
        self._layouts: Recent[str, Layout] = Recent(256)
        self._cutters: Recent[tuple[str, int, int], Cutter] = Recent(256)
        self._smalls: Recent[str, Picture] = Recent(256)

    async def layout(self, key: str) -> Layout:
        """An immutable layout. Raises Gone, ContractError."""
        return self._layouts.get(key) or self._layouts.put(key, Layout.parse(await self._objects.get(key)))

    async def cut(self, frame: FrameExtracted, layout_key: str, object_key: str) -> Cut:
        """All tables of a frame. Raises Gone (frame or layout), Unreadable, ContractError (layout)."""
        layout = await self.layout(layout_key)
        jpeg = await self._objects.get(object_key)
        async with self._free:
            before = await self._before(frame.previous_object_key)
            crops = await asyncio.to_thread(self._work, jpeg, object_key, layout, before)
        return Cut(layout.version, crops)

    async def _before(self, key: str | None) -> Picture | None:
        """The small picture of the frame before: usually remembered, after a restart made again; None: gone."""
        if key is None:
            return None
        if (kept := self._smalls.get(key)) is not None:
            return kept
        try:
            jpeg = await self._objects.get(key)
            return self._smalls.put(key, await asyncio.to_thread(lambda: small(decode(jpeg))))
        except (Gone, Unreadable):
            return None

    def _work(self, jpeg: bytes, object_key: str, layout: Layout, before: Picture | None) -> tuple[Crop, ...]:
        picture = decode(jpeg)
        height, width = picture.shape[:2]
        now = self._smalls.put(object_key, small(picture))
        pieces = self._cutter(layout, width, height).cut(picture, now, before)
        return tuple(
            Crop(each.region.table_id, each.region.relative(width, height), each.jpeg, each.change) for each in pieces
        )

    def _cutter(self, layout: Layout, width: int, height: int) -> Cutter:
        key = layout.layout_key, width, height
        tables = [(table.table_id, table.polygon) for table in layout.tables]
        return self._cutters.get(key) or self._cutters.put(key, Cutter(tables, width, height))
