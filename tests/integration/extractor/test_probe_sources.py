"""What a probe finds of a camera, and the code of each reason why it cannot be read. On real readers and cameras."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from fakecamera.dialects import Dialect
from fakecamera.pictures import LoopedClip
from fakecamera.server import Behaviour, fake_camera
from tests.support.clock_pictures import ClockPictures
from tests.support.hls_streams import HlsStream
from tests.support.http_cameras import HttpCamera, http_camera, picture
from tests.unit.extractor import clips

from chassis.clock import SystemClock
from chassis.errors import CodedError
from credentials import Credentials
from extractor.live.readers import Readers
from extractor.live.sources.decoders import Decoders
from extractor.live.sources.source import SourceParts
from extractor.model.camera_failures import CameraFailed
from extractor.model.probes import ProbeFailed
from extractor.probe.events import Found
from extractor.probe.sources import ProbeParts, look_at
from outbound import Policy
from tablewatch_schemas import CameraCommandSource

MEMORY = 3 << 30
SITE = "site_1"
LONG_S = 60.0
"""On a machine that is busy processes start slowly."""
AT_ONCE = 4

Look = Callable[..., Awaitable[Found]]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> LoopedClip:
    return LoopedClip(clips.make("cfr.mp4", tmp_path_factory.mktemp("clips")))


@pytest.fixture
async def look() -> AsyncIterator[Look]:
    """Probes a source; loopback is allowed but for the ports that are `forbidden`."""
    readers, decoders = Readers(MEMORY, slots=1), Decoders(MEMORY, most=1)

    async def probe(
        kind: str, address: str, *ports: int, user: str | None = None, budget_s: float = LONG_S, **more: Any
    ) -> Found:
        clock, tls = SystemClock(), ssl.create_default_context()
        policy = Policy.read("", ",".join(f"127.0.0.1:{port}" for port in ports))
        sources = SourceParts(decoders, policy, tls, 85, clock, **more)
        parts = ProbeParts(readers, decoders, sources, policy, tls, 85, clock)
        credentials = None if user is None else Credentials(user, "secret")
        source = CameraCommandSource(type=kind, address=address, secret_ref=None)
        return await look_at(parts, SITE, source, credentials, clock.monotonic() + budget_s)

    yield probe
    await readers.close()
    await decoders.close()


async def code(probing: Awaitable[Found]) -> str:
    """That of the failure with which a probe ends."""
    with pytest.raises((CameraFailed, ProbeFailed)) as failed:
        await probing
    error = failed.value
    assert isinstance(error, CodedError)
    return error.code


async def test_what_a_camera_sends_is_found(look: Look) -> None:
    behaviour = Behaviour(report_every_s=1.0, dialect=Dialect(with_sound=True), credentials=("admin", "secret"))
    async with fake_camera(ClockPictures(group=25), behaviour) as camera:
        found = await look("rtsp", camera.address, camera.port, user="admin")
    assert found.picture[:2] == b"\xff\xd8"
    assert (found.frame.width, found.frame.height, found.transport) == (640, 360, "tcp")
    assert found.measured is not None
    assert (found.measured.codec, found.measured.gop_frames) == ("h264", 25)
    assert found.measured.frames_per_s == pytest.approx(25, rel=0.2)
    assert found.measured.gop_ms == pytest.approx(1000, rel=0.2)
    assert (found.sound, found.clock.code, found.clock.reason) == ("pcm_mulaw", None, None)


async def test_a_camera_without_clock_and_sound_is_watched_for_as_long_as_there_is_time(look: Look) -> None:
    async with fake_camera(ClockPictures(), Behaviour(clock=None)) as camera:
        found = await look("rtsp", camera.address, camera.port, budget_s=10.0)
    assert (found.clock.code, found.sound) == ("no_report", "")
    assert found.clock.reason is not None
    assert found.measured is not None


@asynccontextmanager
async def web_page() -> AsyncIterator[int]:
    """A server of HTTP on loopback; its port."""
    async with http_camera(HttpCamera()) as page:
        yield page.port


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def test_every_reason_why_a_camera_cannot_be_read_has_its_code(
    look: Look, clip: LoopedClip, tmp_path: Path
) -> None:
    behaviours = {
        "wrong_password": Behaviour(credentials=("admin", "another")),
        "wrong_path": Behaviour(path="/elsewhere"),
        "no_answer": Behaviour(silent=True),
        "redirected": Behaviour(redirect="rtsp://127.0.0.1:1/"),
        "codec_not_taken": Behaviour(codec="NONSENSE"),
        "no_keyframe": Behaviour(keyframes=False),
        "no_packets": Behaviour(freeze="no_packets"),
        "sound_only": Behaviour(freeze="sound_only"),
        "session_ended": Behaviour(drop_after_s=0.2),
    }
    async with AsyncExitStack() as stack:
        cameras = {
            name: await stack.enter_async_context(fake_camera(clip, behaviour))
            for name, behaviour in behaviours.items()
        }
        page, secured = (
            await stack.enter_async_context(web_page()),
            await stack.enter_async_context(tls_server(tmp_path)),
        )
        plain, closed = cameras["no_answer"].port, closed_port()
        asked = [
            *((name, camera.address, camera.port) for name, camera in cameras.items()),
            ("not_rtsp", f"rtsp://127.0.0.1:{page}/stream1", page),
            ("port_closed", f"rtsp://127.0.0.1:{closed}/stream1", closed),
            ("address_not_allowed", f"rtsp://127.0.0.1:{plain}/stream1", closed),
            ("address_not_allowed", "rtsp://169.254.169.254/latest", closed),
            ("no_such_host", "rtsp://no-such-host.invalid/", closed),
            ("bad_address", "rtsp://2130706433/", closed),
            ("certificate_refused", f"rtsps://127.0.0.1:{secured}/stream1", secured),
            ("tls_failed", f"rtsps://127.0.0.1:{page}/stream1", page),
        ]
        places = asyncio.Semaphore(AT_ONCE)

        async def coded(address: str, port: int) -> str:
            async with places:
                return await code(look("rtsp", address, port, user="admin"))

        results = await asyncio.gather(*(coded(address, port) for _, address, port in asked))
    assert results == [expected for expected, _, _ in asked]


@asynccontextmanager
async def tls_server(folder: Path) -> AsyncIterator[int]:
    """One whose certificate nobody signed; its port."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    options = ("-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out", str(certificate))
    await asyncio.to_thread(subprocess.run, ["openssl", "req", *options, *subject], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def test_a_probe_that_has_no_time_left_says_so(look: Look, clip: LoopedClip) -> None:
    async with fake_camera(clip, Behaviour(silent=True)) as camera:
        assert await code(look("rtsp", camera.address, camera.port, budget_s=2.0)) == "probe_timed_out"
        assert await code(look("carrier-pigeon", "x", camera.port)) == "source_not_probed"


async def test_a_snapshot_is_one_picture(look: Look) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=picture(1, (640, 360)), content_type="image/jpeg")

    camera = HttpCamera({"/snapshot.jpg": answer}, login=("admin", "secret"))
    async with http_camera(camera):
        found = await look("snapshot", camera.address("/snapshot.jpg"), camera.port, user="admin")
        refused = await code(look("snapshot", camera.address("/snapshot.jpg"), camera.port, user="other"))
        nothing = await code(look("snapshot", camera.address("/none.jpg"), camera.port, user="admin"))
    assert found.measured is not None
    assert (found.measured.codec, found.measured.frames_per_s, found.transport) == ("mjpeg", None, "http")
    assert (found.frame.width, found.frame.height, found.clock.code, found.sound) == (640, 360, "no_clock", None)
    assert (refused, nothing) == ("wrong_password", "wrong_path")


async def test_a_playlist_says_what_its_first_segment_holds(look: Look) -> None:
    async with http_camera(HlsStream().on(HttpCamera())) as camera:
        found = await look("hls", camera.address("/live.m3u8"), camera.port)
    assert found.measured is not None
    assert (found.measured.codec, found.transport, found.clock.code) == ("h264", "http", None)
    assert found.measured.frames_per_s is not None
    assert found.sound == ""


async def test_a_local_file_is_measured_too(look: Look, tmp_path: Path) -> None:
    (tmp_path / SITE).mkdir()
    clip = clips.make("cfr.mp4", tmp_path / SITE)
    found = await look("file", clip.name, 1, files=tmp_path)
    assert found.measured is not None
    assert (found.measured.codec, found.transport, found.frame.width) == ("h264", "file", 192)
    assert found.measured.frames_per_s == pytest.approx(25, rel=0.05)
    assert found.measured.gop_frames is not None
    assert await code(look("file", "none.mp4", 1, files=tmp_path)) == "no_such_file"
