"""Applies a batch of records: rows, site events and the offsets of the records, in one transaction."""

from collections.abc import Sequence

import asyncpg

from api.compute import sliced
from api.model.events import job_event
from api.model.job import Video, is_visible_change
from api.model.job_transitions import JobTransition, TimedEvent, apply_events
from api.model.projections import READ_MODELS
from api.model.run_facts import RunFacts
from api.model.site_events import NewSiteEvent
from api.project.batch import Batch, DecodedRecord, new_records
from api.project.camera_states import apply_pictures
from api.project.keyed import apply_keyed
from api.project.reports import JobTransitions
from api.store import Connection, crops, frames, job_history, layout_hints, offsets, site_events, sites, videos


async def apply(pool: asyncpg.Pool, records: Sequence[DecodedRecord], jobs: list[JobTransitions] | None = None) -> int:
    """Apply the records, without those that were applied before. Returns the number of site events.

    `jobs` takes the transitions of jobs, once they are committed.
    """
    committed: list[JobTransitions] = []
    async with pool.acquire() as conn, conn.transaction():
        next_offsets = await offsets.lock(conn, {record.topic_partition for record, _ in records})
        batch = new_records(records, next_offsets)
        if not batch.offsets:
            return 0
        events = await _apply_batch(conn, batch, committed)
        await offsets.save(conn, batch.offsets)
        count = await site_events.append(conn, events)
    if jobs is not None:
        jobs.extend(committed)
    return count


async def _apply_batch(conn: Connection, batch: Batch, jobs: list[JobTransitions]) -> list[NewSiteEvent]:
    """Records of runs that nobody announced or that are being deleted leave nothing, nor do those of unknown sites."""
    locked = await videos.lock_runs(conn, batch.runs) if batch.runs else {}
    runs = {run_id: video for run_id, video in locked.items() if not video.deleting}
    await _add_rows(conn, batch, runs)
    if hints := [look for look in batch.hints if look.run_id is None or look.run_id in runs]:
        await layout_hints.add(conn, hints)
    known_sites = await sites.known(conn, batch.sites) if batch.sites else set()
    events: list[NewSiteEvent] = []
    for topic in READ_MODELS:
        records = [each for each in batch.keyed[topic] if each.event is None or each.event.site_id in known_sites]
        events += await apply_keyed(conn, topic, records, runs.keys()) if records else []
        events += await apply_pictures(conn, records) if topic == "camera.status" else []
    return events + await _apply_run_events(conn, batch, runs, jobs)


async def _add_rows(conn: Connection, batch: Batch, runs: dict[str, Video]) -> None:
    """Frames and crops. A last record without an object is a mark of the run's end and no row."""
    with_frame = [each for each in batch.run_rows["frames"] if each.run_id in runs and each.object_key is not None]
    with_crops = [each for each in batch.run_rows["crops"] if each.run_id in runs and each.crops_key is not None]
    if with_frame:
        await frames.add(conn, with_frame)
    if with_crops:
        await crops.add(conn, with_crops)


async def _apply_run_events(
    conn: Connection, batch: Batch, runs: dict[str, Video], jobs: list[JobTransitions]
) -> list[NewSiteEvent]:
    """Store the facts of the runs that changed; the job documents whose readers would see a difference."""
    changed: list[tuple[Video, Video]] = []
    for run_id, events in batch.run_events.items():
        before = runs.get(run_id)
        if before is None:
            continue
        facts, transitions = await _facts_after(before, events)
        if facts != before.facts:
            changed.append((before, before.with_facts(facts)))
            await job_history.append(conn, run_id, transitions)
            if transitions:
                jobs.append(JobTransitions(before.run, facts, transitions, batch.traces.get(run_id)))
    await videos.save(conn, [after for _, after in changed])
    return [
        job_event(after)
        async for before, after in sliced(changed)
        if is_visible_change(before.document(), after.document())
    ]


async def _facts_after(video: Video, events: Sequence[TimedEvent]) -> tuple[RunFacts, list[JobTransition]]:
    """The facts after the events, and the transitions on the way: a run of many tables has a lot to count for each."""
    facts, transitions = video.facts, list[JobTransition]()
    async for event in sliced(events):
        facts, more = apply_events(video.run, facts, [event])
        transitions += more
    return facts, transitions
