"""What a run will make and how: decided when the video is announced, written down in its manifest. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.problems import Problem
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import Picture, Sampling

FASTEST_MS, SLOWEST_MS = 1, 3_600_000


def choose_make(asked: Sequence[str] | None, camera_id: str | None, layout: Layout | None) -> tuple[str, ...]:
    """What the run makes: always frames; tables and hazards as asked, or as far as the layout allows.

    Raises Problem camera_required, layout_required, tables_required or floor_required.
    """
    if asked is None:
        possible = (("tables", layout and layout.tables), ("hazards", layout and layout.floor))
        return ("frames", *(name for name, there in possible if there))
    more = [name for name in ("tables", "hazards") if name in asked]
    if more and camera_id is None:
        raise Problem("camera_required", f"Say which camera the video is from, or leave out {' and '.join(more)}.")
    if more and layout is None:
        raise Problem("layout_required", "Draw the camera's tables first: PUT /v1/cameras/{camera_id}/layout.")
    if "tables" in more and not (layout and layout.tables):
        raise Problem("tables_required", "The camera's layout has no tables; draw some or leave out tables.")
    if "hazards" in more and not (layout and layout.floor):
        raise Problem("floor_required", "The camera's layout has no floor; draw it or leave out hazards.")
    return ("frames", *more)


def choose_sampling(mode: str | None, every_ms: int | None, default_ms: int) -> Sampling:
    """The sampling. Raises Problem sampling_invalid."""
    mode = mode or "cadence"
    if mode != "cadence":
        if every_ms is not None:
            raise Problem("sampling_invalid", f"every_ms goes with mode cadence, not with {mode}.")
        return Sampling(mode=mode, every_ms=None)
    every_ms = default_ms if every_ms is None else every_ms
    if not FASTEST_MS <= every_ms <= SLOWEST_MS:
        raise Problem("sampling_invalid", f"every_ms goes from {FASTEST_MS} to {SLOWEST_MS}.")
    return Sampling(mode=mode, every_ms=every_ms)


def choose_picture(encoding: str, quality: int | None, long_side: int | None) -> Picture:
    """How frames are stored. Raises Problem picture_invalid."""
    if encoding == "png" and quality is not None:
        raise Problem("picture_invalid", "quality goes with format jpeg; PNG loses nothing.")
    return Picture(format=encoding, quality=quality, long_side=long_side)


Versions = Sequence[tuple[int, datetime]]
"""Versions of a camera's layout with when each was drawn, in that order."""


def choose_layout(asked: str | int | None, started_at: datetime | None, versions: Versions) -> int | None:
    """The layout version that applies to footage (docs/decisions/0025-which-layout-applies-to-old-footage.md).

    A version is in force from when it was drawn until the next one is. Raises Problem layout_not_found, and
    started_at_required.
    """
    newest = versions[-1][0] if versions else None
    if isinstance(asked, int):
        if asked not in {version for version, _ in versions}:
            raise Problem("layout_not_found", f"The camera has no layout version {asked}.")
        return asked
    if asked == "current" or (asked is None and started_at is None):
        return newest
    if started_at is None:
        raise Problem("started_at_required", "Say when the recording began, or which layout version applies.")
    in_force = [version for version, drawn_at in versions if drawn_at <= started_at]
    if asked == "at_time" and not in_force:
        raise Problem("layout_not_found", "The camera had no layout at that time; say current, or a version.")
    return in_force[-1] if in_force else newest


def check_start(started_at: datetime | None, now: datetime) -> datetime | None:
    """The start of the recording in UTC, to the millisecond. Raises Problem started_at_invalid."""
    if started_at is None:
        return None
    if started_at.tzinfo is None:
        raise Problem("started_at_invalid", "started_at needs a time zone, e.g. 2026-11-23T09:00:00Z.")
    started_at = started_at.astimezone(UTC)
    if started_at > now + timedelta(hours=1) or started_at.year < 2000:
        raise Problem("started_at_invalid", "started_at lies in the future or before the year 2000.")
    return started_at.replace(microsecond=started_at.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload token allows."""

    max_bytes: int
    max_duration_ms: int
    ttl_s: int


def check_size(size_bytes: int | None, limits: Limits) -> None:
    """Raises Problem upload_too_large, before anybody has sent a byte."""
    if size_bytes is not None and size_bytes > limits.max_bytes:
        raise Problem("upload_too_large", f"At most {limits.max_bytes} bytes.", max_bytes=limits.max_bytes)
