"""Which frame a piece of evidence was concluded from, by the states that name it."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from api.model.pictures import frame_index, frame_owner, live_time, verdict_id
from api.model.types import Sites
from api.store import Connection


async def frame_of(conn: Connection, sites: Sites, evidence_id: str, table_id: str, run_id: str | None) -> str | None:
    """The frame behind a piece of evidence; None when no stored state names it.

    A state names the evidence that it rests on by id, and the frames beside it. Which belongs to which is certain,
    because the id of a verdict is made of its table and frame.
    """
    state_key = f"{table_id}@{run_id}" if run_id else table_id
    for frame_id in filter(frame_owner, await _frames_of_state(conn, sites, evidence_id, state_key)):
        captured_at = live_time(frame_id) or await _captured_at(conn, frame_id)
        if captured_at is not None and verdict_id(table_id, frame_id, captured_at) == evidence_id:
            return frame_id
    return None


async def _frames_of_state(conn: Connection, sites: Sites, evidence_id: str, state_key: str) -> Sequence[str]:
    """Frames of the newest record of a table that names the evidence, be it the current one or a transition."""
    found = await conn.fetchval(
        "SELECT record.document->'evidence'->'frame_ids' FROM"
        " (SELECT site_id, version, document FROM states WHERE state_key = $2 AND NOT gone UNION ALL"
        " SELECT site_id, version, document FROM state_history WHERE state_key = $2) AS record"
        " WHERE ($1::text[] IS NULL OR record.site_id = ANY($1)) AND EXISTS (SELECT FROM"
        " json_array_elements_text(record.document->'evidence'->'evidence_ids') AS named(id) WHERE named.id = $3)"
        " ORDER BY record.version DESC LIMIT 1",
        sites, state_key, evidence_id,
    )  # fmt: skip
    frame_ids: list[str] = [] if found is None else orjson.loads(found)
    return frame_ids


async def _captured_at(conn: Connection, frame_id: str) -> datetime | None:
    """Of a frame of a run."""
    run_id, index = frame_owner(frame_id), frame_index(frame_id)
    captured_at: datetime | None = await conn.fetchval(
        "SELECT captured_at FROM frames WHERE run_id = $1 AND index = $2", run_id, index
    )
    return captured_at
