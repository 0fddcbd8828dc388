"""What a site stores, and its quota."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response

from api.http.authentication import Admin, Reader
from api.http.dependencies import Deps
from api.http.documents.storage import Quota, Usage
from api.http.preconditions import IfMatch, check_preconditions, site_tag
from api.http.routes import Route
from api.model import events
from api.model.access import check_all_sites
from api.model.storage import SiteStorage
from api.model.types import Json
from api.store import Connection, site_events, sites, storage
from api.store.sites import Lock
from chassis import outbox
from tablewatch_schemas.times import write_time

router = APIRouter(prefix="/v1/sites/{site_id}", tags=["sites"], route_class=Route)


async def stored(conn: Connection, deps: Deps, site_id: str) -> SiteStorage:
    """What a site stores; an upload whose token has expired is not waited for."""
    since = deps.now() - timedelta(seconds=deps.settings.api_upload_ttl_s)
    return await storage.of_site(conn, site_id, deps.settings.storage_limits, since)


@router.get("/usage", response_model=Usage)
async def get_usage(site_id: str, caller: Reader, deps: Deps) -> Any:
    """What a site stores, by kind, what is reserved, and its limits."""
    async with deps.transaction(caller.site_list) as conn:
        await sites.get(conn, caller.site_list, site_id)
        return _usage(site_id, await stored(conn, deps, site_id), deps)


@router.put("/quota", response_model=Usage)
async def set_quota(
    site_id: str, body: Quota, caller: Admin, deps: Deps, response: Response, if_match: IfMatch = None
) -> Any:
    """Set what a site may store. Needs a key that opens all sites: nobody raises their own quota.

    A limit below what is stored deletes nothing; it refuses what would come.
    """
    check_all_sites(caller, "The quota of a site is set")
    async with deps.transaction(caller.site_list) as conn:
        site = await sites.get(conn, caller.site_list, site_id, Lock.CHANGE)
        check_preconditions(site_tag(site["version"]), if_match)
        limits = await storage.set_limits(conn, site_id, body.original_bytes, body.picture_bytes)
        await outbox.enqueue(conn, events.site_config_event(limits, deps.now()))
        await site_events.append(conn, [events.site_changed_event(site | {"version": limits["version"]})])
        usage = _usage(site_id, await stored(conn, deps, site_id), deps)
    response.headers["ETag"] = site_tag(limits["version"])
    return usage


def _usage(site_id: str, found: SiteStorage, deps: Deps) -> Json:
    return {
        "site_id": site_id,
        "originals": {
            "used_bytes": found.originals,
            "reserved_bytes": found.announced,
            "limit_bytes": found.limits.originals,
        },
        "pictures": {
            "used_bytes": found.frames + found.crops,
            "frames_bytes": found.frames,
            "crops_bytes": found.crops,
            "reserved_bytes": found.reserved,
            "limit_bytes": found.limits.pictures,
        },
        "as_of": write_time(deps.now()),
    }
