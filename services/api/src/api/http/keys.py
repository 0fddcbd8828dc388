"""API keys."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from api.http import paging
from api.http.authentication import Admin
from api.http.dependencies import Deps
from api.http.documents.common import Page
from api.http.documents.keys import CreatedKey, Key, NewKey, RotatedKey, Rotation
from api.http.errors import Unavailable
from api.http.idempotency import IdempotentRoute
from api.model.access import check_grant, mint
from api.model.errors import SiteNotFound
from api.store import keys, sites
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.times import write_time

MOST_KEY_BYTES = 128 * 1024
"""1000 sites, whose ids have up to 64 characters: 68 KB, and more when indented."""


class KeyRoute(IdempotentRoute):
    """A route that takes lists of sites."""

    most_body_bytes = MOST_KEY_BYTES


router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=KeyRoute)


@router.post("", status_code=201, response_model=CreatedKey)
async def create_key(body: NewKey, caller: Admin, deps: Deps) -> Any:
    """Create a key. Its text is in this response and nowhere else."""
    check_grant(caller, body.scopes, body.site_ids)
    key, scopes = mint(), sorted(set(body.scopes))
    site_ids = None if body.site_ids is None else sorted(set(body.site_ids))
    async with deps.transaction(caller.site_list) as conn:
        if site_ids is not None and (unknown := set(site_ids) - await sites.known(conn, site_ids)):
            raise SiteNotFound(f"There is no site {', '.join(sorted(unknown))}.")
        document = await keys.add(
            conn, new_id("key"), key, name=body.name, scopes=list(scopes), sites=site_ids, expires_at=body.expires_at,
            now=deps.now(),
        )  # fmt: skip
    if document is None:
        raise Unavailable("Try again.")  # two prefixes of 32 random bits were equal
    return document | {"key": key.text}


@router.get("", response_model=Page[Key])
async def list_keys(caller: Admin, deps: Deps, cursor: paging.Cursor = None, limit: paging.Limit = 100) -> Any:
    """Keys, without their secrets."""
    async with deps.transaction(caller.site_list) as conn:
        found = await keys.page(conn, caller.site_list, paging.decode_cursor(cursor), limit)
    return await paging.respond(Page[Key], lambda: found, limit, found[-1]["key_id"] if found else None)


@router.post("/{key_id}/rotate", status_code=201, response_model=RotatedKey)
async def rotate_key(key_id: str, caller: Admin, deps: Deps, body: Rotation | None = None) -> Any:
    """Create a key with the same name, scopes, sites and expiry; the old one expires after `grace_s`."""
    now, key = deps.now(), mint()
    async with deps.transaction(caller.site_list) as conn:
        old = await keys.rotating(conn, caller.site_list, key_id, now)
        check_grant(caller, old["scopes"], old["site_ids"])
        ends = now + timedelta(seconds=body.grace_s if body else 0)
        await keys.expire(conn, key_id, ends)
        document = await keys.add(
            conn, new_id("key"), key, name=old["name"], scopes=old["scopes"], sites=old["site_ids"],
            expires_at=old["expires_at"], now=now,
        )  # fmt: skip
        if document is None:
            raise Unavailable("Try again.")  # as above, and the old key stays as it was
    ends = ends if old["expires_at"] is None else min(ends, old["expires_at"])
    return document | {"key": key.text, "replaces": key_id, "old_expires_at": write_time(ends)}


@router.delete("/{key_id}", status_code=204)
async def revoke_key(key_id: str, caller: Admin, deps: Deps) -> None:
    """Revoke a key and end its sessions."""
    async with deps.transaction(caller.site_list) as conn:
        await keys.revoke(conn, caller.site_list, key_id, deps.now())
