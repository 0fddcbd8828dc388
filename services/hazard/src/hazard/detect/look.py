"""Looking at one frame: picture, people, floor, and what to say about it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from chassis.metrics import Metrics
from chassis.objects import Gone, ObjectStore
from hazard.detect.floor import Blob, Floor, FloorOptions, Picture, decode_picture
from hazard.detect.geometry import Box
from hazard.detect.observe import Thing, observations
from hazard.detect.streams import Recent, Stream
from tablewatch_schemas import (
    ContractError,
    FrameExtracted,
    HazardCandidate,
    HazardCandidateDetector,
    HazardCandidateObservation,
    to_ms,
)
from tablewatch_schemas.layout import Layout

DETECTOR = HazardCandidateDetector(name="floor-change", version="1")
_LAYOUTS = 64


FindThings = Callable[[Picture], list[Thing]]


@dataclass(frozen=True)
class Looked:
    """What one frame gave: observations, or why nothing can be said."""

    observations: tuple[HazardCandidateObservation, ...] = ()
    suspended: str | None = None


class Looker:
    """Turns frames into candidates. The picture work runs in `threads`, never on the event loop."""

    def __init__(
        self, objects: ObjectStore, find: FindThings, threads: Executor, options: FloorOptions, metrics: Metrics
    ) -> None:
        self._objects, self._find, self._threads, self._options = objects, find, threads, options
        self._metrics = metrics
        self._layouts: Recent[Layout] = Recent(_LAYOUTS)

    async def candidate(self, stream: Stream, frame: FrameExtracted, suspended: str | None) -> HazardCandidate:
        """What is to be said about a frame; moves the stream's floor on by it."""
        looked = Looked(suspended=suspended) if suspended else await self._look(stream, frame)
        return HazardCandidate(
            site_id=frame.site_id,
            camera_id=frame.camera_id,
            run_id=frame.run_id,
            frame_id=frame.frame_id,
            frame_key=frame.object_key,
            captured_at=frame.captured_at,
            observations=looked.observations,
            suspended=looked.suspended,
            detector=DETECTOR,
            last=frame.last,
        )

    async def _look(self, stream: Stream, frame: FrameExtracted) -> Looked:
        if frame.object_key is None:
            return Looked(suspended="no_picture")
        if (layout := await self._layout(frame.layout_key)) is None or not layout.floor:
            return Looked(suspended="no_floor")
        try:
            jpeg = await self._objects.get(frame.object_key)
        except Gone:
            self._metrics.count("objects_gone_total", what="frame")
            return Looked(suspended="picture_gone")
        tables = [(table.table_id, table.box) for table in layout.tables]
        loop = asyncio.get_running_loop()
        seen = await loop.run_in_executor(self._threads, self._work, stream, layout, jpeg, to_ms(frame.captured_at))
        if seen is None:
            return Looked(suspended="not_a_picture")
        areas, things = seen
        warming = stream.floor is None or stream.floor.warming_up
        return Looked(observations(areas, things, tables), "warming_up" if warming else None)

    def _work(self, stream: Stream, layout: Layout, jpeg: bytes, at_ms: int) -> tuple[list[Blob], list[Thing]] | None:
        if (picture := decode_picture(jpeg)) is None:
            return None
        if stream.floor is None or stream.layout_key != layout.layout_key:
            height, width = picture.shape[:2]
            stream.floor = Floor(layout.floor, width, height, self._options)
            stream.layout_key = layout.layout_key
        things: list[Thing] = []

        def people() -> list[Box]:
            things.extend(self._find(picture))
            return [thing.box for thing in things if thing.label == "person"]

        return stream.floor.see(picture, at_ms, people), things

    async def _layout(self, key: str | None) -> Layout | None:
        """Layouts never change, so they are kept; one that is gone or broken means no floor."""
        if key is None:
            return None
        if (known := self._layouts.get(key)) is None:
            try:
                known = Layout.parse(await self._objects.get(key))
            except (Gone, ContractError):
                self._metrics.count("objects_gone_total", what="layout")
                return None
            self._layouts.put(key, known)
        return known
