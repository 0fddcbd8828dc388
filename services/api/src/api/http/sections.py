"""Sections of sites."""

from typing import Any

from fastapi import APIRouter, Response

from api.http import paging
from api.http.authentication import Reader, Writer
from api.http.dependencies import Deps
from api.http.documents.common import Page
from api.http.documents.sites import NewSection, Section, SectionChange
from api.http.idempotency import IdempotentRoute
from api.http.preconditions import IfMatch, check_preconditions, section_tag
from api.model import events
from api.model.errors import SectionInUse
from api.model.types import Json
from api.store import sections, site_events, sites
from api.store.sites import Lock
from tablewatch_schemas.ids import new_id

router = APIRouter(prefix="/v1/sites", tags=["sites"], route_class=IdempotentRoute)


@router.post("/{site_id}/sections", status_code=201, response_model=Section)
async def create_section(site_id: str, body: NewSection, caller: Writer, deps: Deps, response: Response) -> Any:
    """Add a section to a site."""
    asked = body.model_dump() | {"section_id": new_id("sec"), "site_id": site_id, "created_at": deps.now()}
    async with deps.transaction(caller.site_list) as conn:
        await sites.get(conn, caller.site_list, site_id, Lock.HOLD)
        section = await sections.add(conn, asked)
        await site_events.append(conn, [events.section_changed_event(section)])
    response.headers["Location"] = f"/v1/sites/{site_id}/sections/{section['section_id']}"
    response.headers["ETag"] = section_tag(section["version"])
    return section


@router.get("/{site_id}/sections", response_model=Page[Section])
async def list_sections(
    site_id: str, caller: Reader, deps: Deps, cursor: paging.Cursor = None, limit: paging.Limit = 1000
) -> Any:
    """The sections of a site, by name."""
    async with deps.transaction(caller.site_list) as conn:
        await sites.get(conn, caller.site_list, site_id)
        found = await sections.page(conn, site_id, paging.decode_cursor(cursor), limit)
    return paging.page(found, limit, found[-1]["name"] if found else None)


@router.get("/{site_id}/sections/{section_id}", response_model=Section)
async def get_section(site_id: str, section_id: str, caller: Reader, deps: Deps, response: Response) -> Any:
    """One section."""
    async with deps.transaction(caller.site_list) as conn:
        await sites.get(conn, caller.site_list, site_id)
        section = await sections.get(conn, site_id, section_id)
    response.headers["ETag"] = section_tag(section["version"])
    return section


@router.patch("/{site_id}/sections/{section_id}", response_model=Section)
async def change_section(
    site_id: str, section_id: str, body: SectionChange, caller: Writer, deps: Deps, response: Response,
    if_match: IfMatch = None,
) -> Any:  # fmt: skip
    """Rename a section."""
    change: Json = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    async with deps.transaction(caller.site_list) as conn:
        await sites.get(conn, caller.site_list, site_id, Lock.HOLD)
        section = await sections.get(conn, site_id, section_id, lock=True)
        check_preconditions(section_tag(section["version"]), if_match)
        section = await sections.save(conn, section | change)
        await site_events.append(conn, [events.section_changed_event(section)])
    response.headers["ETag"] = section_tag(section["version"])
    return section


@router.delete("/{site_id}/sections/{section_id}", status_code=204)
async def delete_section(site_id: str, section_id: str, caller: Writer, deps: Deps, if_match: IfMatch = None) -> None:
    """Delete a section that has no cameras, and no tables in a newest layout. Tables of older layouts lose it."""
    async with deps.transaction(caller.site_list) as conn:
        await sites.get(conn, caller.site_list, site_id, Lock.HOLD)
        section = await sections.get(conn, site_id, section_id, lock=True)
        check_preconditions(section_tag(section["version"]), if_match)
        _check_unused(await sections.used_by(conn, section_id))
        await sections.remove(conn, section_id)
        await site_events.append(conn, [events.section_deleted_event(section)])


def _check_unused(camera_ids: list[str]) -> None:
    if camera_ids:
        raise SectionInUse(
            f"{', '.join(camera_ids)} or tables of theirs are in this section. Give them another section or none (PATCH"
            " /v1/cameras/{camera_id}, PUT /v1/cameras/{camera_id}/layout), or delete the cameras, and ask again.",
            camera_ids=camera_ids,
        )
