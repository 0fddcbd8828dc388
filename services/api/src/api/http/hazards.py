"""Hazard alerts, and what people do about them."""

from typing import Any, Literal

from fastapi import APIRouter

from api import announce
from api.http import documents, paging
from api.http.bodies import HazardAction
from api.http.parts import Has, Parts, Reader, Writer
from api.problems import Problem
from api.store import Json, facts
from chassis import outbox
from tablewatch_schemas.ids import new_id

router = APIRouter(prefix="/v1/hazards", tags=["hazards"])

CLOSED = frozenset({"verified", "dismissed", "expired"})


@router.get("", response_model=documents.Page[documents.Hazard])
async def list_hazards(
    who: Reader,
    has: Has,
    site_id: str | None = None,
    camera_id: str | None = None,
    run_id: str | None = None,
    status: str | None = None,
    live: bool | None = None,
    cursor: paging.Cursor = None,
    limit: paging.Limit = 100,
) -> Any:
    """Alerts, newest first."""
    before = _before(cursor)
    async with has.inside(who.site_list) as conn:
        found = await facts.hazards(
            conn, who.site_list, site_id=site_id, camera_id=camera_id, run_id=run_id, status=status, live=live,
            before=before, limit=limit,
        )  # fmt: skip
    items = [await _with_picture(has, each) for each in found]
    return paging.page(items, limit, facts.hazard_cursor(found[-1]) if found else None)


@router.get("/{hazard_id}", response_model=documents.Hazard)
async def get_hazard(hazard_id: str, who: Reader, has: Has) -> Any:
    """One alert."""
    async with has.inside(who.site_list) as conn:
        return await _with_picture(has, await facts.hazard(conn, who.site_list, hazard_id))


@router.post("/{hazard_id}/{action}", status_code=202, response_model=documents.Command)
async def act(
    hazard_id: str, action: Literal["acknowledge", "clear", "verify", "dismiss"], who: Writer, has: Has,
    body: HazardAction | None = None,
) -> Any:  # fmt: skip
    """Pass on what somebody decided. The alert changes when the event comes back."""
    command_id, now = new_id("cmd"), has.now()
    async with has.inside(who.site_list) as conn:
        hazard = await facts.hazard(conn, who.site_list, hazard_id)
        if hazard["status"] in CLOSED:
            raise Problem("hazard_closed", f"The alert is {hazard['status']} already.")
        note = body.note if body else None
        await outbox.add(conn, announce.hazard_command(command_id, hazard, action, who.key_id, note, now))
    return {"command_id": command_id, "hazard_id": hazard_id, "action": action}


async def _with_picture(has: Parts, hazard: Json) -> Json:
    return hazard | {"picture_url": await has.link(hazard["evidence"].get("frame_key"))}


def _before(cursor: str | None) -> Any:
    position = paging.read(cursor)
    if not position:
        return None
    try:
        return facts.read_hazard_cursor(position)
    except ValueError as error:
        raise Problem("invalid_cursor", "Use next_cursor as it came.") from error
