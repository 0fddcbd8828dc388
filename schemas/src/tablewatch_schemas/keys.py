"""Object keys, derived from ids so that a redelivery overwrites itself with the same bytes. The class comes first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from tablewatch_schemas.times import to_ms


def original(site_id: str, video_id: str) -> str:
    """The uploaded file; never under the user's own name."""
    return f"originals/{site_id}/{video_id}/source.bin"


def manifest(site_id: str, run_id: str) -> str:
    """What a run was asked to do."""
    return f"manifests/{site_id}/{run_id}.json"


def layout(site_id: str, camera_id: str, version: int) -> str:
    """One immutable version of a camera's layout."""
    return f"layouts/{site_id}/{camera_id}/{version}.json"


def run_frame(site_id: str, run_id: str, index: int, ending: Literal["jpg", "png"] = "jpg") -> str:
    """Picture of a frame of a run; all of a run have the same ending."""
    return f"frames/{site_id}/{run_id}/{index:09d}.{ending}"


def live_frame(site_id: str, camera_id: str, captured_at: datetime) -> str:
    """JPEG of a live frame; the date folder is that of capture, UTC."""
    return f"frames/{site_id}/{camera_id}/{_date(captured_at)}/{to_ms(captured_at)}.jpg"


def run_crops(site_id: str, run_id: str, index: int) -> str:
    """Crops of a frame of a run, JPEGs back to back."""
    return f"crops/{site_id}/{run_id}/{index:09d}.bin"


def live_crops(site_id: str, camera_id: str, captured_at: datetime) -> str:
    """Crops of a live frame."""
    return f"crops/{site_id}/{camera_id}/{_date(captured_at)}/{to_ms(captured_at)}.bin"


def thumbnail(site_id: str, run_id: str, which: Literal["first", "best"]) -> str:
    """Small picture of a run."""
    return f"thumbs/{site_id}/{run_id}/{which}.jpg"


def last_good_snapshot(site_id: str, camera_id: str) -> str:
    """The last picture of a camera that was all right."""
    return f"snapshots/{site_id}/{camera_id}/last-good.jpg"


def frames_prefix(site_id: str, run_id: str) -> str:
    """All frames of a run, for deletion."""
    return f"frames/{site_id}/{run_id}/"


def crops_prefix(site_id: str, run_id: str) -> str:
    """All crops of a run."""
    return f"crops/{site_id}/{run_id}/"


def thumbs_prefix(site_id: str, run_id: str) -> str:
    """All thumbnails of a run."""
    return f"thumbs/{site_id}/{run_id}/"


def original_prefix(site_id: str, video_id: str) -> str:
    """The uploaded file's folder."""
    return f"originals/{site_id}/{video_id}/"


def _date(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d")
