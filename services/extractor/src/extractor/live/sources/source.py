"""What all sources have in common."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from chassis.clock import Clock
from credentials import Credentials
from extractor.live.reader import Frame, Sign
from extractor.live.sources.decoders import Decoded, Decodes
from extractor.model.capture_time import CaptureTime
from extractor.model.stills import Freshness
from outbound import Policy


class FrameSource(Protocol):
    """A session with a camera. `sign`: what is known of its clock. `rhythm_s`: in which pictures come, several at once;
    0 where each comes when it is due."""

    @property
    def sign(self) -> Sign | None: ...

    @property
    def rhythm_s(self) -> float: ...

    async def next_frame(self) -> tuple[Frame, bytes]:
        """The next picture, when it is due and there is one. Raises CameraFailed at the end of the session."""

    def refer(self, jpeg: bytes) -> None:
        """The pictures that come are compared with this one from now on; with none if it is empty."""


@dataclass(frozen=True, slots=True)
class SourceParts:
    """What the sources of a process share. `tls` checks the certificates of HTTPS. `files`: the folder with one folder
    of local files for each site; None: there are none."""

    decoders: Decodes
    policy: Policy
    tls: ssl.SSLContext
    quality: int
    clock: Clock
    files: Path | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Of one session. `freshness` is the camera's, and outlives it."""

    site_id: str
    address: str
    every_s: float
    credentials: Credentials | None
    freshness: Freshness
    dropped: Callable[[], None]
    """Called for each picture that was due and is left out, as newer ones are there."""


def frame_of(decoded: Decoded, captured: CaptureTime) -> Frame:
    """With the time that is known here: what a decoder says of times is not."""
    return Frame(
        captured_ms=round(captured.at_s * 1000),
        source=captured.source,
        error_ms=round(captured.error_s * 1000),
        width=decoded.width,
        height=decoded.height,
        size_bytes=decoded.size_bytes,
        keyframe=decoded.keyframe,
        sharpness=decoded.sharpness,
        brightness=decoded.brightness,
        scene=decoded.scene,
    )


def unix(now: datetime) -> float:
    return now.timestamp()
