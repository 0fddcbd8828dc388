"""The score of a camera's view."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from api.compute import compute
from api.http.authentication import Reader
from api.http.dependencies import Deps
from api.http.documents.scores import ViewScore
from api.http.routes import Route
from api.http.stored_looks import SETTLED, frames_of, judged_of
from api.model.score import Facts, score
from api.store import camera_reports, cameras
from tablewatch_schemas.times import write_time

LOOKED_BACK_MIN = 60
REPORTED_BACK = timedelta(hours=24)
router = APIRouter(prefix="/v1/cameras", tags=["cameras"], route_class=Route)


@router.get("/{camera_id}/score", response_model=ViewScore)
async def get_score(camera_id: str, caller: Reader, deps: Deps) -> Any:
    """How well the view of a camera serves its tables, and what to mend: light, pixels, angle, keyframes, stability and
    doubt, each 0 to 100.

    Of what is stored: the newest layout, looks of the last hour, reports of the last day, a probe of the last hour.
    """
    now = deps.now()
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        layout = await cameras.layout(conn, camera)
        statuses = await camera_reports.statuses(conn, camera, now - REPORTED_BACK)
        gop_ms = await camera_reports.gop_ms(conn, camera)
    looks = await judged_of(deps, camera, await frames_of(deps, camera, now - SETTLED, LOOKED_BACK_MIN))
    facts = Facts(
        layout, list(looks.values()), camera["cadence_ms"], gop_ms, statuses, since=now - REPORTED_BACK, until=now
    )
    found = await compute(score, facts)
    return {
        "site_id": camera["site_id"],
        "camera_id": camera_id,
        "as_of": write_time(now),
        "total": found.total,
        "sentence": found.sentence,
        "looks": len(looks),
        "parts": [part._asdict() for part in found.parts],
    }
