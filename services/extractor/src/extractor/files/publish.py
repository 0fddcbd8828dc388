"""Publication: the frames of a run go out in media order as the finished prefix grows, by one publisher at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.metrics import Metrics
from chassis.objects import ObjectStore
from chassis.produce import Producer
from extractor.files import jobs, telling
from extractor.files.failures import STORAGE_FAILED, Failed
from extractor.files.telling import Frame
from extractor.files.window import Window
from tablewatch_schemas import Encoded, keys

BATCH = 100
LEASE_S = 10.0
POLL_S = 0.2
GATHER_S = 0.4
"""After a batch that was not full: a record in time costs a request and two transactions, ten at once hardly more."""
PUT_OFF_S = 5.0
"""How long a run waits whose last thumbnail could not be stored."""

_CLAIM = """
UPDATE jobs SET publisher = $1, publish_fence = publish_fence + 1, publish_until = clock_timestamp() + $2
WHERE run_id = (
    SELECT run_id FROM jobs j
    WHERE NOT publish_until BETWEEN clock_timestamp() AND clock_timestamp() + 2 * $2::interval -- see segments._CLAIM
      AND NOT run_id = ANY($3) AND (
        (state IN ('processing', 'failed') AND NOT given_up AND (
            published = total
            OR EXISTS (SELECT 1 FROM frames f WHERE f.run_id = j.run_id AND f.index = j.published + 1)
            OR (total = published + 1
                AND EXISTS (SELECT 1 FROM frames f WHERE f.run_id = j.run_id AND f.index = j.published))))
        OR (state = 'failed' AND given_up AND marked < attempt AND (published > 0
            OR EXISTS (SELECT 1 FROM frames f WHERE f.run_id = j.run_id AND f.index = j.published))))
    ORDER BY publish_until LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING *
"""
_READY = "SELECT * FROM frames WHERE run_id = $1 AND index >= $2 ORDER BY index LIMIT $3"
_RELEASE = "UPDATE jobs SET publish_until = '-infinity' WHERE run_id = $1 AND publish_fence = $2"
_PUT_OFF = "UPDATE jobs SET publish_until = clock_timestamp() + $3 WHERE run_id = $1 AND publish_fence = $2"
_ADVANCE = """
UPDATE jobs SET published = $3, dirty = true, publish_until = '-infinity', updated_at = clock_timestamp()
WHERE run_id = $1 AND publish_fence = $2 AND state IN ('processing', 'failed') RETURNING true
"""
_DONE = """
UPDATE jobs SET published = $3, state = 'done', stage = 'done', best_thumb = $4, publish_until = '-infinity',
    updated_at = clock_timestamp()
WHERE run_id = $1 AND publish_fence = $2 AND state = 'processing' RETURNING true
"""
_MARKED = """
UPDATE jobs SET published = $3, marked = attempt, publish_until = '-infinity', updated_at = clock_timestamp()
WHERE run_id = $1 AND publish_fence = $2 AND given_up RETURNING true
"""
_BEST = """
SELECT best_thumb FROM segments WHERE run_id = $1 AND best_thumb IS NOT NULL
ORDER BY best_score DESC, number LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Release:
    """What to publish of a run now. `last`: the final one of `frames` ends the run; `marker`: a record without a
    picture does, because the run was given up, or was before and told so."""

    frames: tuple[Frame, ...]
    last: bool
    marker: bool

    @property
    def ends(self) -> bool:
        """Whether nothing comes after this."""
        return self.last or self.marker


def release(
    frames: Sequence[Frame], published: int, total: int | None, failed: bool, marked: bool, room: int
) -> Release:
    """The frames that follow on `published` without a gap, as far as there is room.

    Until the total is known the newest is held back: it could be the last one, and must then say so.
    """
    prefix = [frame for place, frame in enumerate(frames) if frame.index == published + place]
    if total is None and not failed:
        prefix = prefix[:-1]
    ready = tuple(prefix[:room])
    complete = len(ready) == len(prefix) and (failed or published + len(ready) == total)
    marker = complete and (failed or marked or not ready)
    return Release(ready, complete and not marker, marker)


class Publisher:
    """Claims runs that have something to publish, one after another, each under its own lease and fence."""

    def __init__(
        self,
        owner: str,
        pool: asyncpg.Pool,
        store: ObjectStore,
        producer: Producer,
        window: Window,
        *,
        clock: Clock,
        metrics: Metrics,
        log: Any,
    ) -> None:
        self._owner, self._pool, self._store, self._producer, self._window = owner, pool, store, producer, window
        self._clock, self._metrics, self._log = clock, metrics, log
        metrics.count("frames_total", 0, outcome="extracted", reason="")  # increase() misses what a series begins with

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; a database that goes away is waited for."""
        while not stop.is_set():
            try:
                most = await self.round()
            except DISCONNECTED as error:
                self._log.warning("database_away", error=type(error).__name__)
                most = 0
            if most < BATCH:
                await wait_or_stop(self._clock, GATHER_S if most else POLL_S, stop)

    async def round(self) -> int:
        """Let every run that has something publish one batch; the records of the largest, 0 if nothing went out."""
        done, most = list[str](), 0
        while (row := await self._claim(done)) is not None:
            if await self._window.room() == 0:
                await self._pool.execute(_RELEASE, row["run_id"], row["publish_fence"])
                return 0
            most = max(most, await self._publish(row))
            done.append(row["run_id"])
        return most

    async def _claim(self, done: list[str]) -> asyncpg.Record | None:
        async with self._pool.acquire() as conn:
            return await conn.fetchrow(_CLAIM, self._owner, timedelta(seconds=LEASE_S), done)

    async def _publish(self, row: asyncpg.Record) -> int:
        """One batch of a claimed run; how many records went out, at least 1 for a run that was seen to."""
        async with self._pool.acquire() as conn:
            rows = await conn.fetch(_READY, row["run_id"], row["published"], BATCH + 1)
        failed = row["given_up"]
        room = min(BATCH, await self._window.room())
        going = release(
            [_frame(each) for each in rows], row["published"], row["total"], failed, row["marked"] > 0, room
        )
        if len(rows) > BATCH:
            going = Release(going.frames, last=False, marker=False)
        try:
            best = await self._best_thumbnail(row) if going.ends and not failed else False
        except Failed as error:
            self._log.warning("thumbnail_put_off", run_id=row["run_id"], error=str(error))
            self._metrics.count("work_total", stage="publish", outcome="storage_failed")
            await self._pool.execute(_PUT_OFF, row["run_id"], row["publish_fence"], timedelta(seconds=PUT_OFF_S))
            return 1
        await self._producer.send_all(self._messages(row, going))
        self._window.released(len(going.frames))
        await self._advance(row, going, best)
        return max(1, len(going.frames))

    def _messages(self, row: asyncpg.Record, going: Release) -> list[Encoded]:
        cause, now = telling.received_of(dict(row)), self._clock.now()
        final = len(going.frames) - 1
        messages = [
            telling.frame_event(cause, frame, going.last and place == final, now)
            for place, frame in enumerate(going.frames)
        ]
        if going.marker:
            index = row["published"] + len(going.frames)
            messages.append(telling.last_marker(cause, index, going.frames[-1].media_ms if going.frames else 0, now))
        return messages

    async def _advance(self, row: asyncpg.Record, going: Release, best: bool) -> None:
        """Remember what is acknowledged. Whoever lost the lease in between changes nothing."""
        run_id, fence, published = row["run_id"], row["publish_fence"], row["published"] + len(going.frames)
        done = going.ends and not row["given_up"]
        async with self._pool.acquire() as conn, conn.transaction():
            if done:
                mine = await conn.fetchval(_DONE, run_id, fence, published, best)
            else:
                mine = await conn.fetchval(_MARKED if going.ends else _ADVANCE, run_id, fence, published)
            if not mine:
                return
            await conn.execute("DELETE FROM frames WHERE run_id = $1 AND index < $2", run_id, published)
            if done:
                await conn.execute("DELETE FROM segments WHERE run_id = $1", run_id)
                await jobs.tell(conn, run_id, self._clock.now())
        self._metrics.count("work_total", len(going.frames), stage="publish", outcome="ok")
        upload = telling.upload_of(dict(row))
        if "tables" in upload.make and upload.layout_key is not None:
            self._metrics.count("frames_total", len(going.frames), outcome="extracted", reason="")
        self._tell(row, going, published)

    def _tell(self, row: asyncpg.Record, going: Release, published: int) -> None:
        cause = telling.received_of(dict(row))
        ids = {"run_id": row["run_id"], "video_id": row["video_id"], "trace_id": (cause.traceparent or "")[3:35]}
        tell = self._log.info if going.ends else self._log.debug
        tell(
            "run_published" if going.ends else "frames_published", **ids, frames=len(going.frames), published=published
        )

    async def _best_thumbnail(self, row: asyncpg.Record) -> bool:
        async with self._pool.acquire() as conn:
            thumb = await conn.fetchval(_BEST, row["run_id"])
        if thumb is None:
            return False
        try:
            await self._store.put(keys.thumbnail(row["site_id"], row["run_id"], "best"), thumb, "image/jpeg")
        except Exception as error:  # the boundary to storage: every backend has its own errors
            raise Failed(STORAGE_FAILED, str(error)) from error
        return True


def _frame(row: asyncpg.Record) -> Frame:
    return Frame(**{name: row[name] for name in Frame.__slots__})
