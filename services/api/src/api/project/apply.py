"""One batch of records becomes rows and site events, in one transaction with the offsets."""

from collections.abc import Collection, Sequence
from typing import Any

import asyncpg

from api.project.batch import KEYED, Batch
from api.project.history import follow
from api.project.narrate import Moved
from api.store import Connection, Json, crops, history, newest, offsets, site_events, sites, videos
from api.store.site_events import Told
from api.store.videos import Video
from chassis.records import Partition, Record
from tablewatch_schemas import FrameExtracted, Received

Read = tuple[Record, Received[Any] | None]
"""A record and what it says; None: it is dead-lettered, only its offset counts."""


async def apply(pool: asyncpg.Pool, records: Sequence[Read], moved: list[Moved] | None = None) -> int:
    """Fold the records; those that were folded before are left out. Returns how many site events came of it.

    `moved` takes the jobs that came to another place, once that is committed.
    """
    steps: list[Moved] = []
    async with pool.acquire() as conn, conn.transaction():
        known = await offsets.lock(conn, {record.place for record, _ in records})
        batch = sort_out(records, known)
        if not batch.offsets:
            return 0
        told = await _fold(conn, batch, steps)
        await offsets.save(conn, batch.offsets)
        count = await site_events.append(conn, told)
    if moved is not None:
        moved.extend(steps)
    return count


def sort_out(records: Sequence[Read], known: dict[Partition, int]) -> Batch:
    """The batch of what is new. Pure."""
    batch = Batch()
    for record, received in records:
        if record.offset < known.get(record.place, 0):
            continue
        batch.offsets[record.place] = record.offset + 1
        if received is not None:
            batch.add(received)
    return batch


async def _fold(conn: Connection, batch: Batch, steps: list[Moved]) -> list[Told]:
    locked = await videos.lock_runs(conn, batch.runs, ()) if batch.runs else {}
    ours = {run_id: video for run_id, video in locked.items() if not video.deleting}
    await _keep_frames(conn, [frame for frame in batch.frames if frame.run_id in ours])
    await crops.keep(conn, [each for each in batch.crops if each.run_id in ours])
    told: list[Told] = []
    there = await sites.known(conn, {each.event.site_id for each in batch.keyed if each.event is not None})
    keyed = [each for each in batch.keyed if each.event is None or each.event.site_id in there]
    for topic in KEYED:
        records = [each for each in keyed if each.topic == topic]
        told += await newest.write(conn, topic, records, ours.keys()) if records else []
    return told + await _fold_runs(conn, batch, ours, steps)


async def _fold_runs(conn: Connection, batch: Batch, ours: dict[str, Video], steps: list[Moved]) -> list[Told]:
    changed: list[tuple[Video, Video]] = []
    for run_id, events in batch.run_events.items():
        before = ours.get(run_id)
        if before is None:
            continue
        facts, transitions = follow(before.run, before.facts, events)
        if facts != before.facts:
            changed.append((before, before.told(facts)))
            await history.append(conn, run_id, transitions)
            if transitions:
                steps.append(Moved(before.run, facts, transitions, batch.traces.get(run_id)))
    await videos.save(conn, [after for _, after in changed])
    return [job_event(after) for before, after in changed if worth_telling(before.document(), after.document())]


def job_event(video: Video) -> Told:
    """The job document as the stream tells it."""
    run = video.run
    return Told(
        site_id=run.site_id, type="video.job", document=video.document(), run_id=run.run_id, camera_id=run.camera_id
    )


def worth_telling(before: Json, after: Json) -> bool:
    """Whether a reader would see a difference: anything but a fraction of a per cent."""
    return _seen(before) != _seen(after)


def _seen(document: Json) -> Json:
    stages = [(stage["name"], stage["status"]) for stage in document["stages"]]
    return document | {
        "updated_at": None,
        "eta_s": None,
        "next": None,
        "stages": stages,
        "progress": int(document["progress"]),
    }


async def _keep_frames(conn: Connection, frames: Collection[FrameExtracted]) -> None:
    await conn.executemany(
        "INSERT INTO frames VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
        [
            (f.run_id, f.index or 0, f.frame_id, f.site_id, f.object_key, f.captured_at, f.media_ms or 0, f.width,
             f.height, f.size_bytes, f.keyframe, f.sharpness, f.brightness)
            for f in frames
        ],
    )  # fmt: skip
