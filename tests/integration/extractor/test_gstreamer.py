"""The RTSP server of GStreamer before the real reader: it was written by others, unlike the fake camera.

Where it is installed (on Debian: gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-ugly and -good, python3-gi).
"""

import asyncio
import ipaddress
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from extractor.live.reader import Opening
from extractor.live.readers import Readers
from extractor.live.relay import Target
from outbound import Endpoint

PYTHON = Path("/usr/bin/python3")
SERVER = Path(__file__).resolve().parents[2] / "support" / "gstreamer_server.py"
NEEDS = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst; Gst.init(None)"
NEEDS += "; assert Gst.ElementFactory.find('x264enc') and Gst.ElementFactory.find('rtph264pay')"
PLENTY = 100
"""Frames of a fifth of a second, of which one has the camera's time long before."""


def is_installed() -> bool:
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", NEEDS], capture_output=True).returncode == 0


@pytest.fixture
def port() -> Iterator[int]:
    if not is_installed():
        pytest.skip("GStreamer's RTSP server is not installed")
    with subprocess.Popen([PYTHON, SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


@pytest.mark.parametrize("udp", [False, True])
async def test_frames_come_by_the_clock_of_gstreamer(port: int, udp: bool) -> None:
    endpoint, readers = Endpoint(ipaddress.ip_address("127.0.0.1"), port), Readers(3 << 30)
    opening = Opening(Target(endpoint, "127.0.0.1", None, None, udp=udp), "/stream1", 200, 90)
    times = []
    async with asyncio.timeout(180), readers.session(opening, lambda: None) as channel:
        for _ in range(PLENTY):
            frame, jpeg = await channel.next_frame()
            assert (frame.width, frame.height, jpeg[:2]) == (640, 360, b"\xff\xd8")
            assert frame.captured_ms <= time.time() * 1000 + frame.error_ms
            times.append(frame.captured_ms)
            if frame.source == "camera" and len(times) >= 3:
                break
        else:
            pytest.fail("the reports of GStreamer were never believed")
    await readers.close()
    assert times == sorted(set(times))
