"""Scalers of swscale that are set up once and used for all frames of a kind: setting up takes 2 ms of 2.7 at 1080p."""

from typing import Any

from av.video.reformatter import VideoReformatter

from extractor.media.thread_cache import cached_by_thread


def scaler_for(frame: Any, width: int, height: int, pixels: str, interpolation: str = "") -> VideoReformatter:
    """One for each combination, because a scaler that is used for another one has to be set up again."""
    colours = (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc)
    return _scaler(frame.width, frame.height, frame.format.name, width, height, interpolation, pixels, *colours)


@cached_by_thread(maxsize=8)
def _scaler(*_: object) -> VideoReformatter:
    return VideoReformatter()
