"""The event log of each site: appended to in the transaction of a change, read by tail and resumed streams."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from api.model.site_events import NewSiteEvent, SiteEvent, without_superseded
from api.store import Connection

CHANNEL = "site_events"


async def append(conn: Connection, events: Sequence[NewSiteEvent]) -> int:
    """Append each event under the next seq of its site; the number of those whose site exists.

    Of each key only the newest confirmation stays, and none from before its last transition: a client that resumes
    below it gets the later event, which replaces it. So seqs have holes, and a reader goes by their order alone.

    The sequence rows are locked in one order and until the commit, so seqs become visible in their order: a reader
    that has seen seq n has missed nothing below it.
    """
    by_site: dict[str, list[NewSiteEvent]] = defaultdict(list)
    for event in without_superseded(events):
        by_site[event.site_id].append(event)
    if keys := sorted({event.key for event in events if event.key is not None}):
        await conn.execute("DELETE FROM site_events WHERE confirms = ANY($1)", keys)
    appended = 0
    for site_id in sorted(by_site):
        appended += await _append(conn, site_id, by_site[site_id])
    if appended:
        await conn.execute(f"NOTIFY {CHANNEL}")
    return appended


async def _append(conn: Connection, site_id: str, events: list[NewSiteEvent]) -> int:
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
            (site_id, seq, e.type, e.run_id, e.camera_id, e.table_id, e.document.decode(),
             e.key if e.confirms else None)
            for seq, e in enumerate(events, first)
        ],
    )  # fmt: skip
    return len(events)


async def epoch(conn: Connection) -> str:
    """The identity of the log: seqs of another epoch are of another database."""
    return str(await conn.fetchval("SELECT epoch FROM event_epoch"))


async def span(conn: Connection, site_id: str) -> tuple[int, int]:
    """(newest seq that may be pruned, newest seq) of a site."""
    row = await conn.fetchrow("SELECT pruned_seq, seq FROM site_sequences WHERE site_id = $1", site_id)
    return (0, 0) if row is None else (row["pruned_seq"], row["seq"])


async def after(conn: Connection, positions: Mapping[str, int], limit: int) -> list[SiteEvent]:
    """Up to `limit` events of each site past its position, in order."""
    rows = await conn.fetch(
        "SELECT e.* FROM unnest($1::text[], $2::bigint[]) AS reader(site_id, position) CROSS JOIN LATERAL ("
        " SELECT site_id, seq, type, run_id, camera_id, table_id, document FROM site_events"
        " WHERE site_id = reader.site_id AND seq > reader.position ORDER BY seq LIMIT $3) AS e"
        " ORDER BY e.site_id, e.seq",
        list(positions), list(positions.values()), limit,
    )  # fmt: skip
    return [SiteEvent(*row) for row in rows]


async def prune(conn: Connection, now: datetime, retention: timedelta) -> int:
    """Delete events past their retention, at most 10,000; how many."""
    rows = await conn.fetch(
        "WITH gone AS (DELETE FROM site_events WHERE (site_id, seq) IN (SELECT site_id, seq FROM site_events"
        " WHERE created_at < $1 ORDER BY created_at LIMIT 10000) RETURNING site_id, seq)"
        " UPDATE site_sequences s SET pruned_seq = greatest(pruned_seq, g.seq)"
        " FROM (SELECT site_id, max(seq) AS seq, count(*) AS n FROM gone GROUP BY site_id) g"
        " WHERE s.site_id = g.site_id RETURNING g.n",
        now - retention,
    )
    return sum(row["n"] for row in rows)
