"""The newest judged frame of a camera: found in the store, where topic and tables lead to."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from cachetools import LRUCache, TTLCache

from api.model.types import Json
from api.model.views import MOST_WAITING, view_document
from events.documents import Documents
from events.live_cuts import LiveCuts
from events.single_flight import SingleFlight
from objects.store import Gone, ObjectStore
from tablewatch_schemas import ContractError, CropReady
from tablewatch_schemas.judgement import FrameJudgement, judgement_key
from tablewatch_schemas.times import to_ms

BACK_MS = 60_000
"""How far back crop.ready is read for a live camera; a frame older than that is found by the states that name it."""
MOST_ASKED = 30
ASKED_AT_ONCE = 4
FRESH_S = 1.0
"""For as long everybody who asks for a camera is answered with what one of them found."""
_CACHED = 500
BROKEN_S = 60.0
"""For as long an object that is no judgement of its frame is not read again; the log says it once in that time."""

log = structlog.get_logger("api.views")


@dataclass(frozen=True, slots=True)
class Recent:
    """The frames of a camera in the last minute: the newest that is judged, and the keys of the judgements that may
    come for those that were cut after it, oldest first."""

    newest: FrameJudgement | None
    unjudged: tuple[str, ...]


class Judged:
    """Judgements by key, and the newest of a camera. `cuts` None: no topic is read.

    Live frames have no rows, so the newest of a camera is looked for where `crop.ready` ends. Judgements are immutable,
    and cached.
    """

    def __init__(self, cuts: LiveCuts | None, objects: ObjectStore) -> None:
        self._cuts, self._objects = cuts, objects
        self._documents = Documents(objects)
        self._fresh: TTLCache[str, Recent] = TTLCache(_CACHED, FRESH_S)
        self._reads: SingleFlight[Recent] = SingleFlight()
        self._answered: LRUCache[str, FrameJudgement] = LRUCache(_CACHED)
        self._broken: TTLCache[str, bool] = TTLCache(_CACHED, BROKEN_S)

    async def at(self, key: str) -> FrameJudgement | None:
        """The judgement under a key; None where there is none, or one that cannot be used. Raises ConnectionError."""
        if key in self._broken:
            return None
        try:
            return await self._documents.judgement(key)
        except Gone:
            return None
        except ContractError as error:
            self._broken[key] = True
            log.warning("judgement_broken", key=key, code=error.code, error=error.reason)
            return None

    async def first(self, candidates: Iterable[str], most: int = MOST_ASKED) -> FrameJudgement | None:
        """The first that is there, of `most` keys."""
        for _, key in zip(range(most), candidates, strict=False):
            if (found := await self.at(key)) is not None:
                return found
        return None

    async def recent(self, camera_id: str, now: datetime) -> Recent:
        """Of a camera, as the topic and the store have it now. Raises ConnectionError."""
        if self._cuts is None:
            return Recent(None, ())
        cut: deque[str] = deque(maxlen=MOST_WAITING)

        def note(event: CropReady) -> bool:
            if event.crops_key is not None:
                cut.append(judgement_key(event))
            return False

        await self._cuts.visit(camera_id, to_ms(now) - BACK_MS, to_ms(now) + BACK_MS, note)
        return await self._split(list(cut))

    async def newest_live(self, camera_id: str, now: datetime) -> FrameJudgement | None:
        """Of a camera, in the last minute; None where there is none. Raises ConnectionError."""
        found = self._fresh.get(camera_id)
        if found is None:
            found = await self._reads.run(camera_id, partial(self.recent, camera_id, now))
            self._fresh[camera_id] = found
        return found.newest

    async def no_older(self, camera_id: str, found: FrameJudgement | None) -> FrameJudgement | None:
        """`found`, or what was answered before if that is newer: who polls is never sent back, also when the topic
        cannot be read for a while. A frame whose picture is past its retention is not answered again."""
        known = self._answered.get(camera_id)
        is_newer = known is not None and (found is None or found.captured_at < known.captured_at)
        if known is not None and is_newer and await self._objects.stat(known.frame_key) is not None:
            return known
        if found is not None:
            self._answered[camera_id] = found
        return found

    async def document(self, judgement: FrameJudgement, expires_s: int) -> Json:
        """The document of a view, with a link to the picture and the names of the tables."""
        labels = {} if judgement.layout_key is None else await self._labels(judgement.layout_key)
        return view_document(judgement, labels, await self._objects.link(judgement.frame_key, expires_s))

    async def _labels(self, layout_key: str) -> dict[str, str]:
        """By table; none where the layout is gone."""
        try:
            layout = await self._documents.layout(layout_key)
        except (Gone, ContractError):
            return {}
        return {table.table_id: table.label for table in layout.tables}

    async def _split(self, cut: list[str]) -> Recent:
        """A few reads of the store at a time, from the newest back: the newest frames are not judged yet, and many
        never will be."""
        for end in range(len(cut), 0, -ASKED_AT_ONCE):
            begin = max(0, end - ASKED_AT_ONCE)
            found = await asyncio.gather(*(self.at(key) for key in cut[begin:end]))
            for number in range(len(found) - 1, -1, -1):
                if (newest := found[number]) is not None:
                    return Recent(newest, tuple(cut[begin + number + 1 :]))
        return Recent(None, tuple(cut))
