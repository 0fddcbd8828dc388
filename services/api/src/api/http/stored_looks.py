"""Stored pictures of a camera, and what was seen in them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from api.http.dependencies import HttpDependencies
from api.model.stored_frames import captured_at, frame_prefixes, spread
from api.model.types import Json
from api.model.views import WAIT_MS
from tablewatch_schemas import keys
from tablewatch_schemas.judgement import FrameJudgement

MOST_LOOKS = 40
"""Of one request: about three seconds of a processor."""
SETTLED = timedelta(milliseconds=WAIT_MS)
"""A newer picture may be judged with its tables yet."""
READ_AT_ONCE = 8


async def frames_of(deps: HttpDependencies, camera: Json, until: datetime, minutes: int) -> list[str]:
    """Keys of pictures of the minutes until then, MOST_LOOKS of them at most and evenly, oldest first."""
    return spread(await frames_between(deps, camera, until - timedelta(minutes=minutes), until), MOST_LOOKS)


async def frames_between(deps: HttpDependencies, camera: Json, after: datetime, until: datetime) -> list[str]:
    """Keys of all pictures that were taken after `after`, and not after `until`, oldest first."""
    found: list[str] = []
    for prefix in frame_prefixes(camera["site_id"], camera["camera_id"], after, until):
        found += [each.key async for each in deps.objects.list(prefix)]
    return [key for key in found if after < captured_at(key) <= until]


async def judged_of(deps: HttpDependencies, camera: Json, frames: Sequence[str]) -> dict[datetime, FrameJudgement]:
    """By capture time: what was seen in those pictures that were looked at."""
    found = await judgements(deps, [_key(camera, captured_at(frame)) for frame in frames])
    return {each.captured_at: each for each in found}


async def judgements(deps: HttpDependencies, judgement_keys: Sequence[str]) -> list[FrameJudgement]:
    """Those that are there, in their order."""
    found: list[FrameJudgement | None] = []
    for begin in range(0, len(judgement_keys), READ_AT_ONCE):
        some = judgement_keys[begin : begin + READ_AT_ONCE]
        found += await asyncio.gather(*(deps.judged.at(key) for key in some))
    return [each for each in found if each is not None]


def _key(camera: Json, at: datetime) -> str:
    return keys.live_judgement(camera["site_id"], camera["camera_id"], at)
