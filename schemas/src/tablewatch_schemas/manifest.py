"""The immutable manifest of a run: what one pass of a video through the pipeline was asked to be."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from tablewatch_schemas.errors import ContractError
from tablewatch_schemas.times import read_time, write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Which frames: mode cadence (one every `every_ms` of media time), keyframes, or all."""

    mode: str
    every_ms: int | None


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
class Manifest:
    """What a run is made with; written by the api when the video is announced."""

    run_id: str
    video_id: str
    site_id: str
    camera_id: str | None
    layout_key: str | None
    sampling: Sampling
    make: tuple[str, ...]
    started_at: datetime | None
    model: ModelRef | None
    thresholds: Thresholds
    created_at: datetime
    picture: Picture = Picture()

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """From the object's bytes. Raises ContractError."""
        try:
            return _manifest(orjson.loads(data))
        except orjson.JSONDecodeError as error:
            raise ContractError("not_json", f"manifest: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError("wrong_schema", f"manifest: {error!r}") from error

    def to_json(self) -> bytes:
        """The object's bytes; the same manifest gives the same bytes."""
        return orjson.dumps(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            "run_id": self.run_id,
            "video_id": self.video_id,
            "site_id": self.site_id,
            "camera_id": self.camera_id,
            "layout_key": self.layout_key,
            "sampling": {"mode": self.sampling.mode, "every_ms": self.sampling.every_ms},
            "make": list(self.make),
            "started_at": None if self.started_at is None else write_time(self.started_at),
            "model": None if self.model is None else {"name": self.model.name, "version": self.model.version},
            "thresholds": _thresholds_dict(self.thresholds),
            "created_at": write_time(self.created_at),
            "picture": asdict(self.picture),
        }


def _manifest(data: dict[str, Any]) -> Manifest:
    model, started = data["model"], data["started_at"]
    return Manifest(
        run_id=data["run_id"],
        video_id=data["video_id"],
        site_id=data["site_id"],
        camera_id=data["camera_id"],
        layout_key=data["layout_key"],
        sampling=Sampling(mode=data["sampling"]["mode"], every_ms=data["sampling"]["every_ms"]),
        make=tuple(data["make"]),
        started_at=None if started is None else read_time(started),
        model=None if model is None else ModelRef(name=model["name"], version=model["version"]),
        thresholds=_thresholds(data["thresholds"]),
        created_at=read_time(data["created_at"]),
        picture=_picture(data.get("picture")),
    )


def _picture(data: dict[str, Any] | None) -> Picture:
    """Manifests of before there was a choice say nothing of it."""
    if data is None:
        return Picture()
    return Picture(format=data["format"], quality=data["quality"], long_side=data["long_side"])


def _thresholds(data: dict[str, Any]) -> Thresholds:
    return Thresholds(
        enter_ms=int(data["enter_ms"]),
        leave_ms=int(data["leave_ms"]),
        hold_ms=int(data["hold_ms"]),
        ttl_ms=int(data["ttl_ms"]),
    )


def _thresholds_dict(thresholds: Thresholds) -> dict[str, int]:
    return {
        "enter_ms": thresholds.enter_ms,
        "leave_ms": thresholds.leave_ms,
        "hold_ms": thresholds.hold_ms,
        "ttl_ms": thresholds.ttl_ms,
    }
