"""Rows of cameras: what is to be captured, who does, under a lease with a fence, and the status reported last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from chassis import outbox
from extractor.model.camera_status import DELETED, CameraStatusNow, Finding
from extractor.model.share import FULL_REASON, Change, Load, weight
from tablewatch_schemas import (
    CameraConfig,
    CameraStatus,
    CameraStatusLayoutProposal,
    Encoded,
    encode,
    from_json,
    to_json,
    to_ms,
    tombstone,
)
from tablewatch_schemas.times import from_ms

Connection = asyncpg.Connection | PoolConnectionProxy

SOURCE = "tablewatch/extractor"

# Of one version again: a process of before has left out fields that it does not know.
_APPLY = """
INSERT INTO cameras (camera_id, site_id, version, config, captured, weight) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (camera_id) DO UPDATE
SET version = excluded.version, config = excluded.config, captured = excluded.captured, site_id = excluded.site_id,
    weight = excluded.weight, deleted_at = NULL
WHERE cameras.version < excluded.version
   OR cameras.version = excluded.version AND cameras.config <> excluded.config
"""
_DELETED = """
UPDATE cameras SET version = $2, config = NULL, captured = false, swept_at = '-infinity', deleted_at = clock_timestamp()
WHERE camera_id = $1 AND version < $2
"""
_SEEN = """
INSERT INTO capturers (owner, seen_at, weight, is_full) VALUES ($1, clock_timestamp(), $2, $3)
ON CONFLICT (owner) DO UPDATE SET seen_at = clock_timestamp(), weight = excluded.weight, is_full = excluded.is_full
"""
# A time in the future was written before the server's clock stepped back: it counts as past.
_LOAD = """
SELECT (SELECT coalesce(sum(weight), 0) FROM cameras WHERE captured) AS weight,
       count(*)::int AS processes,
       count(*) FILTER (WHERE is_full AND owner <> $1)::int AS full_others,
       coalesce(sum(weight) FILTER (WHERE is_full AND owner <> $1), 0) AS full_weight
FROM capturers WHERE seen_at BETWEEN clock_timestamp() - $2::interval AND clock_timestamp()
"""
_FORGET_OLD = "DELETE FROM capturers WHERE seen_at < clock_timestamp() - interval '1 day'"
_RENEW = """
UPDATE cameras c SET lease_until = clock_timestamp() + $4, captured_ms = coalesce(mine.captured_ms, c.captured_ms)
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS mine (camera_id, fence, captured_ms)
WHERE c.camera_id = mine.camera_id AND c.fence = mine.fence AND c.captured
RETURNING c.*
"""
_CLAIM = """
WITH free AS (
    SELECT camera_id, weight FROM cameras
    WHERE captured AND NOT lease_until BETWEEN clock_timestamp() AND clock_timestamp() + 2 * $2::interval
    ORDER BY camera_id LIMIT $3 FOR UPDATE SKIP LOCKED
), next AS (
    SELECT camera_id FROM (SELECT camera_id, sum(weight) OVER (ORDER BY camera_id) - weight AS before FROM free) AS sums
    WHERE before < $4
)
UPDATE cameras c SET owner = $1, fence = fence + 1, lease_until = clock_timestamp() + $2
FROM next WHERE c.camera_id = next.camera_id
RETURNING c.*
"""
_GIVE_BACK = """
UPDATE cameras c
SET owner = NULL, lease_until = '-infinity', captured_ms = coalesce(mine.captured_ms, c.captured_ms)
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS mine (camera_id, fence, captured_ms)
WHERE c.camera_id = mine.camera_id AND c.fence = mine.fence
"""
_STATUS = """
UPDATE cameras SET status = $3, status_reason = $4, status_since = $5, published_at = $6,
    status_version = greatest(status_version + 1, $7), status_code = $8, layout_proposal = $9,
    status_source_version = $10
WHERE camera_id = $1 AND fence = $2 AND captured
RETURNING site_id, status_version
"""
_REST = """
UPDATE cameras SET status = $5, status_code = $6, status_reason = $2, status_since = $3, published_at = $3,
    layout_proposal = NULL, status_version = greatest(status_version + 1, $4)
WHERE camera_id = $1 AND version = $7 AND NOT captured AND status IS NOT NULL
    AND (status_reason <> $2 OR status_code IS DISTINCT FROM $6)
RETURNING site_id, status_version, captured_ms
"""
_END_STATUS = "UPDATE cameras SET status_version = status_version + 1 WHERE camera_id = $1 RETURNING status_version"
# Nobody has had it for a lease, or ever.
_COUNT_UNCLAIMED = """
SELECT count(*)::int FROM cameras WHERE captured
    AND NOT lease_until BETWEEN clock_timestamp() - $1::interval AND clock_timestamp() + 2 * $1::interval
"""
_REPORT_UNCLAIMED = """
UPDATE cameras SET status = 'offline', status_code = NULL, status_reason = $2, published_at = $3,
    status_since = CASE WHEN status = 'offline' THEN status_since ELSE $3 END,
    status_version = greatest(status_version + 1, $4)
WHERE camera_id = (
    SELECT camera_id FROM cameras WHERE captured AND status_reason IS DISTINCT FROM $2
        AND NOT lease_until BETWEEN clock_timestamp() - $1::interval AND clock_timestamp() + 2 * $1::interval
    ORDER BY camera_id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING camera_id, site_id, status_version, status_since, captured_ms
"""
_NEXT_SWEEP = """
UPDATE cameras SET swept_at = clock_timestamp() WHERE camera_id = (
    SELECT camera_id FROM cameras
    WHERE NOT swept_at BETWEEN clock_timestamp() - $1::interval AND clock_timestamp()
    ORDER BY swept_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING camera_id, site_id, config IS NULL AS deleted, layout_proposal->>'proposal_id' AS proposal_id
"""
_FORGET_DELETED = """
DELETE FROM cameras WHERE config IS NULL AND deleted_at < clock_timestamp() - $1::interval AND swept_at > deleted_at
"""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A camera whose old live frames are to be deleted; all of them if it was deleted itself. `proposal_id`: of the
    layout that is proposed for it."""

    camera_id: str
    site_id: str
    deleted: bool
    proposal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A camera that this process has, and the Unix ms of its last frame."""

    camera_id: str
    fence: int
    captured_ms: int | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A camera that this process captures, as it is configured now. `status` is the last that was published, with
    `layout_proposal`; `captured_ms` the time of the last frame, as the row has it: at most a round old.
    """

    config: CameraConfig
    fence: int
    status: CameraStatusNow | None
    captured_ms: int | None = None
    layout_proposal: CameraStatusLayoutProposal | None = None

    @property
    def camera_id(self) -> str:
        return self.config.camera_id


async def apply(conn: Connection, version: int, config: CameraConfig, captured: bool) -> None:
    """Store how a camera is set up, unless something newer is stored. `rest` has to follow, in the same transaction."""
    document = to_json(config).decode()
    await conn.execute(_APPLY, config.camera_id, config.site_id, version, document, captured, weight(config.cadence_ms))


async def delete(conn: Connection, camera_id: str, version: int) -> None:
    """The camera was deleted: it is captured no more, and its pictures go. `rest` has to follow."""
    await conn.execute(_DELETED, camera_id, version)


async def rest(conn: Connection, camera_id: str, version: int, found: Finding, now: datetime) -> None:
    """Report a camera as offline or paused if nobody is to capture it any more and it was reported as something else:
    nobody else does, and it would stay live for ever. In a transaction. An older `version` than is stored says nothing.
    The last record of a deleted camera is a tombstone.
    """
    reported = found.reason, now, _least_version(now), found.status, found.code, version
    row = await conn.fetchrow(_REST, camera_id, *reported)
    if row is not None:
        status = CameraStatusNow(found.status, found.reason, now, now, found.code)
        last = _frame_at(row["captured_ms"])
        await outbox.enqueue(conn, _event(camera_id, row["site_id"], row["status_version"], status, last, now))
        if found == DELETED:
            version = await conn.fetchval(_END_STATUS, camera_id)
            await outbox.enqueue(
                conn, tombstone(CameraStatus, camera_id, source=SOURCE, time=now, lane="live", version=version)
            )


async def seen(conn: Connection, owner: str, lease: timedelta, held: float, is_full: bool) -> Load:
    """Note that this process lives, and the weight of what it has; what there is to be shared."""
    await conn.execute(_SEEN, owner, held, is_full)
    [row] = await conn.fetch(_LOAD, owner, lease)
    return Load(row["weight"], row["processes"], row["full_others"], row["full_weight"])


async def leave(conn: Connection, owner: str) -> None:
    """This process captures no more."""
    await conn.execute("DELETE FROM capturers WHERE owner = $1", owner)
    await conn.execute(_FORGET_OLD)


async def renew(conn: Connection, held: Sequence[Held], lease: timedelta) -> list[Claimed]:
    """Extend the leases; those that are still ours and to be captured."""
    rows = await conn.fetch(_RENEW, *_columns(held), lease)
    return [_claimed(row) for row in rows]


async def claim(conn: Connection, owner: str, lease: timedelta, change: Change) -> list[Claimed]:
    """Take cameras that nobody has."""
    return [_claimed(row) for row in await conn.fetch(_CLAIM, owner, lease, change.claim, change.room)]


async def unclaimed(conn: Connection, lease: timedelta) -> int:
    """Cameras that nobody has had for a lease, or ever."""
    return int(await conn.fetchval(_COUNT_UNCLAIMED, lease))


async def report_unclaimed(conn: Connection, lease: timedelta, now: datetime) -> bool:
    """Report one of them offline; False if all were. In a transaction."""
    row = await conn.fetchrow(_REPORT_UNCLAIMED, lease, FULL_REASON, now, _least_version(now))
    if row is not None:
        status = CameraStatusNow("offline", FULL_REASON, row["status_since"], now)
        last = _frame_at(row["captured_ms"])
        event = _event(row["camera_id"], row["site_id"], row["status_version"], status, last, now)
        await outbox.enqueue(conn, event)
    return row is not None


async def give_back(conn: Connection, held: Sequence[Held]) -> None:
    """For another process to claim at once."""
    await conn.execute(_GIVE_BACK, *_columns(held))


def _columns(held: Sequence[Held]) -> tuple[list[str], list[int], list[int | None]]:
    return [each.camera_id for each in held], [each.fence for each in held], [each.captured_ms for each in held]


async def next_sweep(conn: Connection, every: timedelta) -> Sweep | None:
    """The camera that was swept longest ago, if that is as long ago as `every`."""
    row = await conn.fetchrow(_NEXT_SWEEP, every)
    return None if row is None else Sweep(*row)


async def forget_deleted(conn: Connection, after: timedelta) -> None:
    """Delete the rows of cameras that were deleted so long ago, and swept since."""
    await conn.execute(_FORGET_DELETED, after)


async def report(
    conn: Connection,
    camera_id: str,
    fence: int,
    status: CameraStatusNow,
    last_frame_at: datetime | None,
    now: datetime,
    snapshot_key: str | None = None,
    layout_proposal: CameraStatusLayoutProposal | None = None,
) -> bool:
    """Store a status and enqueue its camera.status; False if the camera is not ours any more. In a transaction."""
    row = await conn.fetchrow(
        _STATUS,
        *(
            camera_id,
            fence,
            status.status,
            status.reason,
            status.since,
            status.published_at,
            _least_version(now),
            status.code,
            None if layout_proposal is None else msgspec.json.encode(layout_proposal).decode(),
            status.source_version,
        ),
    )
    if row is None:
        return False
    seen = last_frame_at, now, snapshot_key, layout_proposal
    await outbox.enqueue(conn, _event(camera_id, row["site_id"], row["status_version"], status, *seen))
    return True


def _frame_at(captured_ms: int | None) -> datetime | None:
    return None if captured_ms is None else from_ms(captured_ms)


def _least_version(now: datetime) -> int:
    """Unix milliseconds: versions rise also above records of a database that was lost."""
    return to_ms(now)


def _event(
    camera_id: str,
    site_id: str,
    version: int,
    status: CameraStatusNow,
    last_frame_at: datetime | None,
    now: datetime,
    snapshot_key: str | None = None,
    layout_proposal: CameraStatusLayoutProposal | None = None,
) -> Encoded:
    event = CameraStatus(
        camera_id=camera_id,
        site_id=site_id,
        version=version,
        status=status.status,
        reason=status.reason,
        code=status.code,
        since=status.since,
        observed_at=now,
        last_frame_at=last_frame_at,
        snapshot_key=snapshot_key,
        layout_proposal=layout_proposal,
        source_version=status.source_version,
    )
    return encode(event, source=SOURCE, time=now)


def _claimed(row: asyncpg.Record) -> Claimed:
    status = None
    if row["status"] is not None:
        status = CameraStatusNow(
            row["status"], row["status_reason"], row["status_since"], row["published_at"], row["status_code"],
            row["status_source_version"],
        )  # fmt: skip
    proposed = row["layout_proposal"]
    return Claimed(
        *(from_json(CameraConfig, row["config"]), row["fence"], status, row["captured_ms"]),
        None if proposed is None else msgspec.json.decode(proposed, type=CameraStatusLayoutProposal),
    )
