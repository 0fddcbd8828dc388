"""Builds and encodes, or decodes, so many crop.ready events of three crops: ours, or pydantic as the baseline.

usage: python -m bench.cases.events {encode|decode} {ours|pydantic} COUNT
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any, Literal

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
    "frame_id": "run_0199-000000001", "site_id": "site_0199", "camera_id": "cam_0199", "run_id": "run_0199", "video_id": "vid_0199",
    "index": 1, "media_ms": 1000, "frame_key": "frames/site_0199/run_0199/000000001.jpg",
    "crops_key": "crops/site_0199/run_0199/000000001.bin", "layout_key": "layouts/site_0199/cam_0199/1.json", "layout_version": 1,
    "width": 1920, "height": 1080, "make": ["frames", "tables"], "last": False,
}  # fmt: skip


def ours(verb: str, count: int) -> None:
    from tablewatch_schemas import CropReady, CropReadyCrop, decode, encode  # noqa: PLC0415

    def build() -> CropReady:
        return CropReady(captured_at=NOW, crops=[CropReadyCrop(**crop) for crop in CROPS], **FIELDS)  # type: ignore[arg-type]

    sample = encode(build(), source="tablewatch/bench", time=NOW)
    for _ in range(count):
        if verb == "encode":
            encode(build(), source="tablewatch/bench", time=NOW)
        else:
            decode(sample.topic, sample.key, sample.value, sample.headers)


def pydantic(verb: str, count: int) -> None:
    """What a user would write: a model with the schema's limits, headers built and read by hand as ours are."""
    from pydantic import BaseModel, Field  # noqa: PLC0415

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

    sample = Crops(captured_at=NOW, crops=CROPS, **FIELDS).model_dump_json()  # type: ignore[arg-type]
    for _ in range(count):
        if verb == "encode":
            Crops(captured_at=NOW, crops=CROPS, **FIELDS).model_dump_json()  # type: ignore[arg-type]
        else:
            Crops.model_validate_json(sample)


if __name__ == "__main__":
    {"ours": ours, "pydantic": pydantic}[sys.argv[2]](sys.argv[1], int(sys.argv[3]))
