"""The manifest of a run: the immutable description of one pass of a video through the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self

import msgspec
import orjson

from tablewatch_schemas.errors import ContractError
from tablewatch_schemas.foreign import read_json
from tablewatch_schemas.times import write_time

Time = Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Which frames: mode cadence (one every `every_ms` of media time), keyframes, or all."""

    mode: str
    every_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How frames are stored: format jpeg or png, JPEG quality (None: the extractor's usual one), and the longer side in
    pixels (None: full size; a smaller picture stays as it is)."""

    format: str = "jpeg"
    quality: int | None = None
    long_side: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Times of the fold, milliseconds of capture time."""

    enter_ms: int
    leave_ms: int
    hold_ms: int
    ttl_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """A model by name and version."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """The part of a manifest that `video.uploaded` carries on: whose run it is, and what its uploader chose.

    It travels as one value: claim of the upload token, column of the upload, field by field only in the event. A new
    option has a default, so that documents from before it read as they did.
    """

    run_id: str
    video_id: str
    site_id: str
    camera_id: str | None = None
    layout_key: str | None = None
    sampling: Sampling
    make: tuple[str, ...]
    started_at: Time | None = None
    picture: Picture = Picture()

    @classmethod
    def from_dict(cls, document: Any) -> Self:
        """From a decoded JSON document; unknown fields are ignored, null options are the default.

        Raises ContractError (wrong_schema).
        """
        if isinstance(document, dict) and document.get("picture", ...) is None:
            document = {name: value for name, value in document.items() if name != "picture"}
        try:
            return msgspec.convert(document, cls)
        except msgspec.ValidationError as error:
            raise ContractError("wrong_schema", f"manifest: {error}") from error

    @classmethod
    def parse(cls, data: bytes | str) -> Self:
        """From JSON. Raises ContractError (not_json, wrong_schema)."""
        try:
            document = read_json(data)
        except ContractError as error:
            raise ContractError(error.code, f"manifest: {error.reason}") from error
        return cls.from_dict(document)

    def to_json(self) -> bytes:
        """The JSON document; the same value gives the same bytes."""
        return orjson.dumps(self, default=write_time, option=orjson.OPT_PASSTHROUGH_DATETIME)

    def to_dict(self) -> dict[str, Any]:
        """The JSON document, decoded."""
        document: dict[str, Any] = orjson.loads(self.to_json())
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(RunSpec):
    """What a run is made with; an object that the api stores when the video is announced."""

    model: ModelRef | None
    thresholds: Thresholds
    created_at: Time
