"""The events of one run, to apply without a broker."""

from datetime import UTC, datetime
from typing import Any

from tests.integration.api.place import Place, RunOf

from api.model.job import Run
from tablewatch_schemas.manifest import Sampling

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PLACE = Place(site_id="site_1", camera_id="cam_1", tables=("tbl_1", "tbl_2"), layout_key="layouts/site_1/cam_1/1.json")
EVENTS = RunOf(place=PLACE, video_id="vid_1", run_id="run_1")


def run(**more: Any) -> Run:
    """A run that makes everything of a camera with two tables."""
    result: dict[str, Any] = {
        "video_id": "vid_1", "run_id": "run_1", "site_id": "site_1", "camera_id": "cam_1", "filename": "a.mp4",
        "layout_key": PLACE.layout_key, "sampling": Sampling(mode="cadence", every_ms=1000),
        "make": ("frames", "tables", "hazards"), "started_at": None,
        "tables_expected": ("tbl_1", "tbl_2"), "created_at": NOW,
    }  # fmt: skip
    return Run(**result | more)
