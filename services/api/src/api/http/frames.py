"""Frames of videos by the ids that topics have, and their crops."""

from typing import Any

from fastapi import APIRouter

from api.http.authentication import Reader
from api.http.dependencies import Deps
from api.http.documents.frames import Crops, FrameOfVideo
from api.http.routes import Route
from api.model.errors import CropsNotFound
from api.model.types import Json
from api.store import crops, frames

router = APIRouter(prefix="/v1/frames", tags=["frames"], route_class=Route)


@router.get("/{frame_id}", response_model=FrameOfVideo)
async def get_frame(frame_id: str, caller: Reader, deps: Deps) -> Any:
    """A frame of a video, with a link that expires."""
    async with deps.transaction(caller.site_list) as conn:
        row = await frames.get(conn, caller.site_list, frame_id)
    owner = {name: row[name] for name in ("video_id", "run_id", "site_id")}
    return frames.document(row, str(await deps.link(row["object_key"]))) | owner


@router.get("/{frame_id}/crops", response_model=Crops)
async def list_crops(frame_id: str, caller: Reader, deps: Deps) -> Any:
    """The crops of a frame: each with its box and a link to its bytes alone."""
    async with deps.transaction(caller.site_list) as conn:
        row = await frames.get(conn, caller.site_list, frame_id)
        found = await crops.of_frame(conn, row["run_id"], row["index"])
    if found is None:
        raise CropsNotFound("The frame has no crops, or none yet.")
    return {
        "frame_id": frame_id,
        "object_key": found["object_key"],
        "layout_version": found["layout_version"],
        "items": [_with_link(deps, found["object_key"], each) for each in found["crops"]],
    }


def _with_link(deps: Deps, key: str, crop: Json) -> Json:
    return crop | {"url": deps.link_to_part(key, crop["offset"], crop["length"])}
