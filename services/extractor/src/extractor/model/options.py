"""How the frames of a run are chosen and stored, as one value: made from the event, handed to the decoder whole."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from extractor.model.sampling import Sampling

if TYPE_CHECKING:
    from tablewatch_schemas import VideoUploaded


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """How frames are stored: `quality` is of JPEG only; `long_side` in pixels, smaller pictures are not scaled."""

    quality: int
    format: str = "jpeg"
    long_side: int | None = None

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height in which a picture of this size is stored."""
        longer = max(width, height)
        if self.long_side is None or longer <= self.long_side:
            return width, height
        return max(1, round(width * self.long_side / longer)), max(1, round(height * self.long_side / longer))


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a decoded picture is shown: mirrored left to right if it is to be, *then* rotated clockwise.

    `rotation` is 0, 90, 180 or 270 degrees. Together they are the eight orientations that a display matrix can have.
    """

    rotation: int = 0
    mirrored: bool = False

    @property
    def on_its_side(self) -> bool:
        """Whether width and height change places."""
        return self.rotation in (90, 270)


@dataclass(frozen=True, slots=True)
class FrameOptions:
    """What the decoder needs to know of a run; see `Orientation` for `rotation` and `mirrored`."""

    sampling: Sampling
    picture: PictureOptions
    rotation: int = 0
    mirrored: bool = False

    @property
    def orientation(self) -> Orientation:
        return Orientation(self.rotation, self.mirrored)


def frame_options(upload: "VideoUploaded", quality: int) -> FrameOptions:
    """The options of a run; `quality` is the JPEG quality where the upload names none. Raises ValidationError."""
    wanted = upload.picture
    picture = PictureOptions(quality)
    if wanted is not None:
        picture = PictureOptions(wanted.quality or quality, wanted.format, wanted.long_side)
    return FrameOptions(sampling_of(upload), picture, upload.rotation_degrees, bool(upload.mirrored))


def sampling_of(upload: "VideoUploaded") -> Sampling:
    """The sampling of a run. Raises msgspec.ValidationError for one that is not valid."""
    return msgspec.convert(upload.sampling, Sampling, from_attributes=True)


def decode_options(fields: Any) -> FrameOptions:
    """The options from the JSON of a request. Raises msgspec.ValidationError."""
    return msgspec.convert(fields, FrameOptions)
