"""Which source reads which kind of camera."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from extractor.live.sources.files import files
from extractor.live.sources.hls import hls
from extractor.live.sources.snapshot import snapshots
from extractor.live.sources.source import Asked, FrameSource, SourceParts

Opener = Callable[[Asked, SourceParts], AbstractAsyncContextManager[FrameSource]]

OPENERS: Mapping[str, Opener] = {"file": files, "hls": hls, "snapshot": snapshots}
"""By the type in camera.config; RTSP has readers of its own."""
