"""Carries deletions through: waits for the other services' objects to go, deletes the api's rows, sends the receipt."""

import asyncio
from datetime import datetime
from typing import Any

import asyncpg

from api.model import events
from api.model.deletion import Deletion, SweepOptions, after_sweep, is_last_sweep, prefixes, removes_objects
from api.store import (
    Connection,
    camera_scores,
    deletions,
    dry_runs,
    idempotent_responses,
    layout_decisions,
    probes,
    site_events,
    state_history,
)
from chassis import outbox
from chassis.clock import Clock, wait_or_stop
from objects.store import ObjectStore
from tablewatch_schemas import keys

PRUNE_EVERY_S = 600.0


class Sweeper:
    """Sweeps deletions and prunes old rows. Any number may run: a deletion is locked while it is swept."""

    def __init__(self, pool: asyncpg.Pool, objects: ObjectStore, options: SweepOptions, clock: Clock, log: Any) -> None:
        self._pool, self._objects, self._options, self._clock, self._log = pool, objects, options, clock, log

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep what is due and prune, until `stop`."""
        pruned_at = self._clock.monotonic() - PRUNE_EVERY_S
        while not stop.is_set():
            try:
                while await self.sweep_one() or await self.sweep_camera() or await self.sweep_dry_run():
                    pass
                if self._clock.monotonic() - pruned_at >= PRUNE_EVERY_S:
                    pruned_at = self._clock.monotonic()
                    await self.prune()
            except Exception as error:  # noqa: BLE001 (each object store raises faults of its own; a sweep is repeated)
                self._log.warning("sweep_failed", error=repr(error))
            await wait_or_stop(self._clock, self._options.every_s, stop)

    async def prune(self) -> int:
        """Delete old site events, live transitions of tables, probes, scores, idempotent responses; how many events."""
        now = self._clock.now()
        async with self._pool.acquire() as conn:
            await idempotent_responses.prune(conn, now)
            await probes.prune(conn, now)
            await camera_scores.prune(conn, now)
            while await state_history.prune(conn, now - self._options.history_retention):
                pass
            return await site_events.prune(conn, now, self._options.event_retention)

    async def sweep_one(self) -> bool:
        """Sweep the deletion that is due longest; False when there is none."""
        now = self._clock.now()
        async with self._pool.acquire() as conn, conn.transaction():
            deletion = await deletions.due(conn, now)
            if deletion is None:
                return False
            left, removed = await self._sweep_objects(deletion, remove=removes_objects(deletion, now, self._options))
            await self._record(conn, deletion, left, removed, now)
        return True

    async def sweep_camera(self) -> bool:
        """Delete the kept pictures and dry runs of a camera that was deleted; False when there is none."""
        async with self._pool.acquire() as conn, conn.transaction():
            due = await layout_decisions.due_sweep(conn, self._clock.now())
            if due is None:
                return False
            await self._objects.delete_prefix(keys.decisions_prefix(*due))
            await self._objects.delete_prefix(keys.dry_runs_prefix(*due))
            await layout_decisions.swept(conn, due[1])
        return True

    async def sweep_dry_run(self) -> bool:
        """Delete a dry run that is kept no longer, its objects first; False when there is none."""
        async with self._pool.acquire() as conn, conn.transaction():
            old = await dry_runs.oldest(conn, self._clock.now())
            if old is None:
                return False
            await self._objects.delete_prefix(keys.dry_run_prefix(*old))
            await dry_runs.remove(conn, old["dry_run_id"])
        return True

    async def _sweep_objects(self, deletion: Deletion, *, remove: bool) -> tuple[int, int]:
        """(objects left, objects removed)."""
        removed = left = 0
        for prefix in prefixes(deletion):
            if remove:
                removed += await self._objects.delete_prefix(prefix)
            left += len([info async for info in self._objects.list(prefix)])
        if is_last_sweep(deletion, left):
            removed += await self._remove_manifest(deletion)
        return left, removed

    async def _remove_manifest(self, deletion: Deletion) -> int:
        key = keys.manifest(deletion.site_id, deletion.run_id)
        exists = await self._objects.stat(key) is not None
        await self._objects.delete(key)
        return int(exists)

    async def _record(self, conn: Connection, deletion: Deletion, left: int, removed: int, now: datetime) -> None:
        """Write the result of a sweep; with the last clean one the rows go and the receipt is sent."""
        swept, next_sweep_at = after_sweep(deletion, left=left, removed=removed, now=now, options=self._options)
        if deletion.deleted_at is not None and not left:
            await deletions.remove(conn, deletion.video_id)
            return
        if swept.deleted_at is not None and deletion.deleted_at is None:
            await deletions.delete_rows(conn, swept)
            await outbox.enqueue(conn, events.asset_deleted_event(swept, now))
            self._log.info("video_deleted", video_id=swept.video_id, objects=swept.objects)
        await deletions.save_sweep(conn, swept, next_sweep_at)
