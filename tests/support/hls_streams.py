"""Live streams over HLS of pictures with their time drawn into them; a segment is there when its last picture is."""

import io
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Literal

import av
from aiohttp import web
from tests.support.clock_pictures import RATE, frame_of
from tests.support.http_cameras import HttpCamera

SEGMENT_S = 1
LISTED = 4
STEP = 5
"""Of 25 pictures a second so many are one: the server has better things to do than to encode."""


@dataclass
class HlsStream:
    """Segment number n holds second n of Unix time.

    `dates`: on each segment, on the first that is listed, on none. `off_s`: by which they are wrong. The times in
    every segment begin at nought, so that a discontinuity changes nothing but a tag.
    """

    kind: Literal["ts", "fmp4"] = "ts"
    dates: Literal["each", "first", "none"] = "each"
    off_s: float = 0.0
    ranges: bool = False
    discontinuity_every: int | None = None
    sizes: tuple[int, ...] = (640,)
    """Widths, one after another from segment to segment."""
    more: str = ""
    """Lines of the playlist's head."""
    ended: bool = False
    frozen: bool = False
    """One picture again and again."""
    stopped_at: int | None = None
    """No segment after this second."""
    fetched: list[int] = field(default_factory=list)
    _made: dict[int, bytes] = field(default_factory=dict)

    def on(self, camera: HttpCamera) -> HttpCamera:
        """Serve it there as /live.m3u8, and a master playlist as /master.m3u8."""
        camera.answers |= {"/live.m3u8": self._playlist, "/master.m3u8": self._master, "/media": self._media}
        return camera

    async def _master(self, _: web.Request) -> web.Response:
        lines = (
            *("#EXTM3U", '#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2"', "sound.m3u8"),
            *("#EXT-X-STREAM-INF:BANDWIDTH=9000000,RESOLUTION=3840x2160", "large.m3u8"),
            *("#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=640x360", "live.m3u8", ""),
        )
        return web.Response(text="\n".join(lines))

    async def _playlist(self, _: web.Request) -> web.Response:
        newest = int(time.time()) - 1
        newest = newest if self.stopped_at is None else min(newest, self.stopped_at)
        first = newest - LISTED + 1
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
        lines += [self.more] if self.more else []
        if self.kind == "fmp4":
            lines.append('#EXT-X-MAP:URI="media?head=1"')
        for number in range(first, newest + 1):
            if self.discontinuity_every and number % self.discontinuity_every == 0:
                lines.append("#EXT-X-DISCONTINUITY")
            if self.dates == "each" or (self.dates == "first" and number == first):
                date = datetime.fromtimestamp(number + self.off_s, UTC).isoformat(timespec="milliseconds")
                lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date}")
            lines.append(f"#EXTINF:{SEGMENT_S}.0,")
            if self.ranges:
                begin = 0 if number % 2 == 0 else len(self._segment(number - 1))
                lines.append(f"#EXT-X-BYTERANGE:{len(self._segment(number))}@{begin}")
                lines.append(f"media?pair={number // 2}")
            else:
                lines.append(f"media?number={number}")
        lines += ["#EXT-X-ENDLIST"] if self.ended else []
        return web.Response(text="\n".join([*lines, ""]), content_type="application/vnd.apple.mpegurl")

    async def _media(self, request: web.Request) -> web.Response:
        if "head" in request.query:
            return web.Response(body=_split(self._encoded(0))[0])
        if "number" in request.query:
            self.fetched.append(int(request.query["number"]))
            return web.Response(body=self._segment(int(request.query["number"])))
        pair = 2 * int(request.query["pair"])
        data = self._segment(pair) + self._segment(pair + 1)
        wanted = request.http_range
        return web.Response(status=206, body=data[wanted])

    def _segment(self, number: int) -> bytes:
        if number not in self._made:
            data = self._encoded(number)
            self._made[number] = data if self.kind == "ts" else _split(data)[1]
        return self._made[number]

    def _encoded(self, number: int) -> bytes:
        width = self.sizes[number % len(self.sizes)]
        out = io.BytesIO()
        options = {} if self.kind == "ts" else {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
        with av.open(out, "w", format="mpegts" if self.kind == "ts" else "mp4", options=options) as container:
            stream: Any = container.add_stream("libx264", rate=RATE)
            stream.width, stream.height, stream.pix_fmt = width, width * 9 // 16, "yuv420p"
            stream.codec_context.time_base = Fraction(1, RATE)
            stream.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "26", "g": "250"}
            for index in range(0, RATE * SEGMENT_S, STEP):
                frame = frame_of(0 if self.frozen else number * RATE + index, index)
                if width != frame.width:
                    frame = frame.reformat(width, width * 9 // 16)
                    frame.pts, frame.time_base = index, Fraction(1, RATE)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return out.getvalue()


def _split(fragmented: bytes) -> tuple[bytes, bytes]:
    """Head and fragment of an MP4."""
    at = fragmented.index(b"moof") - 4
    return fragmented[:at], fragmented[at:]
