"""Where a camera sends its pictures over UDP: a pair of ports that hears that camera alone.

The address is the one that passed the policy of `outbound`; the ports are those that the camera announces. The kernel
drops what comes from elsewhere, as both sockets are connected, and what came before that is not read.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable
from typing import Any

from outbound.policy import IpAddress

ATTEMPTS = 50
"""At a pair of ports that follow each other, the first even (RFC 3550, 11)."""
MOST = 64 << 10
"""Bytes of a datagram."""
AT_ONCE = 64
"""Datagrams before others have their turn."""
BUFFER = 2 << 20
"""Bytes that the kernel keeps for us, as far as net.core.rmem_max lets it: a keyframe comes in one burst."""
RTP_HELLO = bytes([0x80, *bytes(11)])
RTCP_HELLO = bytes([0x80, 201, 0, 1, *bytes(4)])
"""An empty receiver report. Both open the way back through a firewall between here and the camera."""

Heard = Callable[[bytes], None]


class UdpMedia:
    """Of one session. To be closed."""

    def __init__(self, rtp: socket.socket, rtcp: socket.socket, camera: IpAddress) -> None:
        self._sockets, self._camera = (rtp, rtcp), camera
        self._loop = asyncio.get_running_loop()

    @classmethod
    def open(cls, here: str, camera: IpAddress) -> "UdpMedia":
        """On the address `here` of this machine. Raises OSError."""
        family = socket.AF_INET if camera.version == 4 else socket.AF_INET6
        for _ in range(ATTEMPTS):
            with contextlib.ExitStack() as opened:
                first = opened.enter_context(_bound(family, here, 0))
                port = int(first.getsockname()[1])
                with contextlib.suppress(OSError):
                    second = opened.enter_context(_bound(family, here, port ^ 1))
                    opened.pop_all()
                    return cls(*((first, second) if port % 2 == 0 else (second, first)), camera)
        raise OSError("no pair of ports is free")

    @property
    def ports(self) -> tuple[int, int]:
        """Ours, for RTP and RTCP."""
        rtp, rtcp = (int(each.getsockname()[1]) for each in self._sockets)
        return rtp, rtcp

    @property
    def is_open(self) -> bool:
        return any(each.fileno() >= 0 for each in self._sockets)

    def lead_to(self, ports: tuple[int, int], rtp: Heard, rtcp: Heard) -> None:
        """Hear the camera from those ports of its own; 0: from the first of them that sends. Raises OSError."""
        for opened, port, hello, heard in zip(self._sockets, ports, (RTP_HELLO, RTCP_HELLO), (rtp, rtcp), strict=True):
            if port:
                opened.connect((str(self._camera), port))
                with contextlib.suppress(OSError):
                    opened.send(hello)
            self._loop.add_reader(opened, self._take, opened, port, heard)

    def report(self, data: bytes) -> None:
        """To the camera. One that does not get through is followed by another."""
        with contextlib.suppress(OSError):
            self._sockets[1].send(data)

    def close(self) -> None:
        """Safe to call twice."""
        for each in self._sockets:
            if each.fileno() >= 0:
                self._loop.remove_reader(each)
                each.close()

    def _take(self, opened: socket.socket, port: int, heard: Heard) -> None:
        for _ in range(AT_ONCE):
            try:
                data, sender = opened.recvfrom(MOST)
            except BlockingIOError:
                return
            except OSError:  # such as: nothing listens at the camera's port
                continue
            if self._is_camera(sender, port):
                if not port:
                    port = self._hold_to(opened, int(sender[1]), heard)
                if port:
                    heard(data)

    def _is_camera(self, sender: Any, port: int) -> bool:
        return ipaddress.ip_address(sender[0]) == self._camera and port in (0, sender[1])

    def _hold_to(self, opened: socket.socket, port: int, heard: Heard) -> int:
        """From now on hear no other port. 0 if the kernel refuses that: others would be heard too, so nobody is yet."""
        try:
            opened.connect((str(self._camera), port))
        except OSError:
            return 0
        self._loop.add_reader(opened, self._take, opened, port, heard)
        return port


def _bound(family: socket.AddressFamily, here: str, port: int) -> socket.socket:
    """Not blocking."""
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        made.bind((here, port))
    except OSError:
        made.close()
        raise
    return made
