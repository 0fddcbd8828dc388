"""What a site may store of pictures: the arithmetic of quota and reservations. Pure; every size is in bytes."""

from collections.abc import Iterable
from dataclasses import dataclass

from extractor.model.failures import QuotaReserved, SiteStorageFull

CHUNK = 64 * 1024 * 1024
"""What a worker reserves beyond what it needs, so that it asks once for some hundred frames."""
MARGIN = 1.5
"""Over the one frame that a survey measures: later ones may show more."""
JPEG_BYTES_PER_PIXEL, PNG_BYTES_PER_PIXEL = 0.125, 1.0
"""At least, since the first frames of a file are often black: an empty dining room at quality 85 has 0.12."""


@dataclass(frozen=True, slots=True)
class StorageUse:
    """What a site has stored and reserved of pictures, and its limit."""

    frames: int
    crops: int
    reserved: int
    limit: int

    @property
    def room(self) -> int:
        """What may still be reserved."""
        return max(0, self.limit - self.frames - self.crops - self.reserved)

    @property
    def exceeded(self) -> bool:
        """Whether more is stored and reserved than the site may."""
        return self.frames + self.crops + self.reserved > self.limit


@dataclass(frozen=True, slots=True)
class Sample:
    """One frame as it would be stored: its size, and its pixels."""

    size: int
    pixels: int


def frame_estimate(sample: Sample, png: bool) -> int:
    """What a frame of the run is likely to take at most."""
    floor = sample.pixels * (PNG_BYTES_PER_PIXEL if png else JPEG_BYTES_PER_PIXEL)
    return round(max(MARGIN * sample.size, floor))


def crops_estimate(sample: Sample, png: bool, crop_share: float) -> int:
    """The same of the crops of a frame: JPEGs, which have `crop_share` of its pixels (overlaps make it more than 1)."""
    size = sample.pixels * JPEG_BYTES_PER_PIXEL if png else frame_estimate(sample, png)
    return round(size * crop_share)


def extended(held: int, needed: int, use: StorageUse) -> int:
    """The reservation of a segment that holds `held` and needs `needed`, with as much of a CHUNK more as there is.

    Raises SiteStorageFull if it does not fit.
    """
    most = held + use.room
    if needed > most:
        raise full(needed - held, use)
    return min(needed + CHUNK, most)


def check_fits(needed: int, use: StorageUse) -> None:
    """Raises SiteStorageFull if a run that is likely to take so much has no room, QuotaReserved if it will have."""
    if needed > max(0, use.limit - use.frames - use.crops):
        raise full(needed, use)
    if needed > use.room:
        raise QuotaReserved(needed)


def full(needed: int, use: StorageUse) -> SiteStorageFull:
    """The failure, with the figures that a person needs to decide what to delete."""
    return SiteStorageFull(
        f"{needed} bytes are wanted; of {use.limit} for frames and crops, {use.frames + use.crops} are stored and"
        f" {use.reserved} reserved."
    )


@dataclass(frozen=True, slots=True)
class RunEstimate:
    """What one frame of a run, and its crops, are likely to take at most; zeros where nothing could be measured."""

    frame: int = 0
    crops: int = 0


def run_estimate(sample: Sample | None, png: bool, crop_share: float) -> RunEstimate:
    """From the frame that the survey measured. Without one each segment reserves as it goes."""
    if sample is None:
        return RunEstimate()
    return RunEstimate(frame_estimate(sample, png), crops_estimate(sample, png, crop_share))


def crop_share(boxes: Iterable[tuple[float, float, float, float]]) -> float:
    """What the boxes of tables (x1 y1 x2 y2, relative) cover of a picture, overlaps counted as often as cropped."""
    return sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)
