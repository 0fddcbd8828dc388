"""The stages of a job: which services and consumer groups each one goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscription:
    """A consumer group that reads a topic for a run.

    `key` is the field of the job document that is the record key; None where a run has records of several keys.
    """

    topic: str
    group: str
    service: str
    key: str | None


PROJECTOR = "api-projector"

# api-projector keeps its offsets in Postgres and takes part in every stage: its lag is read from /metrics.
SUBSCRIPTIONS: Mapping[str, tuple[Subscription, ...]] = {
    "upload": (),
    "extract": (Subscription("video.uploaded", "extractor", "extractor", "video_id"),),
    "tables": (
        Subscription("frame.extracted", "cropper", "cropper", "run_id"),
        Subscription("crop.ready", "classifier-gateway-dispatch", "classifier-gateway", "run_id"),
        Subscription("table.evidence", "classifier-gateway-fold", "classifier-gateway", None),
    ),
    "hazards": (
        Subscription("frame.extracted", "hazard-detect", "hazard", "run_id"),
        Subscription("hazard.candidate", "hazard-follow", "hazard", None),
    ),
}
SERVICES: Mapping[str, tuple[str, ...]] = {
    "upload": ("ingest", "api"),
    "extract": ("extractor", "api"),
    "tables": ("cropper", "classifier-gateway", "api"),
    "hazards": ("hazard", "api"),
}
