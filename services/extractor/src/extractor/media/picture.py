"""From a decoded frame to the picture that is stored, its measures, and a thumbnail."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

THUMB_WIDTH = 320
THUMB_QUALITY = 80
TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """One stored frame: size in pixels after rotation; sharpness and brightness as in `frame.extracted`."""

    data: bytes
    width: int
    height: int
    sharpness: float
    brightness: float


@dataclass(frozen=True, slots=True)
class Keeping:
    """How pictures are stored: `quality` is of JPEG only; `long_side` in pixels, a smaller picture stays as it is."""

    quality: int
    format: str = "jpeg"
    long_side: int | None = None

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height to store a picture of this size in."""
        longer = max(width, height)
        if self.long_side is None or longer <= self.long_side:
            return width, height
        return max(1, round(width * self.long_side / longer)), max(1, round(height * self.long_side / longer))

    def encoded(self, pixels: Pixels) -> bytes:
        """The stored object's bytes. Raises ValueError if the format cannot hold the size."""
        return png(pixels) if self.format == "png" else jpeg(pixels, self.quality)


def picture_of(frame: Any, rotation: int, keeping: Keeping) -> Picture:
    """Through BGR: swscale honours the stream's colour matrix and range, which writing its planes into a JPEG does not.

    The measures are taken on 320 pixels of width, so that they compare between cameras of different resolution, and on
    the luma alone: half the price of scaling colours.
    """
    size = keeping.size(frame.width, frame.height)
    smaller = size != (frame.width, frame.height)
    bgr = turned(scaled(frame, *size, "AREA" if smaller else "BILINEAR"), rotation)
    height, width = bgr.shape[:2]
    luma = scaled(frame, *_thumb_size(frame, rotation), "AREA", "gray")
    sharpness = float(cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_32F))[1].item()) ** 2
    brightness = cv2.mean(luma)[0] / 255
    return Picture(keeping.encoded(bgr), width, height, round(sharpness, 3), round(brightness, 4))


def thumbnail(frame: Any, rotation: int) -> bytes:
    """The frame as a JPEG that is 320 pixels wide."""
    return jpeg(turned(scaled(frame, *_thumb_size(frame, rotation), "AREA"), rotation), THUMB_QUALITY)


def _thumb_size(frame: Any, rotation: int) -> tuple[int, int]:
    """Width and height, before rotation, of what is 320 pixels wide *after* it."""
    wide, high = frame.width, frame.height
    if rotation in (90, 270):
        return max(1, round(wide * THUMB_WIDTH / high)), THUMB_WIDTH
    return THUMB_WIDTH, max(1, round(high * THUMB_WIDTH / wide))


def scaled(frame: Any, width: int, height: int, interpolation: str, pixels: str = "bgr24") -> Pixels:
    """BGR (or gray) of that size. `frame.to_ndarray` would set up swscale for every frame: 2 ms of 2.7 at 1080p."""
    colours = (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc)
    scaler = _scaler(frame.width, frame.height, frame.format.name, width, height, interpolation, pixels, *colours)
    scaled = scaler.reformat(frame, width, height, format=pixels, interpolation=interpolation, threads=1)
    return np.asarray(scaled.to_ndarray(), dtype=np.uint8)


@lru_cache(maxsize=8)
def _scaler(*_: object) -> VideoReformatter:
    """One for each kind of picture, so that none has to forget what it has set up."""
    return VideoReformatter()


def turned(pixels: Pixels, rotation: int) -> Pixels:
    """Rotated clockwise by 0, 90, 180 or 270 degrees."""
    return pixels if rotation not in TURNS else np.asarray(cv2.rotate(pixels, TURNS[rotation]), dtype=np.uint8)


def jpeg(pixels: Pixels, quality: int) -> bytes:
    """Encoded by libjpeg-turbo. Raises ValueError if the size is more than JPEG can hold."""
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("picture cannot be encoded")
    return bytes(data.data)


def png(pixels: Pixels) -> bytes:
    """Without loss, at the lowest effort: more makes it a twentieth smaller and takes several times as long."""
    done, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise ValueError("picture cannot be encoded")
    return bytes(data.data)
