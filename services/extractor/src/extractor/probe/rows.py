"""Rows of probes: what was asked for, who works on it, under a lease with a fence, and whether it is answered.

Times are those of the database, but for `requested_at` and `expires_at`, which are the api's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from chassis import outbox
from extractor.events import cause_json
from tablewatch_schemas import CameraCommand, Encoded, Received, from_json, to_json

Connection = asyncpg.Connection | PoolConnectionProxy

_ADD = """
INSERT INTO probes (probe_id, site_id, command, cause, requested_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (probe_id) DO NOTHING RETURNING probe_id
"""
# A lease in the far future was written before the server's clock stepped back: it counts as run out.
_FREE = "answered_at IS NULL AND NOT lease_until BETWEEN clock_timestamp() AND clock_timestamp() + 2 * $1::interval"
_CLAIM = f"""
WITH next AS (
    SELECT probe_id FROM probes
    WHERE {_FREE} AND expires_at - $2::interval > clock_timestamp() AND attempts < $3
    ORDER BY requested_at LIMIT $4 FOR UPDATE SKIP LOCKED
)
UPDATE probes p SET owner = $5, fence = fence + 1, attempts = attempts + 1, lease_until = clock_timestamp() + $1
FROM next WHERE p.probe_id = next.probe_id
RETURNING p.*, extract(epoch FROM p.expires_at - clock_timestamp())::float8 AS left_s
"""  # noqa: S608 (constants; every value is a parameter)
_ABANDONED = f"""
SELECT * FROM probes WHERE {_FREE} AND (expires_at - $2::interval <= clock_timestamp() OR attempts >= $3)
ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 (as above)
_RENEW = """
UPDATE probes p SET lease_until = clock_timestamp() + $3
FROM unnest($1::text[], $2::bigint[]) AS mine (probe_id, fence)
WHERE p.probe_id = mine.probe_id AND p.fence = mine.fence AND p.answered_at IS NULL
RETURNING p.probe_id
"""
_RELEASE = """
UPDATE probes p SET owner = NULL, lease_until = '-infinity', attempts = p.attempts - 1
FROM unnest($1::text[], $2::bigint[]) AS mine (probe_id, fence)
WHERE p.probe_id = mine.probe_id AND p.fence = mine.fence AND p.answered_at IS NULL
"""
_ANSWER = """
UPDATE probes SET answered_at = clock_timestamp() WHERE probe_id = $1 AND fence = $2 AND answered_at IS NULL
RETURNING probe_id
"""
_OLD = """
SELECT probe_id, site_id FROM probes WHERE requested_at < clock_timestamp() - $1::interval
ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe that this process works on, or answers. `left_s`: until it expires, when it was taken."""

    cause: Received[CameraCommand]
    fence: int
    attempts: int
    left_s: float

    @property
    def command(self) -> CameraCommand:
        """What was asked for."""
        assert self.cause.event is not None  # noqa: S101 - a row is made of a command, never of a tombstone
        return self.cause.event

    @property
    def probe_id(self) -> str:
        return self.command.probe_id

    @property
    def discovers(self) -> bool:
        """Whether cameras are looked for; else one is opened."""
        return self.command.action == "discover"


async def add(conn: Connection, received: Received[CameraCommand], command: CameraCommand) -> bool:
    """Store a probe to be made; False if it was stored before."""
    row = await conn.fetchrow(
        _ADD,
        *(command.probe_id, command.site_id, to_json(command).decode(), cause_json(received)),
        *(command.requested_at, command.expires_at),
    )
    return row is not None


async def claim(
    conn: Connection, owner: str, lease: timedelta, most: int, *, least_left: timedelta, attempts: int
) -> list[Probe]:
    """Take probes that nobody works on, that have `least_left` before they expire, and have not had all `attempts`."""
    rows = await conn.fetch(_CLAIM, lease, least_left, attempts, most, owner)
    return [_probe(row, row["left_s"]) for row in rows]


async def next_abandoned(conn: Connection, lease: timedelta, *, least_left: timedelta, attempts: int) -> Probe | None:
    """One that `claim` never gives out any more and nobody works on, its row locked. In a transaction."""
    row = await conn.fetchrow(_ABANDONED, lease, least_left, attempts)
    return None if row is None else _probe(row, 0.0)


async def renew(conn: Connection, held: Sequence[Probe], lease: timedelta) -> set[str]:
    """Extend the leases; the ids of those that are still ours."""
    return {row["probe_id"] for row in await conn.fetch(_RENEW, *_columns(held), lease)}


async def release(conn: Connection, held: Sequence[Probe]) -> None:
    """For another process to take at once; these attempts do not count."""
    await conn.execute(_RELEASE, *_columns(held))


async def answer(conn: Connection, probe: Probe, event: Encoded) -> bool:
    """Store that it is answered and enqueue the answer; False if it is not ours any more. In a transaction."""
    row = await conn.fetchrow(_ANSWER, probe.probe_id, probe.fence)
    if row is not None:
        await outbox.enqueue(conn, event)
    return row is not None


async def next_old(conn: Connection, age: timedelta) -> tuple[str, str] | None:
    """Ids of a probe and its site that was asked for longer ago than `age`, its row locked. In a transaction."""
    row = await conn.fetchrow(_OLD, age)
    return None if row is None else (row["probe_id"], row["site_id"])


async def known(conn: Connection, probe_ids: Sequence[str]) -> set[str]:
    """Which of them have a row."""
    found = await conn.fetch("SELECT probe_id FROM probes WHERE probe_id = ANY($1::text[])", probe_ids)
    return {row["probe_id"] for row in found}


async def remove(conn: Connection, probe_id: str) -> None:
    """Forget it."""
    await conn.execute("DELETE FROM probes WHERE probe_id = $1", probe_id)


def _columns(held: Sequence[Probe]) -> tuple[list[str], list[int]]:
    return [each.probe_id for each in held], [each.fence for each in held]


def _probe(row: asyncpg.Record, left_s: float) -> Probe:
    command = from_json(CameraCommand, row["command"])
    return Probe(
        _received(command, orjson.loads(row["cause"]), row["requested_at"]), row["fence"], row["attempts"], left_s
    )


def _received(command: CameraCommand, cause: dict[str, str | None], time: datetime) -> Received[CameraCommand]:
    """The record that the probe was made of, as far as the answer needs it for a cause."""
    return Received(
        event=command,
        topic=CameraCommand.TOPIC,
        key=command.probe_id,
        id=str(cause["id"]),
        source="",
        type="",
        time=time,
        subject=None,
        correlation_id=str(cause["correlation_id"]),
        causation_id=None,
        traceparent=cause["traceparent"],
        version=None,
    )
