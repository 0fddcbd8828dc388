"""Links for those who read the topics: the key or id of a picture, exchanged for a link that expires."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter

from api.http import documents
from api.http.bodies import NewLink
from api.http.parts import Collector, Has, Parts
from api.pictures import frame_key, frame_owner, owner_of
from api.problems import Problem
from api.store import Connection, Sites, crops, evidence, owners
from chassis.objects import BadKey, ObjectInfo
from tablewatch_schemas.times import write_time

log = structlog.get_logger("api.http")
router = APIRouter(prefix="/v1/links", tags=["objects"])


@dataclass(frozen=True, slots=True)
class Meant:
    """An object, or (offset, length) of it.

    `live` is a live frame (which `key` then is) and a table, whose crop is still to be looked up; `or_whole`: where
    none is found the frame will do.
    """

    key: str
    part: tuple[int, int] | None = None
    live: tuple[str, str] | None = None
    or_whole: bool = False


@router.post("", response_model=documents.Link)
async def create_link(body: NewLink, who: Collector, has: Has) -> Any:
    """Exchange what a topic names for a link that needs no API key.

    That is the key of an object (of a crops object also a part), the id of a frame, a frame and a table for the crop
    of it, or the id of evidence that a table.state rests on: for the crop that was judged, or the frame where that is
    not known any more. A key needs the scope asset, which read includes.
    """
    async with has.inside(who.site_list) as conn:
        meant = await _meant(conn, who.site_list, body)
    meant = await _looked_up(has, meant)
    info = await _stat(has, meant.key)
    expires_at = has.now().replace(microsecond=0) + timedelta(seconds=has.settings.api_link_ttl_s)
    size, url = info.size, await has.link(info.key)
    if meant.part is not None:
        offset, size = meant.part
        if offset + size > info.size:
            raise _gone()
        url = has.link_to_part(info.key, offset, size)
    return {"object_key": info.key, "url": url, "expires_at": write_time(expires_at), "size_bytes": size}


async def _meant(conn: Connection, sites: Sites, body: NewLink) -> Meant:
    """What is meant, when its owner is there and inside the wall. Raises Problem object_gone, crops_not_found."""
    if body.evidence_id is not None and body.table_id is not None:
        return await _evidence(conn, sites, body.evidence_id, body.table_id, body.run_id)
    if body.frame_id is not None:
        return await _frame(conn, sites, body.frame_id, body.table_id)
    key = body.object_key or ""
    site_id, owner = owner_of(key)
    if await owners.site_of(conn, sites, owner) != site_id:
        raise _gone()
    return Meant(key, None if body.offset is None or body.length is None else (body.offset, body.length))


async def _frame(conn: Connection, sites: Sites, frame_id: str, table_id: str | None) -> Meant:
    """A frame, or the crop of a table from it."""
    owner = frame_owner(frame_id)
    site_id = await owners.site_of(conn, sites, owner) if owner else None
    if site_id is None:
        raise _gone()
    if table_id is None:
        return Meant(frame_key(site_id, frame_id, await owners.ending_of(conn, owner)))
    if _is_live(frame_id):
        return Meant(frame_key(site_id, frame_id), live=(frame_id, table_id))
    crop = await _crop(conn, frame_id, table_id)
    if crop is None:
        raise _not_cut()
    return crop


async def _evidence(conn: Connection, sites: Sites, evidence_id: str, table_id: str, run_id: str | None) -> Meant:
    """The crop that was judged, or the frame where its crops are not known here."""
    frame_id = await evidence.frame_of(conn, sites, evidence_id, table_id, run_id)
    if frame_id is None:
        raise _gone()
    whole = await _frame(conn, sites, frame_id, None)
    if _is_live(frame_id):
        return replace(whole, live=(frame_id, table_id), or_whole=True)
    return await _crop(conn, frame_id, table_id) or whole


async def _looked_up(has: Parts, meant: Meant) -> Meant:
    """With the crop of a live frame, which Kafka is asked for: outside of the transaction. Raises Problem."""
    if meant.live is None:
        return meant
    if not meant.or_whole:
        await _stat(has, meant.key)  # of a frame that is not there crop.ready need not be read
    try:
        place = None if has.live_crops is None else await has.live_crops.of(*meant.live, has.now())
    except ConnectionError as error:
        log.warning("live_crop_unknown", frame_id=meant.live[0], error=repr(error))
        if not meant.or_whole:
            raise Problem("unavailable", "Kafka is away; try again.", headers={"Retry-After": "1"}) from error
        place = None
    if place is not None and not (meant.or_whole and await has.objects.stat(place[0]) is None):
        key, offset, length = place
        return Meant(key, (offset, length))
    if meant.or_whole:
        return Meant(meant.key)
    raise _not_cut()


def _is_live(frame_id: str) -> bool:
    return not frame_id.startswith("run_")


async def _crop(conn: Connection, frame_id: str, table_id: str) -> Meant | None:
    """Where the crop of a table from a frame of a run lies; the wall is at the frame."""
    run_id, _, index = frame_id.rpartition("-")
    found = await crops.of_frame(conn, run_id, int(index)) or {"crops": []}
    for crop in found["crops"]:
        if crop["table_id"] == table_id:
            return Meant(found["object_key"], (crop["offset"], crop["length"]))
    return None


async def _stat(has: Parts, key: str) -> ObjectInfo:
    try:
        info = await has.objects.stat(key)
    except BadKey as error:
        raise _gone() from error
    if info is None:
        raise _gone()
    return info


def _not_cut() -> Problem:
    return Problem("crops_not_found", "No crop of that table and frame is known here.")


def _gone() -> Problem:
    """One answer for what never was, is gone, or is another site's."""
    return Problem("object_gone", "There is no such object, or its time to be kept is over.")
