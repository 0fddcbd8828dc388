"""Sites."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from api.http import paging
from api.http.authentication import Admin, Reader
from api.http.dependencies import Deps
from api.http.detectors import check_detector
from api.http.documents.common import Page, changes
from api.http.documents.sites import NewSite, Site, SiteChange
from api.http.idempotency import IdempotentRoute
from api.http.preconditions import IfMatch, check_preconditions, site_tag
from api.model import events
from api.model.access import check_all_sites, check_grant
from api.model.errors import SiteNotEmpty
from api.model.opening_hours import check_week
from api.store import Connection, cameras, site_events, sites, storage
from api.store.sites import Lock, Remaining
from chassis import outbox
from tablewatch_schemas.ids import new_id

router = APIRouter(prefix="/v1/sites", tags=["sites"], route_class=IdempotentRoute)


@router.post("", status_code=201, response_model=Site)
async def create_site(body: NewSite, caller: Admin, deps: Deps, response: Response) -> Any:
    """Add a site. Needs a key that opens all sites."""
    check_grant(caller, (), None)
    await check_detector(deps, body.detector)
    asked = body.model_dump() | {"site_id": new_id("site")}
    check_week(asked["opening_hours"])
    now = deps.now()
    async with deps.transaction(caller.site_list) as conn:
        site = await sites.add(conn, asked, now)
        if body.detector is not None or body.opening_hours is not None:
            await _publish(conn, site["site_id"], now)
    response.headers["Location"] = f"/v1/sites/{site['site_id']}"
    response.headers["ETag"] = site_tag(site["version"])
    return site


@router.get("", response_model=Page[Site])
async def list_sites(caller: Reader, deps: Deps, cursor: paging.Cursor = None, limit: paging.Limit = 100) -> Any:
    """The sites that the key opens."""
    async with deps.transaction(caller.site_list) as conn:
        found = await sites.page(conn, caller.site_list, paging.decode_cursor(cursor), limit)
    return paging.page(found, limit, found[-1]["site_id"] if found else None)


@router.get("/{site_id}", response_model=Site)
async def get_site(site_id: str, caller: Reader, deps: Deps, response: Response) -> Any:
    """One site."""
    async with deps.transaction(caller.site_list) as conn:
        site = await sites.get(conn, caller.site_list, site_id)
    response.headers["ETag"] = site_tag(site["version"])
    return site


@router.patch("/{site_id}", response_model=Site)
async def change_site(
    site_id: str, body: SiteChange, caller: Admin, deps: Deps, response: Response, if_match: IfMatch = None
) -> Any:
    """Change what is given. A `detector` looks at what is judged from now on, runs that are under way among it."""
    change = changes(body)
    await check_detector(deps, body.detector)
    check_week(change.get("opening_hours"))
    now = deps.now()
    async with deps.transaction(caller.site_list) as conn:
        site = await sites.get(conn, caller.site_list, site_id, Lock.CHANGE)
        check_preconditions(site_tag(site["version"]), if_match)
        site = await sites.save(conn, site | change)
        if change.keys() & {"detector", "opening_hours", "timezone"}:
            await _publish(conn, site_id, now)
        if "timezone" in change:
            await _change_zone(conn, site_id, now)
        await site_events.append(conn, [events.site_changed_event(site)])
    response.headers["ETag"] = site_tag(site["version"])
    return site


@router.delete("/{site_id}", status_code=204)
async def delete_site(site_id: str, caller: Admin, deps: Deps, if_match: IfMatch = None) -> None:
    """Delete a site that has no camera, video or key left. Needs a key that opens all sites.

    Its sections, tables, states and history are deleted too; its event streams end with site.deleted.
    """
    check_all_sites(caller, "A site is deleted")
    now = deps.now()
    async with deps.transaction(caller.site_list) as conn:
        site = await sites.get(conn, caller.site_list, site_id, Lock.DELETE)
        check_preconditions(site_tag(site["version"]), if_match)
        _check_empty(await sites.remaining(conn, site_id, now))
        await outbox.enqueue(conn, events.site_config_tombstone(site, now))
        await _remove(conn, site_id)


async def _publish(conn: Connection, site_id: str, now: datetime) -> None:
    await outbox.enqueue(conn, events.site_config_event(await storage.configuration(conn, site_id), now))


async def _change_zone(conn: Connection, site_id: str, now: datetime) -> None:
    """Cameras with hours of their own are configured anew: their hours are by the clock of the site."""
    for camera in await cameras.with_hours(conn, site_id):
        changed = await cameras.save(conn, camera, now)
        await outbox.enqueue(conn, events.camera_config_event(changed, now))
        await site_events.append(conn, [events.camera_config_site_event(changed)])


async def _remove(conn: Connection, site_id: str) -> None:
    """Delete the events before the sequence, in the order in which old events are pruned."""
    await sites.empty_log(conn, site_id)
    await site_events.append(conn, [events.site_deleted_event(site_id)])
    await sites.remove(conn, site_id)


def _check_empty(found: Remaining) -> None:
    counts = {name: count for name, count in found.as_counts().items() if count}
    if counts:
        listed = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items())
        raise SiteNotEmpty(
            f"These still belong to the site: {listed}. Delete its cameras and videos, revoke its keys, wait until"
            " videos that are being deleted are gone, and ask again.",
            hanging=counts,
        )
