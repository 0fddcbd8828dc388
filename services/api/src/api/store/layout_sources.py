"""What layouts are pulled from, and the lease of a pull: any number of processes may pull."""

from datetime import datetime, timedelta

import asyncpg
import orjson

from api.model.errors import LayoutSourceNotFound
from api.model.layout_sources import LEASE, PULL_S, Answered, Claimed, Outcome, next_pull_at
from api.model.types import Json
from api.store import Connection
from tablewatch_schemas.times import write_time

LEAST_GAP = timedelta(seconds=10)
"""From the end of a pull to the next one, whoever asks for it: a cropper is not asked in a loop."""
LONGEST_PULL = timedelta(seconds=PULL_S + 5)
AT_ONCE_OF_SITE = 2
"""Pulls of one site, of all processes; two that claim at the same moment may make it one more."""
_CLAIM = """
UPDATE layout_sources SET pull_id = $1, leased_until = $3 WHERE camera_id = (
    SELECT camera_id FROM layout_sources due WHERE due_at <= $2 AND (leased_until IS NULL OR leased_until <= $2)
    AND (SELECT count(*) FROM layout_sources o WHERE o.site_id = due.site_id AND o.leased_until > $2) < $4
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING pull_id, camera_id, site_id, url, every_s, send_picture, token, etag, body_hash, failures, due_at
"""
_RECORD = """
UPDATE layout_sources SET leased_until = NULL, pulls = pulls + 1, last_at = $3, last_code = $4, last_sentence = $5,
last_version = $6, failures = $7, due_at = CASE WHEN due_at = $8 THEN $9 ELSE due_at END,
etag = CASE WHEN $10 THEN $11 ELSE etag END, body_hash = CASE WHEN $10 THEN $12 ELSE body_hash END,
made = coalesce($13, made)
WHERE camera_id = $1 AND pull_id = $2
"""


async def put(conn: Connection, source: Json, now: datetime) -> Json:
    """Set it, as one of which nothing has been pulled yet; a pull under way is void.

    It is due at once, LEAST_GAP after the last pull at the earliest; one that is under way goes on beside it for
    LONGEST_PULL at most, and nothing is pulled until then.

    `token` of `source` is sealed.
    """
    row = await conn.fetchrow(
        "INSERT INTO layout_sources AS s (camera_id, site_id, url, every_s, send_picture, token, created_at,"
        " updated_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7) ON CONFLICT (camera_id) DO UPDATE SET"
        " url = $3, every_s = $4, send_picture = $5, token = $6, updated_at = $7, pull_id = NULL,"
        " due_at = greatest($7, s.last_at + $8),"
        " leased_until = CASE WHEN s.leased_until > $7 THEN least(s.leased_until, $7 + $9) END,"
        " etag = NULL, body_hash = NULL, pulls = 0, failures = 0,"
        " last_code = NULL, last_sentence = NULL, last_version = NULL RETURNING *",
        *(source["camera_id"], source["site_id"], source["url"], source["every_s"], source["send_picture"]),
        *(source["token"], now, LEAST_GAP, LONGEST_PULL),
    )
    return _document(row)


async def get(conn: Connection, camera_id: str) -> Json:
    """Of a camera that the caller may see. Raises LayoutSourceNotFound."""
    return _document(await conn.fetchrow("SELECT * FROM layout_sources WHERE camera_id = $1", camera_id))


async def stored_token(conn: Connection, camera_id: str) -> tuple[str, bytes | None] | None:
    """The address that it is sealed for, and the sealed token; None where nothing is set. Locks the row."""
    row = await conn.fetchrow("SELECT url, token FROM layout_sources WHERE camera_id = $1 FOR UPDATE", camera_id)
    return None if row is None else (row["url"], row["token"])


async def make_due(conn: Connection, camera_id: str, now: datetime) -> Json:
    """Have it pulled at once, LEAST_GAP after the last pull at the earliest; after a pull that is under way, once more.

    Raises LayoutSourceNotFound.
    """
    soon = "UPDATE layout_sources SET due_at = greatest($2, last_at + $3) WHERE camera_id = $1 RETURNING *"
    return _document(await conn.fetchrow(soon, camera_id, now, LEAST_GAP))


async def remove(conn: Connection, camera_id: str) -> bool:
    """Whether there was one."""
    return await conn.execute("DELETE FROM layout_sources WHERE camera_id = $1", camera_id) != "DELETE 0"


async def claim(conn: Connection, pull_id: str, now: datetime) -> Claimed | None:
    """The pull that is due longest, for LEASE; None where none is."""
    row = await conn.fetchrow(_CLAIM, pull_id, now, now + LEASE, AT_ONCE_OF_SITE)
    return None if row is None else Claimed(**dict(row))


async def is_mine(conn: Connection, claimed: Claimed) -> bool:
    """Whether nobody else pulls there now and the settings are as they were; locks the row until the end."""
    held = "SELECT FROM layout_sources WHERE camera_id = $1 AND pull_id = $2 FOR UPDATE"
    return await conn.fetchrow(held, claimed.camera_id, claimed.pull_id) is not None


async def record(
    conn: Connection, claimed: Claimed, outcome: Outcome, now: datetime,
    taken: Answered | None = None, made: Json | None = None,
) -> None:  # fmt: skip
    """What came of a pull, unless it is another's by now. `taken`: what the next answer is compared with."""
    await conn.execute(
        _RECORD, claimed.camera_id, claimed.pull_id, now, outcome.code, outcome.sentence, outcome.version,
        claimed.failures + 1 if outcome.failed else 0, claimed.due_at, next_pull_at(claimed, outcome, now),
        taken is not None, None if taken is None else taken.etag, None if taken is None else taken.body_hash,
        None if made is None else orjson.dumps(made).decode(),
    )  # fmt: skip


def _document(row: asyncpg.Record | None) -> Json:
    """As the API shows it. Raises LayoutSourceNotFound."""
    if row is None:
        raise LayoutSourceNotFound("Its layout is drawn or pushed; PUT says from where to pull it.")
    return {
        **{name: row[name] for name in ("camera_id", "site_id", "url", "every_s", "send_picture", "pulls", "failures")},
        "has_token": row["token"] is not None,
        **{name: write_time(row[name]) for name in ("created_at", "updated_at")},
        "next_at": write_time(row["due_at"]),
        "last": _last(row),
        "made": None if row["made"] is None else orjson.loads(row["made"]),
    }


def _last(row: asyncpg.Record) -> Json | None:
    if row["last_code"] is None:
        return None
    of_pull = {name: row[f"last_{name}"] for name in ("code", "sentence", "version")}
    return {"at": write_time(row["last_at"]), **of_pull}
