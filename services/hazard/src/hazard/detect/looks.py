"""Looks of hazard's own, recorded where a judgement of the same frame may still come.

Another detector made that judgement and finds other boxes. A frame that is delivered again after a kill would then be
masked otherwise, and its candidate published with other content under the same id; so the first choice is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import orjson

from hazard.detect.events import Detected
from objects.store import Gone, ObjectStore
from tablewatch_schemas import ContractError, FrameExtracted, keys
from tablewatch_schemas.foreign import read_json
from tablewatch_schemas.judgement import MOST_BYTES, JudgedSeen, judgement_key

CONTENT_TYPE = "application/json"


class Looks:
    """Those of frames, in the object store; they are deleted with the judgements beside which they lie.

    One is a list of what was found, best first, as a judgement has it.
    """

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    async def of(self, frame: FrameExtracted) -> Sequence[JudgedSeen] | None:
        """What was recorded of a frame; None when nothing was, or what is there is damaged."""
        try:
            data = await self._objects.get_range(_key(frame), 0, MOST_BYTES + 1)
            return msgspec.convert(read_json(data, max_bytes=MOST_BYTES), tuple[JudgedSeen, ...])
        except (Gone, ContractError, msgspec.ValidationError):
            return None

    async def record(self, frame: FrameExtracted, detected: Iterable[Detected]) -> Sequence[JudgedSeen]:
        """Store a look, before anything that is made of it is published; returns it as it reads back."""
        seen = tuple(JudgedSeen(label=each.label, score=each.score, box=each.box) for each in detected)
        await self._objects.put(_key(frame), orjson.dumps(seen), CONTENT_TYPE)
        return seen


def _key(frame: FrameExtracted) -> str:
    return keys.look_beside(judgement_key(frame))
