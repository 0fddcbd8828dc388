"""What the names of pictures say: whose they are and where they are kept. Pure."""

import re
from typing import Literal

from tablewatch_schemas import keys
from tablewatch_schemas.times import from_ms

# Pictures only: not what was uploaded, nor manifests and layouts, which have resources of their own
OBJECT_KEY = r"^(frames|crops|thumbs|snapshots|evidence)/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$"
FRAME_ID = r"^(run_[A-Za-z0-9]+-[0-9]{9}|cam_[A-Za-z0-9]+-[0-9]{1,14})$"


def owner_of(object_key: str) -> tuple[str, str]:
    """(site, run or camera) of a key that has the form of OBJECT_KEY."""
    _, site_id, owner, *_ = object_key.split("/")
    return site_id, owner


def frame_owner(frame_id: str) -> str:
    """The run or camera of a frame; empty when the id has not the form of one."""
    return frame_id.rpartition("-")[0] if re.fullmatch(FRAME_ID, frame_id) else ""


def frame_key(site_id: str, frame_id: str, ending: Literal["jpg", "png"] = "jpg") -> str:
    """The object of a frame: of a run by its index, of a camera by when it was captured (always JPEG)."""
    owner, _, number = frame_id.rpartition("-")
    if owner.startswith("run_"):
        return keys.run_frame(site_id, owner, int(number), ending)
    return keys.live_frame(site_id, owner, from_ms(int(number)))
