"""What a stream of packets is like: pictures a second, distance of keyframes, bits a second. Pure.

Media times may leap or stand still, and packets may come in bursts, as of a camera that first sends what it had
buffered: so each figure is of media time where that rises with receipt, else of receipt.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

Natural = Annotated[int, Meta(ge=0)]

MAX_CODEC = 40
"""Characters."""
LEAST_S = 0.5
"""Of media time, before anything is said of a rate."""
MOST_OFF_S, MOST_OFF = 3.0, 0.2
"""By which media time may differ from that of receipt: what a camera had buffered, and a share of the whole."""


Codec = Annotated[str, Meta(max_length=MAX_CODEC)]


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a session or of a file so far. `gop_frames`, `gop_ms`: the longest way from a keyframe to the next; null
    before the second one. `first_frame_ms`: from opening the camera to its first decoded picture. `sound`: codec of the
    sound, empty where there is none, null where that is not known.
    """

    codec: Codec
    packets: Natural
    watched_ms: Natural
    frames_per_s: Annotated[float, Meta(ge=0)] | None = None
    bits_per_s: Natural | None = None
    gop_frames: Natural | None = None
    gop_ms: Natural | None = None
    first_frame_ms: Natural | None = None
    sound: Codec | None = None


class StreamMeter:
    """`take` is called for each packet of a picture in the order of arrival. Times are in seconds."""

    def __init__(self) -> None:
        self.packets = self._bytes = 0
        self._first_received_s: float | None = None
        self._received_s = 0.0
        self._least_media_s = self._most_media_s = 0.0
        self._first_key: tuple[int, float, float] | None = None
        self._key: tuple[int, float, float] | None = None
        self._gop_frames: int | None = None
        self._gop_s: list[tuple[float, float]] = []

    def take(self, media_s: float, received_s: float, size: int, *, keyframe: bool) -> None:
        """`received_s` of any steady clock; of a file, which nobody waits for, the media time again."""
        if self._first_received_s is None:
            self._first_received_s = received_s
            self._least_media_s = self._most_media_s = media_s
        self._received_s = received_s
        self._least_media_s = min(self._least_media_s, media_s)  # pictures shown before the keyframe come after it
        self._most_media_s = max(self._most_media_s, media_s)
        if keyframe:
            self._take_keyframe(media_s, received_s)
        self.packets += 1
        self._bytes += size

    def _take_keyframe(self, media_s: float, received_s: float) -> None:
        if self._key is not None:
            number, media_before, received_before = self._key
            self._gop_frames = max(self._gop_frames or 0, self.packets - number)
            self._gop_s.append((media_s - media_before, received_s - received_before))
        self._key = self.packets, media_s, received_s
        self._first_key = self._first_key or self._key

    @property
    def watched_s(self) -> float:
        """Since the first packet, by the clock of receipt."""
        return 0.0 if self._first_received_s is None else self._received_s - self._first_received_s

    def measured(self, codec: str, first_frame_s: float | None = None, sound: str | None = None) -> Measured:
        """The figures so far."""
        span_s = self._span_s
        rated = span_s >= LEAST_S and self.packets > 1
        return Measured(
            codec=codec[:MAX_CODEC],
            packets=self.packets,
            watched_ms=round(self.watched_s * 1000),
            frames_per_s=round(self._between_keyframes or (self.packets - 1) / span_s, 2) if rated else None,
            bits_per_s=round(8 * self._bytes / span_s) if rated else None,
            gop_frames=self._gop_frames,
            gop_ms=self._gop_ms,
            first_frame_ms=None if first_frame_s is None else round(first_frame_s * 1000),
            sound=None if sound is None else sound[:MAX_CODEC],
        )

    @property
    def _between_keyframes(self) -> float | None:
        """Pictures a second from the first keyframe to the last: exact, in whatever order B-frames come."""
        if self._first_key is None or self._key is None or not self._media_rises:
            return None
        (number, begins, _), (last, ends, _) = self._first_key, self._key
        return (last - number) / (ends - begins) if ends - begins >= LEAST_S else None

    @property
    def _gop_ms(self) -> int | None:
        if not self._gop_s:
            return None
        return round(1000 * max(media if self._media_rises else received for media, received in self._gop_s))

    @property
    def _span_s(self) -> float:
        return self._media_span_s if self._media_rises else self.watched_s

    @property
    def _media_span_s(self) -> float:
        return self._most_media_s - self._least_media_s

    @property
    def _media_rises(self) -> bool:
        """Whether media time goes about as fast as receipt."""
        if any(media <= 0 for media, _ in self._gop_s) or self._media_span_s <= 0:
            return False
        return abs(self._media_span_s - self.watched_s) <= MOST_OFF_S + MOST_OFF * self.watched_s
