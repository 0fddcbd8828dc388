"""Which of several video tracks is the film. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

PICTURE_CODECS = frozenset({"mjpeg", "png", "gif", "bmp", "tiff", "webp", "jpeg2000", "mjpegb", "ljpeg", "jpegls"})
"""Of covers and previews beside a film; a camera's only track may be MJPEG as well."""
FAR_LESS = 4
"""A preview has at most a quarter of the film's pixels, or of its pictures a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTrack:
    """What a container says of one video track that is no attached cover.

    `position` among the video tracks of the file from 0, covers counted (FFmpeg's `v:N`); `pictures`: how many it has,
    at least 2 where they were not counted to the end; `rate`: pictures a second, 0 if unknown; `still`: the container
    says that it does not move.
    """

    position: int
    pixels: int
    pictures: int
    rate: float
    codec: str
    default: bool
    still: bool = False


def choose(tracks: Sequence[VideoTrack]) -> VideoTrack | None:
    """The default track, then the one with most pixels, of those with more than one picture; None of none.

    A preview is never taken before its film: in MP4 every enabled track is a default, and FFmpeg enables the first.
    """
    moving = [track for track in tracks if track.pictures > 1 and not track.still] or list(tracks)
    films = [track for track in moving if not any(is_preview(track, film) for film in moving)] or moving
    return min(films, key=lambda track: (not track.default, -track.pixels, track.position), default=None)


def is_preview(track: VideoTrack, film: VideoTrack) -> bool:
    """Two of three: far smaller than the film, far slower, or in a codec of pictures where the film is not."""
    smaller = track.pixels * FAR_LESS <= film.pixels
    slower = 0 < track.rate * FAR_LESS <= film.rate
    pictures = track.codec in PICTURE_CODECS and film.codec not in PICTURE_CODECS
    return smaller + slower + pictures >= 2
