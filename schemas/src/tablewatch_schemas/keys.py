"""Object keys, derived from ids so that a redelivery overwrites itself with the same bytes. The class comes first.

`lane_of_key` alone is about the keys of records.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from tablewatch_schemas.times import to_ms


def original(site_id: str, video_id: str) -> str:
    """The uploaded file; never under the user's own name."""
    return f"originals/{site_id}/{video_id}/source.bin"


def manifest(site_id: str, run_id: str) -> str:
    """The description of a run."""
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


def run_judgement(site_id: str, run_id: str, index: int) -> str:
    """What a classifier saw in a frame of a run (`tablewatch_schemas.judgement`)."""
    return f"judgements/{site_id}/{run_id}/{index:09d}.json"


def live_judgement(site_id: str, camera_id: str, captured_at: datetime) -> str:
    """What a classifier saw in a live frame."""
    return f"judgements/{site_id}/{camera_id}/{_date(captured_at)}/{to_ms(captured_at)}.json"


def look_beside(judgement: str) -> str:
    """What hazard saw in a frame whose judgement was not there in time; beside the key of that judgement."""
    return f"{judgement.removesuffix('.json')}.look.json"


def camera_secret(site_id: str, camera_id: str) -> str:
    """User name and password of a camera, sealed to the extractor."""
    return f"secrets/{site_id}/{camera_id}.sealed"


EXTRACTOR_KEY = "secrets/extractor.pem"
"""The extractor's public key, to which the api seals them."""


def thumbnail(site_id: str, run_id: str, which: Literal["first", "best"]) -> str:
    """Small picture of a run."""
    return f"thumbs/{site_id}/{run_id}/{which}.jpg"


def last_good_snapshot(site_id: str, camera_id: str) -> str:
    """The last picture of a camera while its status was good."""
    return f"{snapshots_prefix(site_id, camera_id)}last-good.jpg"


def layout_proposal(site_id: str, camera_id: str, proposal_id: str) -> str:
    """The layout that is proposed for a camera that was moved."""
    return f"{layout_proposals_prefix(site_id, camera_id)}{proposal_id}.json"


def proposal_picture(site_id: str, camera_id: str, proposal_id: str, which: Literal["before", "after"]) -> str:
    """What a camera showed before it was moved, and after."""
    return f"{snapshots_prefix(site_id, camera_id)}{proposal_id}/{which}.jpg"


def decided_picture(site_id: str, camera_id: str, proposal_id: str, which: Literal["before", "after"]) -> str:
    """Copy of a picture of a proposal that somebody decided about; kept as long as the camera."""
    return f"{decisions_prefix(site_id, camera_id)}{proposal_id}/{which}.jpg"


def decisions_prefix(site_id: str, camera_id: str) -> str:
    """All pictures of decided proposals of a camera."""
    return f"decisions/{site_id}/{camera_id}/"


def dry_run_layout(site_id: str, camera_id: str, dry_run_id: str) -> str:
    """The layout of a dry run that was drawn for it."""
    return f"{dry_run_prefix(site_id, camera_id, dry_run_id)}layout.json"


def dry_run_report(site_id: str, camera_id: str, dry_run_id: str) -> str:
    """What has come of a dry run (`tablewatch_schemas.dry_run`)."""
    return f"{dry_run_prefix(site_id, camera_id, dry_run_id)}report.json"


def dry_run_prefix(site_id: str, camera_id: str, dry_run_id: str) -> str:
    """All objects of a dry run."""
    return f"{dry_runs_prefix(site_id, camera_id)}{dry_run_id}/"


def dry_runs_prefix(site_id: str, camera_id: str) -> str:
    """All dry runs of a camera."""
    return f"dry-runs/{site_id}/{camera_id}/"


def layout_proposals_prefix(site_id: str, camera_id: str) -> str:
    """All proposed layouts of a camera."""
    return f"proposals/{site_id}/{camera_id}/"


def snapshots_prefix(site_id: str, camera_id: str) -> str:
    """All snapshots of a camera."""
    return f"snapshots/{site_id}/{camera_id}/"


def probe_snapshot(site_id: str, probe_id: str) -> str:
    """The picture of a probe; its credentials are at `camera_secret` of the probe."""
    return f"snapshots/{site_id}/{probe_id}/probe.jpg"


def frames_prefix(site_id: str, run_id: str) -> str:
    """All frames of a run, for deletion."""
    return f"frames/{site_id}/{run_id}/"


def crops_prefix(site_id: str, run_id: str) -> str:
    """All crops of a run."""
    return f"crops/{site_id}/{run_id}/"


def judgements_prefix(site_id: str, run_id: str) -> str:
    """All judgements of a run."""
    return f"judgements/{site_id}/{run_id}/"


def thumbs_prefix(site_id: str, run_id: str) -> str:
    """All thumbnails of a run."""
    return f"thumbs/{site_id}/{run_id}/"


def original_prefix(site_id: str, video_id: str) -> str:
    """The uploaded file's folder."""
    return f"originals/{site_id}/{video_id}/"


_KINDS = {
    "frames": "frame",
    "crops": "crops",
    "judgements": "judgement",
    "layouts": "layout",
    "manifests": "manifest",
    "dry-runs": "dry_run",
}


def object_kind(key: str) -> str:
    """What an object is, by the first part of its key: a label of metrics."""
    return _KINDS.get(key.partition("/")[0], "other")


def lane_of_key(record_key: str) -> Literal["live", "run"]:
    """The lane of a record, and of the row that a fold keeps for its key: those of runs end in `@<run_id>`."""
    return "run" if "@" in record_key else "live"


def _date(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d")
