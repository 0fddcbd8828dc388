"""The score of a camera's view: as it is now, and of the days before."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from fastapi import APIRouter

from api.compute import compute
from api.http import paging
from api.http.authentication import Reader
from api.http.dependencies import Deps, HttpDependencies
from api.http.documents.common import Page
from api.http.documents.layouts import NewLayout
from api.http.documents.scores import DayScore, ViewScore
from api.http.errors import InvalidCursor
from api.http.layout_saving import drawn, foreign_tables, known_of
from api.http.layouts import LayoutRoute
from api.http.stored_looks import SETTLED, frames_of, judged_of
from api.model.access import Caller
from api.model.score import Facts, Reported, Score, score
from api.model.types import Json
from api.store import Connection, camera_reports, camera_scores, cameras
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.times import write_time

LOOKED_BACK_MIN = 60
REPORTED_BACK = timedelta(hours=24)
router = APIRouter(prefix="/v1/cameras", tags=["cameras"], route_class=LayoutRoute)


class Stored(NamedTuple):
    """What the database has of a camera for its score."""

    layout: Layout | None
    statuses: Sequence[Reported]
    gop_ms: int | None


async def stored(conn: Connection, camera: Json, since: datetime) -> Stored:
    """The newest layout, reports since then, a probe of the last hour."""
    layout = await cameras.layout(conn, camera)
    statuses = await camera_reports.statuses(conn, camera, since)
    return Stored(layout, statuses, await camera_reports.gop_ms(conn, camera))


def score_document(found: Score, looks: int) -> Json:
    """What all documents of scores have."""
    return {
        "total": found.total,
        "sentence": found.sentence,
        "looks": looks,
        "parts": [part._asdict() for part in found.parts],
    }


@router.get("/{camera_id}/score", response_model=ViewScore)
async def get_score(camera_id: str, caller: Reader, deps: Deps) -> Any:
    """How well the view of a camera serves its tables, and what to mend: light, pixels, angle, keyframes, stability and
    doubt, each 0 to 100.

    Of what is stored: the newest layout, looks of the last hour, reports of the last day, a probe of the last hour.
    """
    return await _scored(deps, caller, camera_id, None)


@router.post("/{camera_id}/score", response_model=ViewScore)
async def score_drawing(camera_id: str, body: NewLayout, caller: Reader, deps: Deps) -> Any:
    """The score that the view of a camera would have with these tables, before they are saved; nothing is.

    Refuses what PUT of the layout would refuse. What only pictures say that were judged with these tables (doubt) is
    not known.
    """
    return await _scored(deps, caller, camera_id, body)


async def _scored(deps: HttpDependencies, caller: Caller, camera_id: str, drawing: NewLayout | None) -> Json:
    """As it is now, or with the tables of a drawing in place of those of the newest layout. Raises what `draw` does."""
    now = deps.now()
    since = now - REPORTED_BACK
    foreign = set[str]() if drawing is None else await foreign_tables(deps, camera_id, drawing)
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        layout, statuses, gop_ms = await stored(conn, camera, since)
        known = None if drawing is None else await known_of(conn, camera, drawing)
    # Without a connection to Postgres, and one at a time: a large drawing takes the better part of a second.
    async with nullcontext() if drawing is None else deps.scored_drawings:
        if drawing is not None and known is not None:
            layout = (await drawn(camera, drawing, layout, foreign, known, now)).layout
        looks = await judged_of(deps, camera, await frames_of(deps, camera, now - SETTLED, LOOKED_BACK_MIN))
        facts = Facts(layout, list(looks.values()), camera["cadence_ms"], gop_ms, statuses, since=since, until=now)
        found = score_document(await compute(score, facts), len(looks))
    return found | {"site_id": camera["site_id"], "camera_id": camera_id, "as_of": write_time(now)}


@router.get("/{camera_id}/scores", response_model=Page[DayScore])
async def list_scores(
    camera_id: str, caller: Reader, deps: Deps, cursor: paging.Cursor = None, limit: paging.Limit = 100
) -> Any:
    """Scores of the view day by day, the newest first, for 400 days.

    Made after 03:00 of the site, while the camera is switched on, of the day that ended then: of looks evenly from it,
    and what was reported in it. A day that nobody made in the next one is left out.
    """
    before = _before(cursor)
    async with deps.transaction(caller.site_list) as conn:
        await cameras.get(conn, caller.site_list, camera_id)
        found = await camera_scores.page(conn, camera_id, before, limit)
    position = found[-1][0].isoformat() if found else None
    return await paging.respond(
        Page[DayScore], lambda: [camera_scores.document(row) for _, row in found], limit, position
    )


def _before(cursor: str | None) -> date | None:
    text = paging.decode_cursor(cursor)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidCursor from error
