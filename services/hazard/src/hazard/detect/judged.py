"""People and things in a frame, as the classifier gateway judged it: whoever has that need not look again."""

from collections.abc import Sequence
from datetime import datetime

from chassis.clock import Clock
from events.documents import Documents
from hazard.detect.streams import Stream
from inference.detect import MIN_SCORE
from objects.store import Gone, ObjectStore
from tablewatch_schemas import ContractError, FrameExtracted
from tablewatch_schemas.judgement import FrameJudgement, JudgedSeen, judgement_key
from tablewatch_schemas.layout import Layout

FIRST_PAUSE_S = 0.05
PATIENCE = 3
"""So many frames of a stream in a row are waited for in vain; after that it is asked once, until one is there."""


def is_judged(frame: FrameExtracted, layout: Layout) -> bool:
    """Whether somebody makes a judgement of the frame."""
    return "tables" in frame.make and bool(layout.tables)


class Judgements:
    """What the gateway saw of a frame, waited for until `wait_s` after the frame was published, so that waiting never
    adds up to a delay. The store is asked a few times, with pauses that double."""

    def __init__(self, objects: ObjectStore, wait_s: float, clock: Clock) -> None:
        self._documents, self._wait_s, self._clock = Documents(objects), wait_s, clock

    async def seen(
        self, stream: Stream, frame: FrameExtracted, published_at: datetime | None
    ) -> Sequence[JudgedSeen] | None:
        """People and things in a frame of which `is_judged` is true; None when hazard has to look itself.

        That is at once for a judgement that does not have everything that was seen. `published_at` None: it
        is long ago.
        """
        judgement = await self._judgement(judgement_key(frame), self._left_s(stream, published_at))
        stream.misses = stream.misses + 1 if judgement is None else 0
        if judgement is None or not judgement.complete:
            return None
        return tuple(each for each in judgement.seen if each.score >= MIN_SCORE)

    def _left_s(self, stream: Stream, published_at: datetime | None) -> float:
        if published_at is None or stream.misses >= PATIENCE:
            return 0.0
        # Clocks of two machines differ: never longer than the setting.
        return min(self._wait_s, self._wait_s - (self._clock.now() - published_at).total_seconds())

    async def _judgement(self, key: str, wait_s: float) -> FrameJudgement | None:
        deadline, pause_s = self._clock.monotonic() + wait_s, FIRST_PAUSE_S
        while True:
            try:
                return await self._documents.judgement(key)
            except ContractError:
                return None
            except Gone:
                left_s = deadline - self._clock.monotonic()
                if left_s <= 0:
                    return None
                await self._clock.sleep(min(pause_s, left_s))
                pause_s *= 2
