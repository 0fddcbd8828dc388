"""The road of a run: which services and consumer groups each stage of a job goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leg:
    """A consumer group reading a topic for a run; `key` names the job's id that is the record key, None: several."""

    topic: str
    group: str
    service: str
    key: str | None


PROJECTOR = "api-projector"

# api-projector's own offsets are in Postgres, and it concerns every stage: its lag is asked of /metrics.
ROAD: Mapping[str, tuple[Leg, ...]] = {
    "upload": (),
    "extract": (Leg("video.uploaded", "extractor", "extractor", "video_id"),),
    "tables": (
        Leg("frame.extracted", "cropper", "cropper", "run_id"),
        Leg("crop.ready", "classifier-gateway-dispatch", "classifier-gateway", "run_id"),
        Leg("table.evidence", "classifier-gateway-fold", "classifier-gateway", None),
    ),
    "hazards": (
        Leg("frame.extracted", "hazard-detect", "hazard", "run_id"),
        Leg("hazard.candidate", "hazard-follow", "hazard", None),
    ),
}
SERVICES: Mapping[str, tuple[str, ...]] = {
    "upload": ("ingest", "api"),
    "extract": ("extractor", "api"),
    "tables": ("cropper", "classifier-gateway", "api"),
    "hazards": ("hazard", "api"),
}
