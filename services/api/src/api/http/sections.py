"""Sections of sites."""

from typing import Any

from fastapi import APIRouter, Response

from api.http import documents, paging
from api.http.bodies import NewSection, SectionChange
from api.http.idempotent import Idempotent
from api.http.parts import Has, Reader, Writer
from api.http.versions import IfMatch, check, section_tag
from api.problems import Problem
from api.store import Connection, Json, sections, site_events, sites
from api.store.site_events import Told
from api.store.sites import Lock
from tablewatch_schemas.ids import new_id

router = APIRouter(prefix="/v1/sites", tags=["sites"], route_class=Idempotent)


@router.post("/{site_id}/sections", status_code=201, response_model=documents.Section)
async def create_section(site_id: str, body: NewSection, who: Writer, has: Has, response: Response) -> Any:
    """Add a section to a site."""
    asked = body.model_dump() | {"section_id": new_id("sec"), "site_id": site_id, "created_at": has.now()}
    async with has.inside(who.site_list) as conn:
        await sites.get(conn, who.site_list, site_id, Lock.HOLD)
        section = await sections.add(conn, asked)
        await _tell(conn, "section.changed", section)
    response.headers["Location"] = f"/v1/sites/{site_id}/sections/{section['section_id']}"
    response.headers["ETag"] = section_tag(section["version"])
    return section


@router.get("/{site_id}/sections", response_model=documents.Page[documents.Section])
async def list_sections(site_id: str, who: Reader, has: Has) -> Any:
    """The sections of a site."""
    async with has.inside(who.site_list) as conn:
        await sites.get(conn, who.site_list, site_id)
        return paging.page(await sections.of_site(conn, site_id), 1000, None)


@router.get("/{site_id}/sections/{section_id}", response_model=documents.Section)
async def get_section(site_id: str, section_id: str, who: Reader, has: Has, response: Response) -> Any:
    """One section."""
    async with has.inside(who.site_list) as conn:
        await sites.get(conn, who.site_list, site_id)
        section = await sections.get(conn, site_id, section_id)
    response.headers["ETag"] = section_tag(section["version"])
    return section


@router.patch("/{site_id}/sections/{section_id}", response_model=documents.Section)
async def change_section(
    site_id: str, section_id: str, body: SectionChange, who: Writer, has: Has, response: Response,
    if_match: IfMatch = None,
) -> Any:  # fmt: skip
    """Rename a section."""
    change: Json = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    async with has.inside(who.site_list) as conn:
        await sites.get(conn, who.site_list, site_id, Lock.HOLD)
        section = await sections.get(conn, site_id, section_id, lock=True)
        check(section_tag(section["version"]), if_match)
        section = await sections.save(conn, section | change)
        await _tell(conn, "section.changed", section)
    response.headers["ETag"] = section_tag(section["version"])
    return section


@router.delete("/{site_id}/sections/{section_id}", status_code=204)
async def delete_section(site_id: str, section_id: str, who: Writer, has: Has, if_match: IfMatch = None) -> None:
    """Delete a section that no newest layout has tables in. Tables of older layouts are in none then."""
    async with has.inside(who.site_list) as conn:
        await sites.get(conn, who.site_list, site_id, Lock.HOLD)
        section = await sections.get(conn, site_id, section_id, lock=True)
        check(section_tag(section["version"]), if_match)
        _check_unused(await sections.used_by(conn, section_id))
        await sections.remove(conn, section_id)
        await _tell(conn, "section.deleted", {"section_id": section_id, "site_id": site_id})


def _check_unused(camera_ids: list[str]) -> None:
    if camera_ids:
        raise Problem(
            "section_in_use",
            f"Tables of {', '.join(camera_ids)} are in this section. Draw their layouts with another section or none"
            " (PUT /v1/cameras/{camera_id}/layout), or delete the cameras, and ask again.",
            camera_ids=camera_ids,
        )


async def _tell(conn: Connection, kind: str, document: Json) -> None:
    await site_events.append(conn, [Told(site_id=document["site_id"], type=kind, document=document)])
