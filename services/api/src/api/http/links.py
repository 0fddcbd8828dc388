"""Links for those who read the topics: the key or id of a picture, exchanged for a link that expires."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from api.http import documents
from api.http.bodies import NewLink
from api.http.parts import Has, Parts, Reader
from api.pictures import frame_key, frame_owner, owner_of
from api.problems import Problem
from api.store import Connection, Sites, owners
from chassis.objects import BadKey, ObjectInfo
from tablewatch_schemas.times import write_time

router = APIRouter(prefix="/v1/links", tags=["objects"])


@router.post("", response_model=documents.Link)
async def create_link(body: NewLink, who: Reader, has: Has) -> Any:
    """Exchange the key of a frame, its crops or its evidence, as a topic has it, for a link that needs no API key."""
    async with has.inside(who.site_list) as conn:
        key = await _key(conn, who.site_list, body)
    info = await _stat(has, key)
    expires_at = has.now().replace(microsecond=0) + timedelta(seconds=has.settings.api_link_ttl_s)
    size, url = info.size, await has.link(info.key)
    if body.offset is not None and body.length is not None:
        if body.offset + body.length > info.size:
            raise _gone()
        size, url = body.length, has.link_to_part(info.key, body.offset, body.length)
    return {"object_key": info.key, "url": url, "expires_at": write_time(expires_at), "size_bytes": size}


async def _key(conn: Connection, sites: Sites, body: NewLink) -> str:
    """The object that is meant, when its owner is there and inside the wall. Raises Problem object_gone."""
    if body.frame_id is not None:
        owner = frame_owner(body.frame_id)
        site_id = await owners.site_of(conn, sites, owner) if owner else None
        if site_id is None:
            raise _gone()
        return frame_key(site_id, body.frame_id, await owners.ending_of(conn, owner))
    key = body.object_key or ""
    site_id, owner = owner_of(key)
    if await owners.site_of(conn, sites, owner) != site_id:
        raise _gone()
    return key


async def _stat(has: Parts, key: str) -> ObjectInfo:
    try:
        info = await has.objects.stat(key)
    except BadKey as error:
        raise _gone() from error
    if info is None:
        raise _gone()
    return info


def _gone() -> Problem:
    """One answer for what never was, is gone, or is another site's."""
    return Problem("object_gone", "There is no such object, or its time to be kept is over.")
