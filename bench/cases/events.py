"""Events of crop.ready with three crops, 1.2 KB of JSON, so many times: ours, or pydantic as the baseline.

    encode          build the event, and its JSON
    encode-checked  the same, and the bytes read again with every limit of the schema (as the package's `encode`)
    decode          the event of JSON: ours checks types, pydantic the limits too
    record-encode   build the event and its whole record: key, deterministic id, headers, checked value
    record-decode   the event and the headers of a whole record

usage: python -m bench.cases.events VERB {ours|pydantic} COUNT
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid5

NAMESPACE = UUID("7c1d9f0e-5b1a-5c4e-9a53-0f6d2c3b8e11")
NOW = datetime(2026, 1, 1, 12, 30, 15, 123000, tzinfo=UTC)
SOURCE = "tablewatch/bench"
RUN, SITE, CAMERA, VIDEO = (f"{kind}_0199a1f1d4e57c318a2b6f0e9d8c7002" for kind in ("run", "site", "cam", "vid"))
CROPS = [
    {
        "table_id": f"tbl_0199a1f0c2d07a4e8b1f5d3c6a7e900{n}",
        "offset": n * 9123,
        "length": 9123,
        "box": [0.103412, 0.221354, 0.387109, 0.451982],
        "changed": True,
        "change": 0.137,
    }
    for n in range(3)
]
FIELDS: dict[str, Any] = {
    "frame_id": f"{RUN}-000000001", "site_id": SITE, "camera_id": CAMERA, "run_id": RUN, "video_id": VIDEO,
    "index": 1, "media_ms": 1000, "frame_key": f"frames/{SITE}/{RUN}/000000001.jpg",
    "crops_key": f"crops/{SITE}/{RUN}/000000001.bin",
    "layout_key": f"layouts/{SITE}/{CAMERA}/1.json", "layout_version": 1,
    "width": 1920, "height": 1080, "make": ["frames", "tables"], "last": False,
}  # fmt: skip


def ours(verb: str) -> Callable[[], object]:
    from tablewatch_schemas import CropReady, CropReadyCrop, decode, encode, from_json, to_json
    from tablewatch_schemas.contracts import validator

    check = validator("crop.ready")

    def build() -> CropReady:
        return CropReady(captured_at=NOW, crops=tuple([CropReadyCrop(**crop) for crop in CROPS]), **FIELDS)  # type: ignore[arg-type]

    value = to_json(build())
    sample = encode(build(), source=SOURCE, time=NOW)
    return {
        "encode": lambda: to_json(build()),
        "encode-checked": lambda: check(to_json(build())),
        "decode": lambda: from_json(CropReady, value),
        "record-encode": lambda: encode(build(), source=SOURCE, time=NOW),
        "record-decode": lambda: decode(sample.topic, sample.key, sample.value, sample.headers),
    }[verb]


def pydantic(verb: str) -> Callable[[], object]:
    """What a user would write: a model with the schema's limits; for a record key, id and headers by hand."""
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
        headers = {
            "content-type": "application/json", "ce_specversion": "1.0", "ce_id": ident,
            "ce_source": SOURCE, "ce_type": "tablewatch.crop.ready.v1", "ce_time": NOW.isoformat(),
            "ce_correlationid": ident, "ce_subject": key,
        }  # fmt: skip
        encoded = [(name, text.encode()) for name, text in headers.items()]
        return key.encode(), event.model_dump_json().encode(), encoded

    def read(key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> tuple[str, dict[str, Any], Crops]:
        fields: dict[str, Any] = {name: text.decode() for name, text in headers}
        if fields["ce_type"] != "tablewatch.crop.ready.v1":
            raise ValueError(fields["ce_type"])
        fields["ce_time"] = datetime.fromisoformat(fields["ce_time"])
        return key.decode(), fields, Crops.model_validate_json(value)

    value = build().model_dump_json().encode()
    sample = record(build())
    return {
        "encode": lambda: build().model_dump_json(),
        "encode-checked": lambda: build().model_dump_json(),
        "decode": lambda: Crops.model_validate_json(value),
        "record-encode": lambda: record(build()),
        "record-decode": lambda: read(*sample),
    }[verb]


def main() -> None:
    verb, side, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    work = {"ours": ours, "pydantic": pydantic}[side](verb)
    for _ in range(count):
        work()


if __name__ == "__main__":
    main()
