"""Ports for a camera's pictures over UDP: nobody else is heard, and none is left open."""

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extractor.live import udp_media
from extractor.live.udp_media import RTCP_HELLO, RTP_HELLO, UdpMedia

HERE = ipaddress.ip_address("127.0.0.1")


@pytest.fixture
def camera() -> Iterator[socket.socket]:
    with bound("127.0.0.1") as made:
        yield made


@contextlib.contextmanager
def bound(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.settimeout(10)
        made.bind((address, 0))
        yield made


def port_of(opened: socket.socket) -> int:
    return int(opened.getsockname()[1])


class Hearing:
    """A session whose two ports of the camera are the same socket, and what it heard."""

    def __init__(self, ports: tuple[int, int]) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.media = UdpMedia.open("127.0.0.1", HERE)
        self.media.lead_to(ports, self.heard.put_nowait, self.heard.put_nowait)

    async def next(self) -> bytes:
        async with asyncio.timeout(10):
            return await self.heard.get()


async def test_a_pair_of_ports_begins_with_an_even_one() -> None:
    opened = [UdpMedia.open("127.0.0.1", HERE) for _ in range(5)]
    for each in opened:
        rtp, rtcp = each.ports
        assert (rtp % 2, rtcp) == (0, rtp + 1)
        each.close()


async def test_the_way_is_opened_and_reports_go_back(camera: socket.socket) -> None:
    hearing = Hearing((port_of(camera), port_of(camera)))
    assert {camera.recv(2000), camera.recv(2000)} == {RTP_HELLO, RTCP_HELLO}
    hearing.media.report(b"report")
    assert camera.recvfrom(2000) == (b"report", ("127.0.0.1", hearing.media.ports[1]))
    hearing.media.close()


async def test_a_stranger_is_not_heard_neither_before_nor_after(camera: socket.socket) -> None:
    """One of another address, one of another port; what comes before the camera's ports are known stays unread."""
    with bound("127.0.0.2") as far, bound("127.0.0.1") as near:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        media = UdpMedia.open("127.0.0.1", HERE)
        to = ("127.0.0.1", media.ports[0])
        for each in (far, near):
            each.sendto(b"before", to)
        media.lead_to((port_of(camera), port_of(camera)), heard.put_nowait, heard.put_nowait)
        for each in (far, near):
            each.sendto(b"after", to)
        camera.sendto(b"picture", to)
        async with asyncio.timeout(10):
            assert await heard.get() == b"picture"
        assert heard.empty()
        media.close()


async def test_a_camera_that_does_not_name_its_port_is_held_to_the_first_that_it_uses(camera: socket.socket) -> None:
    with bound("127.0.0.2") as far, bound("127.0.0.1") as near:
        hearing = Hearing((0, 0))
        to = ("127.0.0.1", hearing.media.ports[0])
        far.sendto(b"far", to)
        camera.sendto(b"one", to)
        assert await hearing.next() == b"one"
        near.sendto(b"near", to)
        camera.sendto(b"two", to)
        assert await hearing.next() == b"two"
        hearing.media.close()


async def test_ports_are_closed_with_it_and_closing_twice_is_harmless() -> None:
    def opened() -> int:
        return sum(1 for each in Path("/proc/self/fd").iterdir() if "socket" in str(_target(each)))

    before = opened()
    for _ in range(3):
        hearing = Hearing((40_000, 40_001))
        hearing.media.close()
        hearing.media.close()
    assert opened() == before


def _target(path: Path) -> Path | None:
    try:
        return path.readlink()
    except FileNotFoundError:  # the descriptor of the listing itself
        return None


async def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(OSError, match="assign"):
        UdpMedia.open("192.0.2.1", HERE)


async def test_a_camera_that_it_cannot_be_held_to_yet_is_heard_once_it_can(
    camera: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else others would be heard too."""

    class Refusing(socket.socket):
        """As a firewall does, once."""

        refusals = 1

        def connect(self, address: Any) -> None:
            if Refusing.refusals:
                Refusing.refusals -= 1
                raise OSError(errno.EPERM, "not permitted")
            super().connect(address)

    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    with monkeypatch.context() as patched:
        patched.setattr(udp_media.socket, "socket", Refusing)
        hearing = Hearing((0, 0))
    for data in (b"one", b"two"):
        camera.sendto(data, ("127.0.0.1", hearing.media.ports[0]))
    assert await hearing.next() == b"two"
    assert unheard == []
    hearing.media.close()
