"""Builds and encodes, or decodes, so many crop.ready events of three crops: ours, or pydantic as the baseline.

Equal work: both make a whole record (key, deterministic id, headers, value) of a validated event, and read one.

usage: python -m bench.cases.events {encode|decode} {ours|pydantic} COUNT
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid5

NAMESPACE = UUID("7c1d9f0e-5b1a-5c4e-9a53-0f6d2c3b8e11")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CROPS = [
    {
        "table_id": f"tbl_{n}",
        "offset": n * 9000,
        "length": 9000,
        "box": [0.1, 0.2, 0.3, 0.4],
        "changed": True,
        "change": 0.1,
    }
    for n in range(3)
]
FIELDS: dict[str, Any] = {
    "frame_id": "run_0199-000000001", "site_id": "site_0199", "camera_id": "cam_0199", "run_id": "run_0199",
    "video_id": "vid_0199",
    "index": 1, "media_ms": 1000, "frame_key": "frames/site_0199/run_0199/000000001.jpg",
    "crops_key": "crops/site_0199/run_0199/000000001.bin",
    "layout_key": "layouts/site_0199/cam_0199/1.json", "layout_version": 1,
    "width": 1920, "height": 1080, "make": ["frames", "tables"], "last": False,
}  # fmt: skip


def ours(verb: str, count: int) -> None:
    from tablewatch_schemas import CropReady, CropReadyCrop, decode, encode

    def build() -> CropReady:
        return CropReady(captured_at=NOW, crops=[CropReadyCrop(**crop) for crop in CROPS], **FIELDS)  # type: ignore[arg-type]

    sample = encode(build(), source="tablewatch/bench", time=NOW)
    for _ in range(count):
        if verb == "encode":
            encode(build(), source="tablewatch/bench", time=NOW)
        else:
            decode(sample.topic, sample.key, sample.value, sample.headers)


def pydantic(verb: str, count: int) -> None:
    """What a user would write for the same record: a model with the schema's limits, key, id and headers by hand."""
    from pydantic import BaseModel, Field

    class Crop(BaseModel):
        table_id: str = Field(min_length=1, max_length=200)
        offset: int = Field(ge=0)
        length: int = Field(ge=0)
        box: list[float] = Field(min_length=4, max_length=4)
        changed: bool | None
        change: float | None = Field(ge=0, le=1)

    class Crops(BaseModel):
        frame_id: str = Field(min_length=1, max_length=200)
        site_id: str = Field(min_length=1, max_length=200)
        camera_id: str | None
        run_id: str | None
        video_id: str | None
        index: int | None = Field(ge=0)
        media_ms: int | None = Field(ge=0)
        captured_at: datetime
        frame_key: str | None
        crops_key: str | None
        layout_key: str | None
        layout_version: int | None = Field(ge=1)
        width: int = Field(ge=0)
        height: int = Field(ge=0)
        crops: list[Crop]
        make: list[Literal["frames", "tables", "hazards"]]
        last: bool

    def build() -> Crops:
        return Crops(captured_at=NOW, crops=CROPS, **FIELDS)  # type: ignore[arg-type]

    def record(event: Crops) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
        """Key, value and headers of CloudEvents in binary mode, the id from the fields that identify the event."""
        ident = str(uuid5(NAMESPACE, f"crop.ready|v1|{event.frame_id}"))
        key = event.run_id or event.camera_id or event.site_id
        said = {
            "content-type": "application/json", "ce_specversion": "1.0", "ce_id": ident,
            "ce_source": "tablewatch/bench", "ce_type": "tablewatch.crop.ready.v1", "ce_time": NOW.isoformat(),
            "ce_correlationid": ident, "ce_subject": key,
        }  # fmt: skip
        headers = [(name, text.encode()) for name, text in said.items()]
        return key.encode(), event.model_dump_json().encode(), headers

    def read(key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> tuple[str, dict[str, Any], Crops]:
        said: dict[str, Any] = {name: text.decode() for name, text in headers}
        if said["ce_type"] != "tablewatch.crop.ready.v1":
            raise ValueError(said["ce_type"])
        said["ce_time"] = datetime.fromisoformat(said["ce_time"])
        return key.decode(), said, Crops.model_validate_json(value)

    sample = record(build())
    for _ in range(count):
        if verb == "encode":
            record(build())
        else:
            read(*sample)


if __name__ == "__main__":
    {"ours": ours, "pydantic": pydantic}[sys.argv[2]](sys.argv[1], int(sys.argv[3]))
