"""Carrying deletions through: verify that the owners' objects are gone, delete our own rows, hand out the receipt."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from api import announce
from api.store import answers, deletions, site_events, state_history
from api.store.deletions import Deletion
from chassis import outbox
from chassis.clock import Clock, wait_or_stop
from chassis.objects import ObjectStore
from tablewatch_schemas import keys

CLEAN_SWEEPS = 2
PRUNE_EVERY_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How often we look, how long owners have, how late something may come, how long events and history are kept."""

    every_s: float
    patience_s: float
    late: timedelta
    keep_events: timedelta
    keep_history: timedelta


def prefixes(deletion: Deletion) -> list[str]:
    """Every place that the video or its run can have objects in; the manifest is ours."""
    site, run = deletion.site_id, deletion.run_id
    return [
        keys.original_prefix(site, deletion.video_id),
        keys.frames_prefix(site, run),
        keys.crops_prefix(site, run),
        keys.thumbs_prefix(site, run),
    ]


def ends_with(deletion: Deletion, left: int) -> bool:
    """Whether a sweep that found `left` objects is the last before the receipt, or a later one. Pure.

    The manifest goes last: until their part is done the owners look up in it what the run was made of.
    """
    return deletion.deleted_at is not None or (not left and deletion.clean_sweeps + 1 >= CLEAN_SWEEPS)


def after_sweep(
    deletion: Deletion, *, left: int, removed: int, now: datetime, times: Times
) -> tuple[Deletion, datetime]:
    """(the deletion as it stands, when to look again) after a sweep that found `left` objects of others. Pure."""
    clean = deletion.clean_sweeps + 1 if not left else 0
    swept = replace(deletion, clean_sweeps=clean, objects=deletion.objects + removed)
    if swept.deleted_at is None and clean >= CLEAN_SWEEPS:
        return replace(swept, deleted_at=now), now + times.late
    waited = (now - deletion.requested_at).total_seconds()
    return swept, now + timedelta(seconds=min(max(times.every_s, waited / 4), 60.0))


class Sweeper:
    """Any number may run: a deletion is locked while it is swept."""

    def __init__(self, pool: asyncpg.Pool, objects: ObjectStore, times: Times, clock: Clock, log: Any) -> None:
        self._pool, self._objects, self._times, self._clock, self._log = pool, objects, times, clock, log

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep what is due and prune the event log, until `stop`."""
        pruned_at = self._clock.monotonic() - PRUNE_EVERY_S
        while not stop.is_set():
            try:
                while await self.sweep_one():
                    pass
                if self._clock.monotonic() - pruned_at >= PRUNE_EVERY_S:
                    pruned_at = self._clock.monotonic()
                    await self.prune()
            except Exception as error:  # noqa: BLE001 (each object store raises faults of its own; a sweep is repeated)
                self._log.warning("sweep_failed", error=repr(error))
            await wait_or_stop(self._clock, self._times.every_s, stop)

    async def prune(self) -> int:
        """Delete what is old: events to resume from, transitions of tables, answers kept for repeated requests."""
        async with self._pool.acquire() as conn:
            await answers.prune(conn, self._clock.now())
            while await state_history.prune(conn, self._clock.now() - self._times.keep_history):
                pass
            return await site_events.prune(conn, self._clock.now(), self._times.keep_events)

    async def sweep_one(self) -> bool:
        """Sweep the deletion that is due longest; False when there is none."""
        now = self._clock.now()
        async with self._pool.acquire() as conn, conn.transaction():
            deletion = await deletions.due(conn, now)
            if deletion is None:
                return False
            patient = (now - deletion.requested_at).total_seconds() < self._times.patience_s
            left, removed = await self._look(deletion, remove=not patient or deletion.deleted_at is not None)
            await self._go_on(conn, deletion, left, removed, now)
        return True

    async def _look(self, deletion: Deletion, *, remove: bool) -> tuple[int, int]:
        """(objects left, objects removed). The owners delete their own; what they leave we do, after a while."""
        removed = left = 0
        for prefix in prefixes(deletion):
            if remove:
                removed += await self._objects.delete_prefix(prefix)
            left += len([info async for info in self._objects.list(prefix)])
        if ends_with(deletion, left):
            removed += await self._remove_manifest(deletion)
        return left, removed

    async def _remove_manifest(self, deletion: Deletion) -> int:
        key = keys.manifest(deletion.site_id, deletion.run_id)
        there = await self._objects.stat(key) is not None
        await self._objects.delete(key)
        return int(there)

    async def _go_on(self, conn: Any, deletion: Deletion, left: int, removed: int, now: datetime) -> None:
        after, again = after_sweep(deletion, left=left, removed=removed, now=now, times=self._times)
        if deletion.deleted_at is not None and not left:
            await deletions.forget(conn, deletion.video_id)
            return
        if after.deleted_at is not None and deletion.deleted_at is None:
            await deletions.delete_rows(conn, after)
            await outbox.add(conn, announce.asset_deleted(after, now))
            self._log.info("video_deleted", video_id=after.video_id, objects=after.objects)
        await deletions.swept(conn, after, again)
