"""The demo's clip as cameras that speak HTTP show it: live over HLS, and a picture for each request."""

import asyncio
import io
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
from aiohttp import web
from tests.support.http_cameras import HttpCamera, http_camera

SEGMENT_S = 2
"""Of the clip too: each begins with a keyframe."""
FIRST, SEGMENTS = 7, 7
"""Seconds 14 to 28: guests at tables 1 and 2, nobody at table 3."""
LISTED = 4


class DemoStream:
    """The same seconds again and again."""

    def __init__(self, clip: Path) -> None:
        self._segments = _segments(clip)
        self._pictures = _pictures(clip)

    def on(self, camera: HttpCamera) -> HttpCamera:
        camera.answers |= {"/live.m3u8": self._playlist, "/media": self._media, "/snap.jpg": self._snapshot}
        return camera

    async def _playlist(self, _: web.Request) -> web.Response:
        newest = int(time.time()) // SEGMENT_S - 1
        lines = ["#EXTM3U", f"#EXT-X-TARGETDURATION:{SEGMENT_S}", f"#EXT-X-MEDIA-SEQUENCE:{newest - LISTED + 1}"]
        for number in range(newest - LISTED + 1, newest + 1):
            lines += ["#EXT-X-DISCONTINUITY"] if number % SEGMENTS == 0 else []
            date = datetime.fromtimestamp(number * SEGMENT_S, UTC).isoformat(timespec="milliseconds")
            lines += [f"#EXT-X-PROGRAM-DATE-TIME:{date}", f"#EXTINF:{SEGMENT_S}.0,", f"media?number={number}"]
        return web.Response(text="\n".join([*lines, ""]), content_type="application/vnd.apple.mpegurl")

    async def _media(self, request: web.Request) -> web.Response:
        return web.Response(body=self._segments[int(request.query["number"]) % SEGMENTS])

    async def _snapshot(self, _: web.Request) -> web.Response:
        return web.Response(body=self._pictures[int(time.time()) % len(self._pictures)], content_type="image/jpeg")


@contextmanager
def served() -> Iterator[HttpCamera]:
    """A camera on loopback that answers from a thread of its own, beside tests that wait."""
    ready, ends = threading.Event(), asyncio.Event()
    camera, loop = HttpCamera(), asyncio.new_event_loop()

    async def serve() -> None:
        async with http_camera(camera):
            ready.set()
            await ends.wait()

    with ThreadPoolExecutor(1) as threads:
        serving = threads.submit(lambda: loop.run_until_complete(serve()))
        try:
            assert ready.wait(60)
            yield camera
        finally:
            loop.call_soon_threadsafe(ends.set)
            serving.result(60)
            loop.close()


def _segments(clip: Path) -> list[bytes]:
    """In MPEG-TS, as they are in the clip."""
    made: list[tuple[io.BytesIO, Any, Any]] = []
    with av.open(clip) as source:
        stream = source.streams.video[0]
        for packet in source.demux(stream):
            at_s = float((packet.pts or 0) * (stream.time_base or 0))
            if packet.dts is None or at_s < FIRST * SEGMENT_S:
                continue
            if packet.is_keyframe and len(made) == SEGMENTS:
                break
            if packet.is_keyframe:
                out = io.BytesIO()
                container = av.open(out, "w", format="mpegts")
                made.append((out, container, container.add_stream_from_template(stream)))
            packet.stream = made[-1][2]
            made[-1][1].mux(packet)
    for _, container, _ in made:
        container.close()
    return [out.getvalue() for out, _, _ in made]


def _pictures(clip: Path) -> list[bytes]:
    """JPEGs, one of each segment."""
    found = []
    with av.open(clip) as source:
        for number in range(FIRST, FIRST + SEGMENTS):
            source.seek(number * SEGMENT_S * 1_000_000)
            out = io.BytesIO()
            next(source.decode(video=0)).to_image().save(out, "JPEG", quality=92)
            found.append(out.getvalue())
    return found
