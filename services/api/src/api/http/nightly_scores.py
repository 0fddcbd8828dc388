"""Scores the view of every camera that is switched on, once for each day, so that a decline is seen.

It runs in the process that serves HTTP, where judgements are read and scores are computed on request.
"""

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

from api.compute import compute
from api.http.dependencies import HttpDependencies
from api.http.scores import score_document, stored
from api.http.stored_looks import MOST_LOOKS, judgements
from api.model.score import Facts, score
from api.model.score_days import Day, judgement_prefixes, judgements_of, newest_ended
from api.model.types import Json
from api.store import Connection, camera_scores, cameras
from api.store.camera_scores import Due
from chassis.clock import wait_or_stop
from tablewatch_schemas.judgement import FrameJudgement

LOOK_EVERY_S = 60.0
"""For days that have ended."""
BETWEEN_S = 1.0
"""Two cameras: nobody waits for a score, and requests shall not wait for scores."""


class NightlyScores:
    """Any number of processes may run it: a camera is locked while it is scored, and scored once for a day."""

    def __init__(self, deps: HttpDependencies, log: Any) -> None:
        self._deps, self._log = deps, log
        self._after = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. A camera that cannot be scored has its next turn after the others."""
        while not stop.is_set():
            is_more = False
            try:
                is_more = await self.score_next()
            except Exception as error:  # noqa: BLE001 (each object store raises faults of its own; it is tried again)
                self._log.warning("nightly_score_failed", camera_id=self._after, error=repr(error))
            await wait_or_stop(self._deps.clock, BETWEEN_S if is_more else LOOK_EVERY_S, stop)

    async def score_next(self) -> bool:
        """Score the next camera, by id, of which a day has ended; False after the last, and it begins anew."""
        now = self._deps.now()
        async with self._deps.pool.acquire() as conn:
            days = {name: newest_ended(ZoneInfo(name), now) for name in await camera_scores.timezones(conn)}
            due = await camera_scores.due(conn, days, self._after)
        self._after = "" if due is None else due.camera_id
        if due is None:
            return False
        async with self._deps.pool.acquire() as conn, conn.transaction():
            if await camera_scores.hold(conn, due):
                await self._score(conn, due)
        return True

    async def _score(self, conn: Connection, due: Due) -> None:
        camera = await cameras.get(conn, [due.site_id], due.camera_id)
        layout, statuses, gop_ms = await stored(conn, camera, due.day.since)
        looks = await self._looks(camera, due.hours, due.day)
        facts = Facts(
            layout, looks, camera["cadence_ms"], gop_ms, statuses, since=due.day.since, until=due.day.until,
            looked="the day", reported="the day",
        )  # fmt: skip
        found = await compute(score, facts)
        await camera_scores.add(conn, due, score_document(found, len(looks)), self._deps.now())
        self._log.info("camera_scored", camera_id=due.camera_id, day=due.day.on.isoformat(), total=found.total)

    async def _looks(self, camera: Json, hours: Json | None, day: Day) -> list[FrameJudgement]:
        found: list[str] = []
        for prefix in await compute(judgement_prefixes, camera, hours, day):
            found += [each.key async for each in self._deps.objects.list(prefix)]
        return await judgements(self._deps, judgements_of(found, day, MOST_LOOKS))
