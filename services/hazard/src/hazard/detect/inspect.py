"""Inspecting one frame: fetch its picture and layout, compare the floor, get the people in it, or detect them."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime
from functools import partial
from typing import TypeVar

from chassis.metrics import WORK, Metrics
from events.documents import Documents
from hazard.detect.events import Detected, candidate_event, observations
from hazard.detect.floor import Comparison, Floor, FloorOptions, Picture, decode_picture
from hazard.detect.judged import Judgements, is_judged
from hazard.detect.looks import Looks
from hazard.detect.streams import Stream
from objects.metrics import OBJECTS_GONE
from objects.store import Gone, ObjectStore
from tablewatch_schemas import ContractError, FrameExtracted, HazardCandidate, to_ms
from tablewatch_schemas.layout import Layout

T = TypeVar("T")
Detect = Callable[[Picture], Sequence[Detected]]
"""The object detector: people and things in a picture."""


class Inspector:
    """Makes candidates of frames. The pixel work runs in `threads`, never on the event loop."""

    def __init__(
        self, objects: ObjectStore, detect: Detect, judgements: Judgements, threads: Executor, options: FloorOptions,
        metrics: Metrics,
    ) -> None:  # fmt: skip
        self._objects, self._documents = objects, Documents(objects)
        self._judgements, self._looks = judgements, Looks(objects)
        self._detect, self._threads, self._options, self._metrics = detect, threads, options, metrics

    async def candidate(self, stream: Stream, frame: FrameExtracted, published_at: datetime | None) -> HazardCandidate:
        """The candidate of a frame; updates the floor of its stream with it.

        Where the people in it matter its judgement is waited for, a little from `published_at` on; None: not at all.
        """
        if frame.object_key is None:
            return candidate_event(frame, (), "no_picture")
        if (layout := await self._layout(frame.layout_key)) is None or not layout.floor:
            return candidate_event(frame, (), "no_floor")
        try:
            jpeg = await self._objects.get(frame.object_key)
        except Gone:
            self._metrics.count(OBJECTS_GONE, what="frame")
            return candidate_event(frame, (), "picture_gone")
        compared = await self._in_thread(partial(self._compared, stream, layout, jpeg))
        if compared is None:
            return candidate_event(frame, (), "not_a_picture")
        floor, picture, comparison = compared
        detected = await self._seen(stream, frame, layout, picture, published_at) if comparison.needs_people else ()
        people = [each.box for each in detected if each.label == "person"]
        areas = await self._in_thread(partial(floor.learn, comparison, to_ms(frame.captured_at), people))
        tables = [(table.table_id, table.box) for table in layout.tables]
        labels = {table.table_id: table.label for table in layout.tables}
        observed = observations(areas, detected, tables, labels, layout.ignore)
        return candidate_event(frame, observed, "warming_up" if floor.warming_up else None)

    async def _seen(
        self, stream: Stream, frame: FrameExtracted, layout: Layout, picture: Picture, published_at: datetime | None
    ) -> Sequence[Detected]:
        """People and things in a frame: as it was judged, or from a look of our own. What was taken once is taken
        again, whatever is there by then."""
        if not is_judged(frame, layout):
            return await self._look(picture)
        if (recorded := await self._looks.of(frame)) is not None:
            return self._counted("recorded", recorded)
        if (judged := await self._judgements.seen(stream, frame, published_at)) is not None:
            return self._counted("judged", judged)
        return await self._looks.record(frame, await self._look(picture))

    async def _look(self, picture: Picture) -> Sequence[Detected]:
        return self._counted("looked", await self._in_thread(partial(self._detect, picture)))

    def _counted(self, outcome: str, seen: Sequence[Detected]) -> Sequence[Detected]:
        self._metrics.count(WORK, stage="hazard_people", outcome=outcome)
        return seen

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _layout(self, key: str | None) -> Layout | None:
        """None for a frame without a layout, and when the layout is gone or broken: then there is no floor."""
        if key is None:
            return None
        try:
            return await self._documents.layout(key)
        except Gone:
            self._metrics.count(OBJECTS_GONE, what="layout")
            return None
        except ContractError:
            return None

    def _compared(self, stream: Stream, layout: Layout, jpeg: bytes) -> tuple[Floor, Picture, Comparison] | None:
        """In a thread: the floor of the stream, and the picture beside it; None when the bytes are no picture."""
        if (picture := decode_picture(jpeg)) is None:
            return None
        if stream.floor is None or stream.layout_key != layout.layout_key:
            height, width = picture.shape[:2]
            stream.floor = Floor(layout.floor, width, height, self._options)
            stream.layout_key = layout.layout_key
        return stream.floor, picture, stream.floor.compare(picture)
