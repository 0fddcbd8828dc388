"""Sites."""

from typing import Any

from fastapi import APIRouter, Response

from api.access import Caller, check_grant
from api.http import documents, paging
from api.http.bodies import NewSite, SiteChange
from api.http.idempotent import Idempotent
from api.http.parts import Admin, Has, Reader
from api.http.versions import IfMatch, check, site_tag
from api.problems import Problem
from api.store import Connection, Json, site_events, sites
from api.store.site_events import SITE_DELETED, Told
from api.store.sites import Hanging, Lock
from tablewatch_schemas.ids import new_id

router = APIRouter(prefix="/v1/sites", tags=["sites"], route_class=Idempotent)


@router.post("", status_code=201, response_model=documents.Site)
async def create_site(body: NewSite, who: Admin, has: Has, response: Response) -> Any:
    """Add a site. Only a key without a wall can."""
    check_grant(who, (), None)
    async with has.inside(who.site_list) as conn:
        site = await sites.add(conn, new_id("site"), body.name, body.timezone, has.now())
    response.headers["Location"] = f"/v1/sites/{site['site_id']}"
    response.headers["ETag"] = site_tag(site["version"])
    return site


@router.get("", response_model=documents.Page[documents.Site])
async def list_sites(who: Reader, has: Has, cursor: paging.Cursor = None, limit: paging.Limit = 100) -> Any:
    """The sites that the key opens."""
    async with has.inside(who.site_list) as conn:
        found = await sites.page(conn, who.site_list, paging.read(cursor), limit)
    return paging.page(found, limit, found[-1]["site_id"] if found else None)


@router.get("/{site_id}", response_model=documents.Site)
async def get_site(site_id: str, who: Reader, has: Has, response: Response) -> Any:
    """One site."""
    async with has.inside(who.site_list) as conn:
        site = await sites.get(conn, who.site_list, site_id)
    response.headers["ETag"] = site_tag(site["version"])
    return site


@router.patch("/{site_id}", response_model=documents.Site)
async def change_site(
    site_id: str, body: SiteChange, who: Admin, has: Has, response: Response, if_match: IfMatch = None
) -> Any:
    """Change what is given."""
    change: Json = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    async with has.inside(who.site_list) as conn:
        site = await sites.get(conn, who.site_list, site_id, Lock.CHANGE)
        check(site_tag(site["version"]), if_match)
        site = await sites.save(conn, site | change)
        await site_events.append(conn, [Told(site_id=site_id, type="site.changed", document=site)])
    response.headers["ETag"] = site_tag(site["version"])
    return site


@router.delete("/{site_id}", status_code=204)
async def delete_site(site_id: str, who: Admin, has: Has, if_match: IfMatch = None) -> None:
    """Delete a site on which nothing hangs any more: no camera, no video, no key. Only a key without a wall can.

    Its sections, its history and what its tables came to go with it; its event streams end with site.deleted.
    """
    _check_wall(who)
    now = has.now()
    async with has.inside(who.site_list) as conn:
        site = await sites.get(conn, who.site_list, site_id, Lock.DELETE)
        check(site_tag(site["version"]), if_match)
        _check_empty(await sites.hanging(conn, site_id, now))
        await _remove(conn, site_id)


async def _remove(conn: Connection, site_id: str) -> None:
    """The log is emptied before its sequence is taken, as the pruning of old events does it."""
    await sites.empty_log(conn, site_id)
    await site_events.append(conn, [Told(site_id=site_id, type=SITE_DELETED, document={"site_id": site_id})])
    await sites.remove(conn, site_id)


def _check_wall(who: Caller) -> None:
    if who.sites is not None:
        raise Problem("scope_too_wide", "A site is deleted with a key that opens all sites; yours opens some.")


def _check_empty(found: Hanging) -> None:
    counts = {name: count for name, count in found.as_counts().items() if count}
    if counts:
        said = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items())
        raise Problem(
            "site_not_empty",
            f"These still belong to the site: {said}. Delete its cameras and videos, revoke its keys, wait until videos"
            " that are being deleted are gone, and ask again.",
            hanging=counts,
        )
