"""A site with a camera and a video, made through the API, and what the topics say about its run."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx

from api.project.batch import DecodedRecord
from chassis.records import Record
from tablewatch_schemas import (
    CropReady,
    FrameExtracted,
    HazardAlert,
    HazardAlertEvidence,
    HazardCandidate,
    HazardCandidateDetector,
    Received,
    TableEvidence,
    TableState,
    TableStateEvidence,
    VideoProgress,
    VideoProgressError,
    VideoProgressThumbnails,
    VideoUploaded,
    VideoUploadedSampling,
    decode,
    encode,
)
from tablewatch_schemas import keys as object_keys
from tablewatch_schemas.ids import end_hazard_id, frame_id

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LAYOUT = {
    "reference": {"width": 1280, "height": 720},
    "tables": [
        {"label": "1", "seats": 4, "polygon": [[0.1, 0.2], [0.4, 0.2], [0.4, 0.6], [0.1, 0.6]]},
        {"label": "2", "seats": 2, "polygon": [[0.5, 0.2], [0.8, 0.2], [0.8, 0.6], [0.5, 0.6]]},
    ],
    "floor": [[[0.0, 0.6], [1.0, 0.6], [1.0, 1.0], [0.0, 1.0]]],
    "ignore": [[[0.8, 0.0], [1.0, 0.0], [1.0, 0.15]]],
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Ids of what was made."""

    site_id: str
    camera_id: str
    tables: tuple[str, ...]
    layout_key: str


@dataclass(frozen=True, kw_only=True)
class RunOf:
    """A run, and the events that its stages write."""

    place: Place
    video_id: str
    run_id: str
    manifest_key: str = "manifests/x/y.json"

    def uploaded(self) -> VideoUploaded:
        """ingest: the file is stored."""
        return VideoUploaded(
            video_id=self.video_id, site_id=self.place.site_id, run_id=self.run_id, camera_id=self.place.camera_id,
            object_key=object_keys.original(self.place.site_id, self.video_id), manifest_key=self.manifest_key,
            size_bytes=1000, sha256="a" * 64, container="mp4", codec="h264", width=1280, height=720,
            rotation_degrees=0, duration_ms=10_000, fps=25.0, started_at=START, layout_key=self.place.layout_key,
            sampling=VideoUploadedSampling(mode="cadence", every_ms=1000), make=("frames", "tables", "hazards"),
            uploaded_at=START,
        )  # fmt: skip

    def progress(self, sequence: int, published: int, of: int | None = 10, **more: Any) -> VideoProgress:
        """extractor: so far."""
        done = published == of
        result: dict[str, Any] = {
            "status": "done" if done else "processing", "stage": "done" if done else "extract", "attempt": 1,
            "percent": 100.0 * published / of if of else 0.0, "error": None, "updated_at": START,
            "media_ms_total": 10_000,
        }  # fmt: skip
        return VideoProgress(
            video_id=self.video_id, site_id=self.place.site_id, run_id=self.run_id, sequence=sequence,
            frames_published=published, frames_expected=of, media_ms_done=published * 1000,
            gaps=(), thumbnails=VideoProgressThumbnails(first=None, best=None), **result | more,
        )  # fmt: skip

    def failed(self, sequence: int, code: str = "decode_failed", *, retryable: bool = True) -> VideoProgress:
        """extractor: it cannot."""
        error = VideoProgressError(code=code, reason="Cannot be read.", retryable=retryable)
        return self.progress(sequence, 0, status="failed", stage="extract", error=error)

    def frame(self, index: int, *, last: bool = False) -> FrameExtracted:
        """extractor: a frame."""
        return FrameExtracted(
            frame_id=frame_id(self.run_id, index), site_id=self.place.site_id, camera_id=self.place.camera_id,
            run_id=self.run_id, video_id=self.video_id, index=index, media_ms=index * 1000,
            captured_at=START + timedelta(seconds=index),
            object_key=object_keys.run_frame(self.place.site_id, self.run_id, index), width=1280, height=720,
            size_bytes=5, keyframe=index == 0, sharpness=1.0, brightness=0.5, layout_key=self.place.layout_key,
            previous_frame_id=None, previous_object_key=None, make=("frames", "tables", "hazards"), last=last,
        )  # fmt: skip

    def crops(self, index: int, *, last: bool = False) -> CropReady:
        """cropper: the regions of a frame."""
        return CropReady(
            frame_id=frame_id(self.run_id, index), site_id=self.place.site_id, camera_id=self.place.camera_id,
            run_id=self.run_id, video_id=self.video_id, index=index, media_ms=index * 1000,
            captured_at=START + timedelta(seconds=index), frame_key=None,
            crops_key=object_keys.run_crops(self.place.site_id, self.run_id, index), layout_key=None,
            layout_version=1, width=1280, height=720, crops=(), make=("frames", "tables", "hazards"), last=last,
        )  # fmt: skip

    def evidence(self, index: int, table: int = 0, kind: str = "verdict") -> TableEvidence:
        """classifier-gateway: a crop was classified."""
        values = dict.fromkeys(
            ("label", "confidence", "people", "things", "reason", "frame_key", "crop", "model", "layout_version"), None
        )
        return TableEvidence(
            kind=kind, table_id=self.place.tables[table], site_id=self.place.site_id, camera_id=self.place.camera_id,
            run_id=self.run_id, video_id=self.video_id, source_id=self.run_id,
            captured_at=START + timedelta(seconds=index), frame_id=frame_id(self.run_id, index), thresholds=None,
            judgement_key=self.judgement_key(index) if kind == "verdict" else None, last=False, **values,
        )  # fmt: skip

    def judgement_key(self, index: int) -> str:
        """Where the judgement of a frame is."""
        return object_keys.run_judgement(self.place.site_id, self.run_id, index)

    def state(self, table: int, version: int, state: str, *, last: bool = False, live: bool = False) -> TableState:
        """classifier-gateway: a table's state."""
        return TableState(
            table_id=self.place.tables[table], site_id=self.place.site_id, run_id=None if live else self.run_id,
            camera_ids=(self.place.camera_id,), version=version, state=state, previous_state=None, confidence=0.9,
            as_of=START + timedelta(seconds=version), since=START, expires_at=START + timedelta(minutes=2),
            reason="ended" if last else "evidence", last=last,
            evidence=TableStateEvidence(evidence_ids=(), frame_ids=(), people=1, model=None, layout_version=1),
        )  # fmt: skip

    def candidate(self, index: int, *, last: bool = False) -> HazardCandidate:
        """hazard: a frame was looked at."""
        return HazardCandidate(
            site_id=self.place.site_id, camera_id=self.place.camera_id, run_id=self.run_id,
            frame_id=frame_id(self.run_id, index), frame_key=None, captured_at=START, observations=(), suspended=None,
            detector=HazardCandidateDetector(name="motion", version="1"), last=last,
        )  # fmt: skip

    def hazard(self, hazard_id: str, version: int, status: str = "opened", *, live: bool = False) -> HazardAlert:
        """hazard: an alert."""
        return HazardAlert(
            hazard_id=hazard_id, site_id=self.place.site_id, camera_id=self.place.camera_id,
            run_id=None if live else self.run_id, version=version, kind="none" if status == "ended" else "spill",
            status=status, severity="warning", confidence=0.8, box=(0.1, 0.1, 0.2, 0.2), near_table_ids=(),
            opened_at=START, as_of=START, actor=None, note=None, last=status == "ended",
            evidence=HazardAlertEvidence(
                frame_ids=(frame_id(self.run_id, 3),),
                frame_key=object_keys.run_frame(self.place.site_id, self.run_id, 3), detector=None,
            ),
        )  # fmt: skip

    def whole(self, frames: int = 10) -> list[Any]:
        """Everything that the stages say about a run that goes well."""
        result: list[Any] = [self.uploaded(), self.progress(0, 0, frames, status="queued", stage="plan")]
        for index in range(frames):
            last = index == frames - 1
            result += [self.frame(index, last=last), self.crops(index, last=last), self.candidate(index, last=last)]
            result += [self.progress(index + 1, index + 1, frames)]
            result += [self.evidence(index, 0), self.evidence(index, 1)]
        result += [self.state(0, 1, "occupied"), self.state(1, 1, "free"), self.hazard(f"haz_{self.run_id[4:]}", 1)]
        result += [self.state(0, 2, "occupied", last=True), self.state(1, 2, "free", last=True)]
        return [*result, self.hazard(end_hazard_id(self.run_id), 1, "ended")]


async def make_place(client: httpx.AsyncClient, name: str = "Café") -> Place:
    """A site with a camera and its layout."""
    site = answer(await client.post("/v1/sites", json={"name": name}), 201)
    camera = answer(await client.post("/v1/cameras", json={"site_id": site["site_id"], "name": "front"}), 201)
    layout = answer(await client.put(f"/v1/cameras/{camera['camera_id']}/layout", json=LAYOUT), 200)
    tables = tuple(table["table_id"] for table in layout["tables"])
    return Place(site_id=site["site_id"], camera_id=camera["camera_id"], tables=tables, layout_key=layout["layout_key"])


async def make_run(client: httpx.AsyncClient, place: Place) -> RunOf:
    """An announced video."""
    job = answer(await client.post("/v1/videos", json={"camera_id": place.camera_id}), 201)
    return RunOf(place=place, video_id=job["video_id"], run_id=job["run_id"])


def answer(response: httpx.Response, status: int) -> Any:
    """The body, after the status is as it should be."""
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def code(response: httpx.Response, status: int) -> str:
    """The code of a problem."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["code"])


def decoded_record(event: Any, offset: int) -> DecodedRecord:
    """The record of an event in partition 5, as the projector decodes it."""
    encoded = encode(event, source="tablewatch/test", time=datetime.now(UTC))
    record = Record(encoded.topic, 5, offset, 0, encoded.key, encoded.value, encoded.headers)
    return record, decode(record.topic, record.key, record.value, record.headers)


async def outbox_events(pool: asyncpg.Pool, topic: str) -> list[Received[Any]]:
    """What stands in the outbox for a topic, oldest first."""
    rows = await pool.fetch("SELECT * FROM outbox WHERE topic = $1 ORDER BY id", topic)
    return [
        decode(topic, row["key"], row["value"], zip(row["header_names"], row["header_values"], strict=True))
        for row in rows
    ]
