"""The event log of each site: append in the transaction of the change, read to tail and resume."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from api.store import Connection, Json

CHANNEL = "site_events"
SITE_DELETED = "site.deleted"
"""The last event of a site; every reader gets it, and no other follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something worth telling the readers of a site's stream.

    `key` names what it is about where that may be confirmed; `confirms`: it says again what the log has said of it.
    """

    site_id: str
    type: str
    document: Json
    run_id: str | None = None
    camera_id: str | None = None
    table_id: str | None = None
    key: str | None = None
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the log; `document` is JSON text."""

    site_id: str
    seq: int
    type: str
    run_id: str | None
    camera_id: str | None
    table_id: str | None
    document: str


async def append(conn: Connection, events: Sequence[Told]) -> int:
    """Give each event the next seq of its site and keep it; returns how many belonged to a site that exists.

    Of each key only the newest confirmation is kept, and none from before its last change: whoever resumes from below
    is given what came after it, which says more. So seqs have holes, and a reader goes by order alone.

    The sequence rows are locked in one order and until the commit, so seqs become visible in their order: a reader
    that has seen seq n has missed nothing below it.
    """
    by_site: dict[str, list[Told]] = defaultdict(list)
    for event in last_words(events):
        by_site[event.site_id].append(event)
    if keys := sorted({event.key for event in events if event.key is not None}):
        await conn.execute("DELETE FROM site_events WHERE confirms = ANY($1)", keys)
    kept = 0
    for site_id in sorted(by_site):
        kept += await _append(conn, site_id, by_site[site_id])
    if kept:
        await conn.execute(f"NOTIFY {CHANNEL}")
    return kept


def last_words(events: Sequence[Told]) -> list[Told]:
    """Without the confirmations that are followed by another event of their key. Pure."""
    last = {event.key: number for number, event in enumerate(events)}
    return [event for number, event in enumerate(events) if not event.confirms or last[event.key] == number]


async def _append(conn: Connection, site_id: str, events: list[Told]) -> int:
    newest = await conn.fetchval(
        "UPDATE site_sequences SET seq = seq + $2 WHERE site_id = $1 RETURNING seq", site_id, len(events)
    )
    if newest is None:
        return 0
    first = newest - len(events) + 1
    await conn.executemany(
        "INSERT INTO site_events (site_id, seq, type, run_id, camera_id, table_id, document, confirms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (site_id, seq, e.type, e.run_id, e.camera_id, e.table_id, orjson.dumps(e.document).decode(),
             e.key if e.confirms else None)
            for seq, e in enumerate(events, first)
        ],
    )  # fmt: skip
    return len(events)


async def epoch(conn: Connection) -> str:
    """The log's identity: another one means another database, whose seqs say nothing about ours."""
    return str(await conn.fetchval("SELECT epoch FROM event_epoch"))


async def span(conn: Connection, site_id: str) -> tuple[int, int]:
    """(newest seq that may be gone, newest seq) of a site."""
    row = await conn.fetchrow("SELECT pruned_seq, seq FROM site_sequences WHERE site_id = $1", site_id)
    return (0, 0) if row is None else (row["pruned_seq"], row["seq"])


async def after(conn: Connection, positions: dict[str, int], limit: int) -> list[Event]:
    """Up to `limit` events of each site past its position, in order."""
    rows = await conn.fetch(
        "SELECT e.* FROM unnest($1::text[], $2::bigint[]) AS reader(site_id, position) CROSS JOIN LATERAL ("
        " SELECT site_id, seq, type, run_id, camera_id, table_id, document FROM site_events"
        " WHERE site_id = reader.site_id AND seq > reader.position ORDER BY seq LIMIT $3) AS e"
        " ORDER BY e.site_id, e.seq",
        list(positions), list(positions.values()), limit,
    )  # fmt: skip
    return [Event(*row) for row in rows]


async def prune(conn: Connection, now: datetime, keep: timedelta) -> int:
    """Delete events that are too old to resume from; returns how many."""
    rows = await conn.fetch(
        "WITH gone AS (DELETE FROM site_events WHERE (site_id, seq) IN (SELECT site_id, seq FROM site_events"
        " WHERE created_at < $1 ORDER BY created_at LIMIT 10000) RETURNING site_id, seq)"
        " UPDATE site_sequences s SET pruned_seq = greatest(pruned_seq, g.seq)"
        " FROM (SELECT site_id, max(seq) AS seq, count(*) AS n FROM gone GROUP BY site_id) g"
        " WHERE s.site_id = g.site_id RETURNING g.n",
        now - keep,
    )
    return sum(row["n"] for row in rows)
