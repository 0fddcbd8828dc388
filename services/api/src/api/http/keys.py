"""API keys."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from api.access import check_grant, mint
from api.http import documents, paging
from api.http.bodies import NewKey, Rotation
from api.http.idempotent import Idempotent
from api.http.parts import Admin, Has
from api.problems import Problem
from api.store import keys, sites
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.times import write_time

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=Idempotent)


@router.post("", status_code=201, response_model=documents.NewKey)
async def create_key(body: NewKey, who: Admin, has: Has) -> Any:
    """Make a key. Its text is in this answer and nowhere else."""
    check_grant(who, body.scopes, body.site_ids)
    key, scopes = mint(), sorted(set(body.scopes))
    wanted = None if body.site_ids is None else sorted(set(body.site_ids))
    async with has.inside(who.site_list) as conn:
        if wanted is not None and (unknown := set(wanted) - await sites.known(conn, wanted)):
            raise Problem("site_not_found", f"There is no site {', '.join(sorted(unknown))}.")
        document = await keys.add(
            conn, new_id("key"), key, name=body.name, scopes=list(scopes), sites=wanted, expires_at=body.expires_at,
            now=has.now(),
        )  # fmt: skip
    if document is None:
        raise Problem("unavailable", "Try again.")  # two prefixes of 32 random bits met
    return document | {"key": key.text}


@router.get("", response_model=documents.Page[documents.Key])
async def list_keys(who: Admin, has: Has, cursor: paging.Cursor = None, limit: paging.Limit = 100) -> Any:
    """Keys, without their secrets."""
    async with has.inside(who.site_list) as conn:
        found = await keys.page(conn, who.site_list, paging.read(cursor), limit)
    return paging.page(found, limit, found[-1]["key_id"] if found else None)


@router.post("/{key_id}/rotate", status_code=201, response_model=documents.RotatedKey)
async def rotate_key(key_id: str, who: Admin, has: Has, body: Rotation | None = None) -> Any:
    """Make a key with the same name, scopes, sites and end, and let the old one end after a while."""
    now, key = has.now(), mint()
    async with has.inside(who.site_list) as conn:
        old = await keys.rotating(conn, who.site_list, key_id, now)
        check_grant(who, old["scopes"], old["site_ids"])
        ends = now + timedelta(seconds=body.grace_s if body else 0)
        await keys.expire(conn, key_id, ends)
        document = await keys.add(
            conn, new_id("key"), key, name=old["name"], scopes=old["scopes"], sites=old["site_ids"],
            expires_at=old["expires_at"], now=now,
        )  # fmt: skip
        if document is None:
            raise Problem("unavailable", "Try again.")  # as above, and the old key stays as it was
    ends = ends if old["expires_at"] is None else min(ends, old["expires_at"])
    return document | {"key": key.text, "replaces": key_id, "old_expires_at": write_time(ends)}


@router.delete("/{key_id}", status_code=204)
async def revoke_key(key_id: str, who: Admin, has: Has) -> None:
    """Revoke a key and end its sessions."""
    async with has.inside(who.site_list) as conn:
        await keys.revoke(conn, who.site_list, key_id, has.now())
