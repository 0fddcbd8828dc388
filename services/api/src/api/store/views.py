"""What leads to the newest judged frame of a camera or run."""

from typing import NamedTuple

from api.model.types import Sites
from api.store import Connection


class RunJudged(NamedTuple):
    """A run whose video is not being deleted. `newest`: key of its newest judgement, None before the first."""

    site_id: str
    camera_id: str | None
    newest: str | None


async def run(conn: Connection, sites: Sites, run_id: str) -> RunJudged | None:
    """The run; None when there is none that the caller may see."""
    row = await conn.fetchrow(
        "SELECT site_id, camera_id, facts->>'judgement_key' AS newest FROM videos"
        " WHERE run_id = $2 AND deleting_at IS NULL AND ($1::text[] IS NULL OR site_id = ANY($1))",
        sites, run_id,
    )  # fmt: skip
    return None if row is None else RunJudged(row["site_id"], row["camera_id"], row["newest"])


async def live_frames(conn: Connection, sites: Sites, camera_id: str) -> list[str]:
    """Ids of the frames of a camera that the live states of its tables name, newest first."""
    rows = await conn.fetch(
        "SELECT DISTINCT named.id FROM states, json_array_elements_text(document->'evidence'->'frame_ids') AS named(id)"
        " WHERE $2 = ANY(camera_ids) AND run_id IS NULL AND NOT gone AND ($1::text[] IS NULL OR site_id = ANY($1))"
        " AND starts_with(named.id, $2 || '-')",
        sites, camera_id,
    )  # fmt: skip
    return sorted((row["id"] for row in rows), key=lambda each: (len(each), each), reverse=True)
