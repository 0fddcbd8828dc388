"""What the names of pictures say: whose they are and where they are kept. Pure."""

import re
from datetime import datetime
from typing import Literal

from tablewatch_schemas import TableEvidence, event_id, keys
from tablewatch_schemas.times import from_ms

# Pictures only: not what was uploaded, nor manifests and layouts, which have resources of their own
OBJECT_KEY = r"^(frames|crops|thumbs|snapshots|evidence)/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$"
FRAME_ID = r"^(run_[A-Za-z0-9]+-[0-9]{9}|cam_[A-Za-z0-9]+-[0-9]{1,14})$"
EVIDENCE_ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


def owner_of(object_key: str) -> tuple[str, str]:
    """(site, run or camera) of a key that has the form of OBJECT_KEY."""
    _, site_id, owner, *_ = object_key.split("/")
    return site_id, owner


def frame_owner(frame_id: str) -> str:
    """The run or camera of a frame; empty when the id has not the form of one."""
    return frame_id.rpartition("-")[0] if re.fullmatch(FRAME_ID, frame_id) else ""


def live_time(frame_id: str) -> datetime | None:
    """When a live frame was captured; None of a frame of a run, whose id does not tell."""
    owner, _, number = frame_id.rpartition("-")
    return None if owner.startswith("run_") else from_ms(int(number))


def verdict_id(table_id: str, frame_id: str, captured_at: datetime) -> str:
    """Event id on table.evidence of what was concluded about a table from a frame."""
    owner = frame_owner(frame_id)
    return event_id(
        TableEvidence(
            kind="verdict", site_id=None, table_id=table_id, camera_id=None, run_id=None, source_id=owner,
            captured_at=captured_at, label=None, confidence=None, people=None, things=None, reason=None,
            frame_id=frame_id, frame_key=None, crop=None, model=None, layout_version=None, thresholds=None, last=False,
        )
    )  # fmt: skip


def frame_key(site_id: str, frame_id: str, ending: Literal["jpg", "png"] = "jpg") -> str:
    """The object of a frame: of a run by its index, of a camera by when it was captured (always JPEG)."""
    owner, _, number = frame_id.rpartition("-")
    if owner.startswith("run_"):
        return keys.run_frame(site_id, owner, int(number), ending)
    return keys.live_frame(site_id, owner, from_ms(int(number)))
