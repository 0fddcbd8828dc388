"""RTSP over UDP by the real reader: lost, reordered and doubled packets, strangers, and cameras of one way alone."""

import asyncio
import ipaddress
import itertools
import random
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from fakecamera.dialects import DIALECTS
from fakecamera.rtp import H265
from fakecamera.server import Behaviour, FakeCamera, fake_camera
from tests.integration.extractor.test_camera_dialects import frames, session
from tests.support.numbered_film import NumberedFilm

from credentials import Credentials
from extractor.live import relay
from extractor.live.readers import Readers
from extractor.live.relay import Target
from extractor.model.camera_failures import CameraFailed
from outbound import Endpoint

pytestmark = pytest.mark.asyncio(loop_scope="module")
Line = Callable[[list[bytes]], list[bytes]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def readers() -> AsyncIterator[Readers]:
    made = Readers(3 << 30)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def film() -> NumberedFilm:
    return NumberedFilm()


def over_udp(camera: FakeCamera, credentials: Credentials | None = None) -> Target:
    return Target(Endpoint(ipaddress.ip_address("127.0.0.1"), camera.port), "127.0.0.1", None, credentials, udp=True)


async def read(readers: Readers, camera: FakeCamera, number: int) -> None:
    """So many pictures by the camera's clock, each exactly as it was shown."""
    found = 0
    async with session(readers, over_udp(camera)) as channel:
        async for frame in frames(channel):
            found += frame.source == "camera"
            if found >= number:
                return


def losing(share: float) -> Line:
    """Datagrams are lost at random, the same in each run."""
    chance = random.Random(1)
    return lambda datagrams: [data for data in datagrams if chance.random() >= share]


def reordering(datagrams: list[bytes]) -> list[bytes]:
    """Neighbours change places, and each comes twice."""
    pairs = [datagrams[at : at + 2][::-1] for at in range(0, len(datagrams), 2)]
    return [data for pair in pairs for one in pair for data in (one, one)]


LINES: dict[str, Line] = {"good": list, "reordered and doubled": reordering, "one in a hundred is lost": losing(0.01)}


@pytest.mark.parametrize("name", LINES)
async def test_pictures_over_udp_are_exact_whatever_the_line_does(
    readers: Readers, film: NumberedFilm, name: str
) -> None:
    """What is damaged is left out, up to the next keyframe."""
    async with fake_camera(film, Behaviour(report_every_s=0.5, line=LINES[name])) as camera:
        await read(readers, camera, 5)
        assert camera.client_ports is not None


async def test_reports_of_the_reader_go_back_to_the_camera(readers: Readers, film: NumberedFilm) -> None:
    """FFmpeg sends one for about 280 KB."""
    async with fake_camera(film, Behaviour()) as camera, session(readers, over_udp(camera)) as channel:
        async for _ in frames(channel):
            if camera.reports:
                break


async def test_h265_without_server_ports_is_read_too(readers: Readers) -> None:
    behaviour = Behaviour(report_every_s=0.5, line=losing(0.01), dialect=DIALECTS["no-server-port"])
    async with fake_camera(NumberedFilm(H265), behaviour) as camera:
        await read(readers, camera, 3)


async def test_strangers_are_not_heard(readers: Readers, film: NumberedFilm) -> None:
    """They send what would be taken for the camera's own packets, to the right port."""
    forged = bytes([0x80, 0xE0]) + bytes(6) + (0x1234).to_bytes(4, "big") + b"\x65" + bytes(800)
    async with fake_camera(film, Behaviour(report_every_s=0.5)) as camera:

        async def flood(address: str) -> None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.bind((address, 0))
                for number in itertools.count():
                    if camera.client_ports is not None:
                        data = forged[:2] + (number & 0xFFFF).to_bytes(2, "big") + forged[4:]
                        stranger.sendto(data, ("127.0.0.1", camera.client_ports[0]))
                    await asyncio.sleep(0.005)

        floods = [asyncio.ensure_future(flood(address)) for address in ("127.0.0.1", "127.0.0.2")]
        try:
            await read(readers, camera, 5)
        finally:
            for each in floods:
                each.cancel()


async def test_a_camera_of_udp_alone_is_read_with_it_and_one_of_tcp_alone_is_told(
    readers: Readers, film: NumberedFilm
) -> None:
    async with fake_camera(film, Behaviour(report_every_s=0.5, dialect=DIALECTS["udp-alone"])) as camera:
        await read(readers, camera, 1)
    async with fake_camera(film, Behaviour(dialect=DIALECTS["tcp-alone"])) as camera:
        with pytest.raises(CameraFailed) as failed:
            await read(readers, camera, 1)
    assert failed.value.code == "transport_not_offered"


async def test_where_nothing_arrives_the_code_says_so(readers: Readers, film: NumberedFilm) -> None:
    """As behind a firewall; it is found when FFmpeg has waited for ten seconds."""
    async with fake_camera(film, Behaviour(clock=None, line=lambda _: [])) as camera:
        with pytest.raises(CameraFailed) as failed:
            await read(readers, camera, 1)
    assert failed.value.code == "nothing_over_udp"


async def test_where_each_keyframe_is_damaged_nothing_is_shown_and_the_code_says_so(
    readers: Readers, film: NumberedFilm
) -> None:
    """Each picture but the first loses its last packet."""
    seen = itertools.count()

    def line(datagrams: list[bytes]) -> list[bytes]:
        return datagrams[:-1] if next(seen) else datagrams

    async with fake_camera(film, Behaviour(clock=None, line=line)) as camera:
        with pytest.raises(CameraFailed) as failed:
            await read(readers, camera, 1)
    assert failed.value.code == "nothing_over_udp"


async def test_the_end_of_a_session_leaves_no_port_and_no_camera_that_goes_on(
    readers: Readers, film: NumberedFilm, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[relay.UdpMedia] = []
    open_media = relay.UdpMedia.open

    def noted(here: str, camera: ipaddress.IPv4Address) -> relay.UdpMedia:
        opened.append(open_media(here, camera))
        return opened[-1]

    monkeypatch.setattr(relay.UdpMedia, "open", noted)
    async with fake_camera(film, Behaviour(("admin", "secret"), report_every_s=0.5)) as camera:
        for number in (1, 2, 3):
            async with session(readers, over_udp(camera, Credentials("admin", "secret"))) as channel:
                await anext(frames(channel))
            async with asyncio.timeout(60):
                while camera.watching or camera.asked.count("TEARDOWN") < number:
                    await asyncio.sleep(0.05)
        assert [each.is_open for each in opened] == [False] * 3
