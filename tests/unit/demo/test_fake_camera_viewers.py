"""What viewers of one fake camera see: the same, or each a later moment of the film, and all the camera's true time."""

import asyncio
import struct
from collections.abc import Iterator

import pytest
from fakecamera.pictures import Coded
from fakecamera.rtp import H264, NTP_EPOCH_S
from fakecamera.server import Behaviour, FakeCamera, fake_camera

SPS, KEYFRAME = bytes([0x67, 66, 0, 30]), bytes([0x65, 1])


class Film:
    """Keeps the time of the film from which each viewer saw it."""

    codec = H264
    parameter_sets = (SPS, bytes([0x68]))

    def __init__(self) -> None:
        self.from_s: list[float] = []

    def play(self, from_s: float) -> Iterator[Coded]:
        self.from_s.append(from_s)
        while True:
            yield Coded(from_s, from_s, (KEYFRAME,))
            from_s += 0.02


async def first_report(camera: FakeCamera) -> float:
    """Unix time that the first sender report of a new viewer's session tells."""
    reader, writer = await asyncio.open_connection("127.0.0.1", camera.port)
    for method in ("SETUP", "PLAY"):
        writer.write(f"{method} {camera.address} RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
    while True:
        _, channel, length = struct.unpack(">BBH", await reader.readexactly(4))
        block = await reader.readexactly(length)
        if channel == 1:
            writer.close()
            seconds, fraction = struct.unpack_from(">II", block, 8)
            return float(seconds - NTP_EPOCH_S + fraction / 2**32)


@pytest.mark.parametrize("apart_s", [0.0, 5000.0])
async def test_viewers_see_moments_of_the_film_that_are_so_far_apart(apart_s: float) -> None:
    film = Film()
    async with fake_camera(film, Behaviour(apart_s=apart_s)) as camera:
        reports = [await first_report(camera) for _ in range(3)]
    ahead = [film_s - report for film_s, report in zip(film.from_s, reports, strict=True)]
    assert [round(each / 1000) for each in ahead] == [0, round(apart_s / 1000), round(2 * apart_s / 1000)]
    assert reports == sorted(reports)
