"""Ids and object keys of pictures: their owner, time and object. Pure."""

import re
from datetime import datetime
from typing import Literal

from tablewatch_schemas import TableEvidence, event_id, keys
from tablewatch_schemas.foreign import read_number
from tablewatch_schemas.times import from_ms

# Pictures only: originals, manifests and layouts have resources of their own
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


def frame_index(frame_id: str) -> int:
    """The number at the end of an id that has the form of FRAME_ID: an index, or a live frame's milliseconds."""
    return read_number(frame_id.rpartition("-")[2])


def live_time(frame_id: str) -> datetime | None:
    """When a live frame was captured; None for a frame of a run, whose id has no time."""
    return None if frame_id.startswith("run_") else from_ms(frame_index(frame_id))


def verdict_id(table_id: str, frame_id: str, captured_at: datetime) -> str:
    """Event id on table.evidence of the verdict on a table in a frame."""
    owner = frame_owner(frame_id)
    return event_id(
        TableEvidence(
            kind="verdict", site_id=None, table_id=table_id, camera_id=None, run_id=None, source_id=owner,
            captured_at=captured_at, label=None, confidence=None, people=None, things=None, reason=None,
            frame_id=frame_id, frame_key=None, crop=None, model=None, layout_version=None, thresholds=None, last=False,
        )
    )  # fmt: skip


def judgement_key(site_id: str, frame_id: str) -> str:
    """Key of what was seen in a frame whose id has the form of FRAME_ID."""
    owner, number = frame_owner(frame_id), frame_index(frame_id)
    if owner.startswith("run_"):
        return keys.run_judgement(site_id, owner, number)
    return keys.live_judgement(site_id, owner, from_ms(number))


def frame_key(site_id: str, frame_id: str, extension: Literal["jpg", "png"] = "jpg") -> str:
    """Key of a frame's object: of a run by its index, of a camera by its capture time (always JPEG)."""
    owner, number = frame_owner(frame_id), frame_index(frame_id)
    if owner.startswith("run_"):
        return keys.run_frame(site_id, owner, number, extension)
    return keys.live_frame(site_id, owner, from_ms(number))
