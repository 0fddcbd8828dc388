"""Frames of videos by the id that topics name them by, and their crops."""

from typing import Any

from fastapi import APIRouter

from api.http import documents
from api.http.parts import Has, Parts, Reader
from api.problems import Problem
from api.store import Json, crops, videos

router = APIRouter(prefix="/v1/frames", tags=["frames"])


@router.get("/{frame_id}", response_model=documents.FrameOfVideo)
async def get_frame(frame_id: str, who: Reader, has: Has) -> Any:
    """A frame of a video, with a link that expires."""
    async with has.inside(who.site_list) as conn:
        row = await videos.frame(conn, who.site_list, frame_id)
    whose = {name: row[name] for name in ("video_id", "run_id", "site_id")}
    return videos.frame_document(row, str(await has.link(row["object_key"]))) | whose


@router.get("/{frame_id}/crops", response_model=documents.Crops)
async def get_crops(frame_id: str, who: Reader, has: Has) -> Any:
    """The tables cut out of a frame: each with its box and a link to its bytes alone."""
    async with has.inside(who.site_list) as conn:
        row = await videos.frame(conn, who.site_list, frame_id)
        found = await crops.of_frame(conn, row["run_id"], row["index"])
    if found is None:
        raise Problem("crops_not_found", "The frame has no crops, or they are not cut yet.")
    return {
        "frame_id": frame_id,
        "object_key": found["object_key"],
        "layout_version": found["layout_version"],
        "items": [_with_link(has, found["object_key"], each) for each in found["crops"]],
    }


def _with_link(has: Parts, key: str, crop: Json) -> Json:
    return crop | {"url": has.link_to_part(key, crop["offset"], crop["length"])}
