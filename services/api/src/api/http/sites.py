"""Sites and sections."""

from typing import Any

from fastapi import APIRouter, Response

from api.access import check_grant
from api.http import documents, paging
from api.http.bodies import NewSection, NewSite
from api.http.idempotent import Idempotent
from api.http.parts import Admin, Has, Reader, Writer
from api.store import sites
from tablewatch_schemas.ids import new_id

router = APIRouter(prefix="/v1/sites", tags=["sites"], route_class=Idempotent)


@router.post("", status_code=201, response_model=documents.Site)
async def create_site(body: NewSite, who: Admin, has: Has, response: Response) -> Any:
    """Add a site. Only a key without a wall can."""
    check_grant(who, (), None)
    async with has.inside(who.site_list) as conn:
        site = await sites.add(conn, new_id("site"), body.name, body.timezone, has.now())
    response.headers["Location"] = f"/v1/sites/{site['site_id']}"
    return site


@router.get("", response_model=documents.Page[documents.Site])
async def list_sites(who: Reader, has: Has, cursor: paging.Cursor = None, limit: paging.Limit = 100) -> Any:
    """The sites that the key opens."""
    async with has.inside(who.site_list) as conn:
        found = await sites.page(conn, who.site_list, paging.read(cursor), limit)
    return paging.page(found, limit, found[-1]["site_id"] if found else None)


@router.get("/{site_id}", response_model=documents.Site)
async def get_site(site_id: str, who: Reader, has: Has) -> Any:
    """One site."""
    async with has.inside(who.site_list) as conn:
        return await sites.get(conn, who.site_list, site_id)


@router.post("/{site_id}/sections", status_code=201, response_model=documents.Section)
async def create_section(site_id: str, body: NewSection, who: Writer, has: Has) -> Any:
    """Add a section to a site."""
    async with has.inside(who.site_list) as conn:
        await sites.get(conn, who.site_list, site_id)
        return await sites.add_section(conn, new_id("sec"), site_id, body.name, has.now())


@router.get("/{site_id}/sections", response_model=documents.Page[documents.Section])
async def list_sections(site_id: str, who: Reader, has: Has) -> Any:
    """The sections of a site."""
    async with has.inside(who.site_list) as conn:
        await sites.get(conn, who.site_list, site_id)
        return paging.page(await sites.sections(conn, site_id), 1000, None)
