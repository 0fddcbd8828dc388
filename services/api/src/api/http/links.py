"""Links for consumers of the topics: the key or id of a picture, exchanged for a link that expires."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter

from api.http.authentication import Collector
from api.http.dependencies import Deps
from api.http.documents.links import Link, NewLink
from api.http.problems import unavailable
from api.http.routes import Route
from api.model.errors import CropsNotFound, ObjectGone
from api.model.pictures import frame_index, frame_key, frame_owner, owner_of
from api.model.types import Sites
from api.store import Connection, crops, evidence, pictures
from dependencies.errors import BrokerUnreachable
from objects.store import BadKey, ObjectInfo
from tablewatch_schemas.times import write_time

log = structlog.get_logger("api.http")
router = APIRouter(prefix="/v1/links", tags=["objects"], route_class=Route)


@dataclass(frozen=True, slots=True)
class Picture:
    """An object, or (offset, length) of it.

    `live` is (frame_id, table_id) of a live frame, whose key is `key`, when its crop has to be found first; with
    `or_whole` the link opens the whole frame where no crop is found.
    """

    key: str
    part: tuple[int, int] | None = None
    live: tuple[str, str] | None = None
    or_whole: bool = False


@router.post("", response_model=Link)
async def create_link(body: NewLink, caller: Collector, deps: Deps) -> Any:
    """Exchange what a topic names for a link that needs no API key.

    That is the key of an object (of a crops object also a part), the id of a frame, ids of a frame and a table for its
    crop, or the id of evidence of a table.state: for the crop that was classified, or the frame if the crop is not
    known any more. A key needs the scope asset, which read includes.
    """
    async with deps.transaction(caller.site_list) as conn:
        picture = await _resolve(conn, caller.site_list, body)
    picture = await _with_live_crop(deps, picture)
    info = await _stat(deps, picture.key)
    expires_at = deps.now().replace(microsecond=0) + timedelta(seconds=deps.settings.api_link_ttl_s)
    size, url = info.size, await deps.link(info.key)
    if picture.part is not None:
        offset, size = picture.part
        if offset + size > info.size:
            raise _gone()
        url = deps.link_to_part(info.key, offset, size)
    return {"object_key": info.key, "url": url, "expires_at": write_time(expires_at), "size_bytes": size}


async def _resolve(conn: Connection, sites: Sites, body: NewLink) -> Picture:
    """The picture, if its owner exists and belongs to one of the sites. Raises ObjectGone, CropsNotFound."""
    if body.evidence_id is not None and body.table_id is not None:
        return await _evidence(conn, sites, body.evidence_id, body.table_id, body.run_id)
    if body.frame_id is not None:
        return await _frame(conn, sites, body.frame_id, body.table_id)
    key = body.object_key or ""
    site_id, owner = owner_of(key)
    if await pictures.site_of(conn, sites, owner) != site_id:
        raise _gone()
    return Picture(key, None if body.offset is None or body.length is None else (body.offset, body.length))


async def _frame(conn: Connection, sites: Sites, frame_id: str, table_id: str | None) -> Picture:
    """A frame, or its crop of a table."""
    owner = frame_owner(frame_id)
    site_id = await pictures.site_of(conn, sites, owner) if owner else None
    if site_id is None:
        raise _gone()
    if table_id is None:
        return Picture(frame_key(site_id, frame_id, await pictures.extension_of(conn, owner)))
    if _is_live(frame_id):
        return Picture(frame_key(site_id, frame_id), live=(frame_id, table_id))
    crop = await _crop(conn, frame_id, table_id)
    if crop is None:
        raise _no_crop()
    return crop


async def _evidence(conn: Connection, sites: Sites, evidence_id: str, table_id: str, run_id: str | None) -> Picture:
    """The crop that was classified, or the frame if its crops are not known here."""
    frame_id = await evidence.frame_of(conn, sites, evidence_id, table_id, run_id)
    if frame_id is None:
        raise _gone()
    whole = await _frame(conn, sites, frame_id, None)
    if _is_live(frame_id):
        return replace(whole, live=(frame_id, table_id), or_whole=True)
    return await _crop(conn, frame_id, table_id) or whole


async def _with_live_crop(deps: Deps, picture: Picture) -> Picture:
    """With the crop of a live frame, read from Kafka outside of the transaction. Raises CropsNotFound, Unavailable."""
    if picture.live is None:
        return picture
    if not picture.or_whole:
        await _stat(deps, picture.key)  # crop.ready need not be read for a frame that does not exist
    try:
        found = None if deps.live_crops is None else await deps.live_crops.of(*picture.live, deps.now())
    except ConnectionError as error:
        log.warning("live_crop_unknown", frame_id=picture.live[0], error=repr(error))
        if not picture.or_whole:
            raise unavailable(BrokerUnreachable()) from error
        found = None
    if found is not None and not (picture.or_whole and await deps.objects.stat(found[0]) is None):
        key, offset, length = found
        return Picture(key, (offset, length))
    if picture.or_whole:
        return Picture(picture.key)
    raise _no_crop()


def _is_live(frame_id: str) -> bool:
    return not frame_id.startswith("run_")


async def _crop(conn: Connection, frame_id: str, table_id: str) -> Picture | None:
    """The crop of a table in a frame of a run; None if there is none. Callers check access to the frame."""
    found = await crops.of_frame(conn, frame_owner(frame_id), frame_index(frame_id)) or {"crops": []}
    for crop in found["crops"]:
        if crop["table_id"] == table_id:
            return Picture(found["object_key"], (crop["offset"], crop["length"]))
    return None


async def _stat(deps: Deps, key: str) -> ObjectInfo:
    try:
        info = await deps.objects.stat(key)
    except BadKey as error:
        raise _gone() from error
    if info is None:
        raise _gone()
    return info


def _no_crop() -> CropsNotFound:
    return CropsNotFound("No crop of that table and frame is known here.")


def _gone() -> ObjectGone:
    """The same error for an object that never existed, was deleted, or is another site's."""
    return ObjectGone("There is no such object, or its retention is over.")
