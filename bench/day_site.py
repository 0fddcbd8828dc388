"""The site of `bench.day`: its ids, what its cameras see when, and the events of the stages before the classifier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from chassis.records import Sendable
from classifier_gateway.dispatch.events import TableNames, verdict_events, with_names
from inference import FrameRequest, Judgement, TableVerdict
from objects.store import ObjectStore
from tablewatch_schemas import (
    CropReady,
    CropReadyCrop,
    FrameExtracted,
    HazardCandidate,
    HazardCandidateDetector,
    HazardCandidateObservation,
    TableEvidence,
    encode,
    from_ms,
    keys,
    new_id,
    to_ms,
)
from tablewatch_schemas.judgement import judgement_key
from tablewatch_schemas.layout import Layout, LayoutTable

SOURCE = "tablewatch/bench"
CAMERAS, TABLES_EACH, FRAME_S = 10, 2, 5
BEGINS_IN = timedelta(minutes=10)  # until everything runs: a tick would find the first states stale
CHANGE_FRAMES = 360  # a table changes twice an hour
SPILL_EVERY, SPILL_FRAMES = 2000, 12
FRAME_BYTES, CROP_BYTES = 90_000, 8_000
ZONES = (((0.1, 0.2), (0.4, 0.2), (0.4, 0.8), (0.1, 0.8)), ((0.5, 0.2), (0.9, 0.2), (0.9, 0.8), (0.5, 0.8)))


@dataclass(frozen=True)
class Site:
    """Ids, and when the day begins. All frames of a camera name the same picture, which nobody looks at."""

    site_id: str = field(default_factory=lambda: new_id("site"))
    cameras: tuple[str, ...] = field(default_factory=lambda: tuple(new_id("cam") for _ in range(CAMERAS)))
    tables: tuple[str, ...] = field(default_factory=lambda: tuple(new_id("tbl") for _ in range(CAMERAS * TABLES_EACH)))
    begins_ms: int = field(default_factory=lambda: to_ms((datetime.now(UTC) + BEGINS_IN).replace(microsecond=0)))

    def to_json(self) -> str:
        """For the process of the classifier."""
        return orjson.dumps(asdict(self)).decode()

    @staticmethod
    def parse(text: str) -> Site:
        """Raises ValueError, TypeError."""
        fields: dict[str, Any] = orjson.loads(text)
        return Site(fields["site_id"], tuple(fields["cameras"]), tuple(fields["tables"]), fields["begins_ms"])

    async def store(self, objects: ObjectStore) -> None:
        """What the records name: layouts, one picture and its crops a camera."""
        for camera, name in enumerate(self.cameras):
            await objects.put(self._layout_key(camera), self._layout(camera).to_json())
            await objects.put(keys.live_frame(self.site_id, name, from_ms(self.begins_ms)), bytes(FRAME_BYTES))
            await objects.put(self._crops_key(camera), bytes(CROP_BYTES * TABLES_EACH))

    def frame(self, number: int) -> list[Sendable]:
        """The events of one frame before it is classified; one camera after the other."""
        camera, index = number % CAMERAS, number // CAMERAS
        at = from_ms(self.begins_ms + index * FRAME_S * 1000)
        events = (self._extracted(camera, at), self._cropped(camera, at), self._candidate(camera, index, at))
        return [encode(event, source=SOURCE, time=at) for event in events]

    def judgement(self, request: FrameRequest) -> Judgement:
        """The answer of the classifier."""
        return self._judgement(request.frame_id, [region.table_id for region in request.regions])

    def expected_evidence(self, number: int) -> list[TableEvidence]:
        """What dispatch should publish of a frame."""
        camera, index = number % CAMERAS, number // CAMERAS
        ready = self._cropped(camera, from_ms(self.begins_ms + index * FRAME_S * 1000))
        judgement = self._judgement(ready.frame_id, [crop.table_id for crop in ready.crops])
        layout = self._layout(camera)
        names = TableNames({table.table_id: table.label for table in layout.tables}, layout.created_at)
        return with_names(verdict_events(ready, judgement, None, judgement_key(ready)), names)

    def _judgement(self, frame_id: str, table_ids: Iterable[str]) -> Judgement:
        index = (int(frame_id.rpartition("-")[2]) - self.begins_ms) // (FRAME_S * 1000)
        verdicts = tuple(self._verdict(table_id, index) for table_id in table_ids)
        return Judgement(verdicts, (), "bench", "1", "known", 0, 0)

    def _verdict(self, table_id: str, index: int) -> TableVerdict:
        taken = (index + self.tables.index(table_id) * 17) // CHANGE_FRAMES % 2 == 1
        return TableVerdict(table_id, "occupied" if taken else "free", 0.9, 2 if taken else 0, 0)

    def _tables_of(self, camera: int) -> tuple[str, ...]:
        return self.tables[camera * TABLES_EACH : (camera + 1) * TABLES_EACH]

    def _frame_id(self, camera: int, at: datetime) -> str:
        return f"{self.cameras[camera]}-{to_ms(at)}"

    def _layout_key(self, camera: int) -> str:
        return keys.layout(self.site_id, self.cameras[camera], 1)

    def _crops_key(self, camera: int) -> str:
        return keys.live_crops(self.site_id, self.cameras[camera], from_ms(self.begins_ms))

    def _layout(self, camera: int) -> Layout:
        tables = tuple(
            LayoutTable(table_id=name, label=str(number), seats=4, section_id=None, polygon=zone, top=None)
            for number, (name, zone) in enumerate(zip(self._tables_of(camera), ZONES, strict=True))
        )
        return Layout(
            layout_key=self._layout_key(camera), site_id=self.site_id, camera_id=self.cameras[camera], version=1,
            created_at=from_ms(self.begins_ms), width=1280, height=720, tables=tables, floor=(),
        )  # fmt: skip

    def _extracted(self, camera: int, at: datetime) -> FrameExtracted:
        name = self.cameras[camera]
        return FrameExtracted(
            frame_id=self._frame_id(camera, at), site_id=self.site_id, camera_id=name, run_id=None, video_id=None,
            index=None, media_ms=None, captured_at=at, object_key=keys.live_frame(self.site_id, name, at), width=1280,
            height=720, size_bytes=FRAME_BYTES, keyframe=True, sharpness=1.0, brightness=0.5, layout_key=None,
            previous_frame_id=None, previous_object_key=None, make=("tables", "hazards"), last=False,
        )  # fmt: skip

    def _cropped(self, camera: int, at: datetime) -> CropReady:
        name = self.cameras[camera]
        crops = tuple(
            CropReadyCrop(table_id=table, offset=number * CROP_BYTES, length=CROP_BYTES, box=(0.1, 0.2, 0.4, 0.8),
                          changed=None, change=None)
            for number, table in enumerate(self._tables_of(camera))
        )  # fmt: skip
        return CropReady(
            frame_id=self._frame_id(camera, at), site_id=self.site_id, camera_id=name, run_id=None, video_id=None,
            index=None, media_ms=None, captured_at=at,
            frame_key=keys.live_frame(self.site_id, name, from_ms(self.begins_ms)), crops_key=self._crops_key(camera),
            layout_key=self._layout_key(camera), layout_version=1, width=1280, height=720, crops=crops,
            make=("tables", "hazards"), last=False,
        )  # fmt: skip

    def _candidate(self, camera: int, index: int, at: datetime) -> HazardCandidate:
        since = (index + camera * 101) % SPILL_EVERY
        return HazardCandidate(
            site_id=self.site_id, camera_id=self.cameras[camera], run_id=None, frame_id=self._frame_id(camera, at),
            frame_key=None, captured_at=at, suspended=None, last=False,
            observations=(_spill(since),) if since < SPILL_FRAMES else (),
            detector=HazardCandidateDetector(name="bench", version="1"),
        )  # fmt: skip


def _spill(frames: int) -> HazardCandidateObservation:
    return HazardCandidateObservation(
        kind="spill", box=(0.4, 0.7, 0.5, 0.8), score=0.9, coloured=True, area=0.01,
        stationary_ms=frames * FRAME_S * 1000, near_table_ids=(),
    )  # fmt: skip
