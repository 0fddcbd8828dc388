"""What is true at a site, as of one seq of its event log."""

from datetime import datetime

from api.store import Json, facts, site_events, videos
from api.store.wall import Wall
from tablewatch_schemas.times import write_time

MOST = 5000
RECENT = 20


async def snapshot(wall: Wall, site_id: str, run_id: str | None, now: datetime) -> Json:
    """Videos, states, hazards, groups and cameras' health at `seq`; of one run when `run_id` is given.

    Effects and events are written in one transaction, so reading both in one repeatable read leaves no gap.
    Without `run_id`: what is live, and the runs that are under way or among the RECENT newest.
    """
    async with wall.inside([site_id], isolation="repeatable_read", readonly=True) as conn:
        _, seq = await site_events.span(conn, site_id)
        shown = await videos.shown(conn, site_id, run_id, RECENT)
        runs = {video.run.run_id for video in shown} | (set() if run_id is None else {run_id})
        states = await facts.states(conn, [site_id], run_id=run_id, shown=runs, limit=MOST, now=now)
        hazards = await facts.hazards(conn, [site_id], run_id=run_id, shown=runs, limit=MOST)
        return {
            "site_id": site_id,
            "seq": seq,
            "as_of": write_time(now),
            "videos": [video.document() for video in shown],
            "states": [state for _, state in states],
            "hazards": hazards,
            "cameras": await facts.camera_statuses(conn, site_id),
            "groups": await facts.groups(conn, site_id),
        }
