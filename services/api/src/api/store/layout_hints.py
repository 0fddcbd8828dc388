"""Looks whose doubt may come from how a table is drawn, counted by layout version and table."""

from collections.abc import Sequence

from api.model.layout_hints import DoubtfulLook
from api.model.types import Json
from api.store import Connection
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.times import write_time


async def add(conn: Connection, looks: Sequence[DoubtfulLook]) -> None:
    """Count those that are newer than what was counted of their source, as the fold does: others come again.

    Cameras that are not (or no longer) there have none. Rows are locked in one order, as there may be two projectors.
    """
    columns = [list(each) for each in zip(*looks, strict=True)]
    await conn.execute(
        "WITH looks AS (SELECT DISTINCT n.* FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[],"
        " $6::text[], $7::timestamptz[])"
        " AS n(camera_id, layout_version, table_id, reason, site_id, source_id, captured_at)"
        " JOIN cameras c ON c.camera_id = n.camera_id AND c.site_id = n.site_id"
        " LEFT JOIN layout_hint_sources s ON s.table_id = n.table_id AND s.source_id = n.source_id"
        " WHERE s.newest_at IS NULL OR n.captured_at > s.newest_at),"
        " sources AS (INSERT INTO layout_hint_sources (table_id, source_id, camera_id, site_id, newest_at)"
        " SELECT table_id, source_id, min(camera_id), min(site_id), max(captured_at) FROM looks GROUP BY 1, 2"
        " ORDER BY 1, 2 ON CONFLICT (table_id, source_id) DO UPDATE SET newest_at = excluded.newest_at)"
        " INSERT INTO layout_hints (camera_id, layout_version, table_id, reason, site_id, looks, first_at, last_at)"
        " SELECT camera_id, layout_version, table_id, reason, site_id, count(*), min(captured_at), max(captured_at)"
        " FROM looks GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4"
        " ON CONFLICT (camera_id, layout_version, table_id, reason) DO UPDATE"
        " SET looks = layout_hints.looks + excluded.looks, first_at = least(layout_hints.first_at, excluded.first_at),"
        " last_at = greatest(layout_hints.last_at, excluded.last_at)",
        *columns[:6], columns[-1],
    )  # fmt: skip


async def forget_run(conn: Connection, run_id: str) -> None:
    """What was counted stays; no look of a deleted run comes again."""
    await conn.execute("DELETE FROM layout_hint_sources WHERE source_id = $1", run_id)


async def of_layout(conn: Connection, layout: Layout) -> list[Json]:
    """The hints about the tables of a version, the most frequent first."""
    rows = await conn.fetch(
        "SELECT table_id, reason, looks, first_at, last_at FROM layout_hints"
        " WHERE camera_id = $1 AND layout_version = $2 ORDER BY looks DESC, table_id, reason",
        layout.camera_id, layout.version,
    )  # fmt: skip
    labels = {table.table_id: table.label for table in layout.tables}
    return [
        dict(row)
        | {"label": labels[row["table_id"]]}
        | {name: write_time(row[name]) for name in ("first_at", "last_at")}
        for row in rows
        if row["table_id"] in labels
    ]
