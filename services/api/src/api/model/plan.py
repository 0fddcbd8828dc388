"""What a run makes and how: decided when the video is announced, and written into its manifest. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.model.errors import (
    CameraRequired,
    FloorRequired,
    LayoutNotFound,
    LayoutRequired,
    PictureInvalid,
    SamplingInvalid,
    StartedAtInvalid,
    StartedAtRequired,
    TablesRequired,
    UploadTooLarge,
)
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import Picture, Sampling

FASTEST_MS, SLOWEST_MS = 1, 3_600_000


def choose_make(asked: Sequence[str] | None, camera_id: str | None, layout: Layout | None) -> tuple[str, ...]:
    """What the run makes: always frames; tables and hazards if asked for, or if nothing is asked, as the layout allows.

    Raises CameraRequired, LayoutRequired, TablesRequired or FloorRequired.
    """
    if asked is None:
        possible = (("tables", layout and layout.tables), ("hazards", layout and layout.floor))
        return ("frames", *(name for name, there in possible if there))
    more = [name for name in ("tables", "hazards") if name in asked]
    if more and camera_id is None:
        raise CameraRequired(f"Say which camera the video is from, or leave out {' and '.join(more)}.")
    if more and layout is None:
        raise LayoutRequired("Draw the camera's tables first: PUT /v1/cameras/{camera_id}/layout.")
    if "tables" in more and not (layout and layout.tables):
        raise TablesRequired("The camera's layout has no tables; draw some or leave out tables.")
    if "hazards" in more and not (layout and layout.floor):
        raise FloorRequired("The camera's layout has no floor; draw it or leave out hazards.")
    return ("frames", *more)


def choose_sampling(mode: str | None, every_ms: int | None, default_ms: int) -> Sampling:
    """The sampling. Raises SamplingInvalid."""
    mode = mode or "cadence"
    if mode != "cadence":
        if every_ms is not None:
            raise SamplingInvalid(f"every_ms goes with mode cadence, not with {mode}.")
        return Sampling(mode=mode, every_ms=None)
    every_ms = default_ms if every_ms is None else every_ms
    if not FASTEST_MS <= every_ms <= SLOWEST_MS:
        raise SamplingInvalid(f"every_ms goes from {FASTEST_MS} to {SLOWEST_MS}.")
    return Sampling(mode=mode, every_ms=every_ms)


def choose_picture(encoding: str, quality: int | None, long_side: int | None) -> Picture:
    """How frames are stored. Raises PictureInvalid."""
    if encoding == "png" and quality is not None:
        raise PictureInvalid("quality goes with format jpeg; PNG loses nothing.")
    return Picture(format=encoding, quality=quality, long_side=long_side)


Versions = Sequence[tuple[int, datetime]]
"""Versions of a camera's layout with when each was drawn, in that order."""


def choose_layout(asked: str | int | None, started_at: datetime | None, versions: Versions) -> int | None:
    """The layout version that applies to footage (docs/decisions/0025-which-layout-applies-to-old-footage.md).

    A version is in force from when it was drawn until the next one is. Raises LayoutNotFound, and
    StartedAtRequired.
    """
    newest = versions[-1][0] if versions else None
    if isinstance(asked, int):
        if asked not in {version for version, _ in versions}:
            raise LayoutNotFound(f"The camera has no layout version {asked}.")
        return asked
    if asked == "current" or (asked is None and started_at is None):
        return newest
    if started_at is None:
        raise StartedAtRequired("Say when the recording began, or which layout version applies.")
    in_force = [version for version, drawn_at in versions if drawn_at <= started_at]
    if asked == "at_time" and not in_force:
        raise LayoutNotFound("The camera had no layout at that time; say current, or a version.")
    return in_force[-1] if in_force else newest


def check_start(started_at: datetime | None, now: datetime) -> datetime | None:
    """The start of the recording in UTC, to the millisecond. Raises StartedAtInvalid."""
    if started_at is None:
        return None
    if started_at.tzinfo is None:
        raise StartedAtInvalid("started_at needs a time zone, e.g. 2026-11-23T09:00:00Z.")
    try:
        started_at = started_at.astimezone(UTC)
    except OverflowError as error:
        raise StartedAtInvalid("started_at lies outside of the calendar.") from error
    if started_at > now + timedelta(hours=1) or started_at.year < 2000:
        raise StartedAtInvalid("started_at lies in the future or before the year 2000.")
    return started_at.replace(microsecond=started_at.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What an upload token allows."""

    max_bytes: int
    max_duration_ms: int
    ttl_s: int


def check_size(size_bytes: int | None, limits: UploadLimits) -> None:
    """Raises UploadTooLarge, before anybody has sent a byte."""
    if size_bytes is not None and size_bytes > limits.max_bytes:
        raise UploadTooLarge(f"At most {limits.max_bytes} bytes.", max_bytes=limits.max_bytes)
