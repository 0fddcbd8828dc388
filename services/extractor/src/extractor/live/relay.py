"""The way from a locked-down reader to its camera: a listener on loopback that leads to one endpoint and nowhere else.

The reader may connect to the ports of its relays alone (`sandbox`), so that wherever a camera redirects it, or whatever
takes it over, it reaches that camera or nothing. The endpoint has passed the policy of `outbound`. TLS ends here too,
the camera's password is known here and not to the reader, and what is odd in a camera's RTSP is put right
(`model.rtsp_conversation`). Where the camera is to send over UDP it does so to the relay (`live.udp_media`), which
hands on whole pictures, in order, as if they came over the connection.
"""

import asyncio
import contextlib
import secrets
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from credentials import Credentials
from extractor.live.udp_media import UdpMedia
from extractor.model.camera_failures import (
    CameraFailed,
    CertificateRefused,
    NoKeyframe,
    NothingOverUdp,
    NotRtsp,
    PortClosed,
    TlsFailed,
    Unreachable,
)
from extractor.model.rtp_order import Order, WholePictures
from extractor.model.rtsp_conversation import Conversation, Step
from extractor.model.rtsp_stream import LEAST_MEDIA, Broken, Message, Splitter, block, blocks
from outbound import Endpoint

CONNECT_S = 5.0
CLOSE_S = 1.0
"""For what is still to be sent."""
CHUNK = 64 << 10
MAX_DARK_S = 5.0
"""Without a whole picture over UDP, which is half of what the reader waits."""
MAX_REPORT = 1500
"""Bytes of RTCP."""
MAX_BEHIND = 4 << 20
"""Bytes of UDP that the reader has not taken yet; then pictures are left out."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a relay leads to; with `tls` it proves itself as that host name. `udp`: it sends its pictures that way."""

    endpoint: Endpoint
    host: str
    tls: ssl.SSLContext | None = None
    credentials: Credentials | None = None
    udp: bool = False

    @property
    def origin(self) -> str:
        """How addresses of the camera begin."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rtsps' if self.tls else 'rtsp'}://{host}:{self.endpoint.port}"


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Relay:
    """One connection for each time that it is led somewhere: all that a session needs.

    A reader has several relays and may connect to each, so a camera could redirect it to that of another. Refused, it
    neither sees that camera nor ends its session.
    """

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._target: Target | None = None
        self._open: asyncio.Task[None] | None = None
        self._taken = False
        self.failure: CameraFailed | None = None
        """Why the last connection to the camera could not be made; the reader only sees that it ends."""
        self.received = 0
        """Bytes that came of the target."""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=CHUNK)

    @property
    def port(self) -> int:
        assert self._server is not None  # noqa: S101 - a port is asked for after `start`
        return int(self._server.sockets[0].getsockname()[1])

    def lead_to(self, target: Target | None) -> None:
        """From now on; the connection that is open ends."""
        self._target, self.failure, self.received, self._taken = target, None, 0, False
        self._end_open()

    async def close(self) -> None:
        self.lead_to(None)
        if self._server is not None:
            self._server.close()

    def _end_open(self) -> None:
        if self._open is not None:
            self._open.cancel()
            self._open = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._taken:
            writer.close()
            return
        self._taken, self._open = True, asyncio.current_task()
        try:
            with contextlib.suppress(asyncio.CancelledError):  # asyncio would complain of it in a callback
                await self._pass_on(reader, writer)
        finally:
            _end(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = self._target
        camera = None if target is None else await self._connect(target)
        if target is None or camera is None:
            return
        try:
            udp = _opened(target, camera[1])
        except OSError as error:
            self.failure = Unreachable(str(error))
            camera[1].close()
            return
        passing = _Passing(self, target, camera, (reader, writer), udp)
        ways = [asyncio.ensure_future(passing.from_camera()), asyncio.ensure_future(passing.from_reader())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            passing.close()
            _end(camera[1])

    async def _connect(self, target: Target) -> Streams | None:
        endpoint, tls = target.endpoint, target.tls
        try:
            async with asyncio.timeout(CONNECT_S):
                return await asyncio.open_connection(
                    str(endpoint.ip), endpoint.port, ssl=tls, server_hostname=target.host if tls else None, limit=CHUNK
                )
        except ConnectionRefusedError:
            self.failure = PortClosed()
        except ssl.SSLCertVerificationError as error:
            self.failure = CertificateRefused(error.verify_message)
        except ssl.SSLError as error:
            self.failure = TlsFailed(str(error.reason or ""))
        except (OSError, TimeoutError) as error:
            self.failure = Unreachable(type(error).__name__)
        return None


def _end(writer: asyncio.StreamWriter) -> None:
    """Close it, also where the other side does not take what is still to be sent: that would wait for ever."""
    writer.close()
    asyncio.get_running_loop().call_later(CLOSE_S, writer.transport.abort)


def _opened(target: Target, camera: asyncio.StreamWriter) -> UdpMedia | None:
    """On the address of ours that reaches the camera. Raises OSError."""
    here: str = camera.get_extra_info("sockname")[0]
    return UdpMedia.open(here, target.endpoint.ip) if target.udp else None


class _Passing:
    """One connection of a reader, and the one to its camera."""

    def __init__(self, relay: Relay, target: Target, camera: Streams, reader: Streams, udp: UdpMedia | None) -> None:
        self._relay, self._camera, self._reader, self._udp = relay, camera, reader, udp
        here, ports = f"rtsp://127.0.0.1:{relay.port}", udp.ports if udp else None
        self._talk = Conversation(here, target.origin, target.credentials, lambda: secrets.token_hex(8), ports)
        self._answers, self._requests = Splitter(answers=True), Splitter(answers=False)
        self._media: _Datagrams | None = None

    def close(self) -> None:
        """What UDP needs."""
        if self._udp is not None:
            self._udp.close()
            self._camera[1].write(self._talk.farewell())

    async def from_camera(self) -> None:
        """Until one side ends, or what comes is no RTSP."""
        try:
            await self._each(self._camera[0], self._take_answers)
        except Broken as broken:
            self._relay.failure = NotRtsp(str(broken))

    async def from_reader(self) -> None:
        """Until one side ends. What the reader sends that no reader sends ends it."""
        with contextlib.suppress(Broken):
            await self._each(self._reader[0], self._take_requests)

    async def _each(self, source: asyncio.StreamReader, take: Callable[[bytes], None]) -> None:
        try:
            while data := await source.read(CHUNK):
                take(data)
                await self._reader[1].drain()
                await self._camera[1].drain()
        except (ConnectionError, ssl.SSLError):
            pass  # one side ended
        except OSError as error:  # such as: no way to the camera, or none that is allowed
            self._relay.failure = self._relay.failure or Unreachable(type(error).__name__)

    def _take_answers(self, data: bytes) -> None:
        self._relay.received += len(data)
        for part in self._answers.feed(data):
            if isinstance(part, Message):
                self._do(self._talk.answered(part))
                self._agree()
            else:
                self._reader[1].write(part)

    def _take_requests(self, data: bytes) -> None:
        for part in self._requests.feed(data):
            if isinstance(part, Message):
                self._do(self._talk.asked(part))
            elif self._udp is None:
                self._camera[1].write(part)
            else:
                for channel, content in blocks(part):
                    if channel == max(self._talk.channels):
                        self._udp.report(content)

    def _agree(self) -> None:
        """What the newest answer settled. Raises OSError."""
        talk, relay = self._talk, self._relay
        relay.failure = relay.failure or talk.failure
        self._requests.channels = talk.channels
        if self._udp is None:
            self._answers.channels = talk.channels
        elif talk.server_ports is not None and self._media is None:
            self._media = _Datagrams(relay, self._reader[1], min(talk.channels), talk.codec)
            self._udp.lead_to(talk.server_ports, self._media.rtp, self._media.rtcp)
        if self._media is not None and talk.plays and not self._media.heard:
            relay.failure = relay.failure or NothingOverUdp()

    def _do(self, step: Step) -> None:
        if step.to_camera:
            self._camera[1].write(step.to_camera)
        if step.to_reader:
            self._reader[1].write(step.to_reader)


class _Datagrams:
    """What comes over UDP, on its way to the reader as blocks of its connection."""

    def __init__(self, relay: Relay, reader: asyncio.StreamWriter, channel: int, codec: str) -> None:
        self._relay, self._reader, self._channel = relay, reader, channel
        self._order, self._pictures = Order(), WholePictures(codec)
        self.heard = False

    def rtp(self, data: bytes) -> None:
        self._hear(data)
        now_s = time.monotonic()
        for packet in self._order.take(data, now_s):
            whole = self._pictures.take(packet, now_s)
            if self._reader.transport.get_write_buffer_size() > MAX_BEHIND:
                self._pictures.lose(now_s)
            elif whole:
                self._note(None)
                self._reader.write(b"".join(block(self._channel, each) for each in whole))
        dark_since_s = self._pictures.dark_since_s
        if dark_since_s is not None and now_s - dark_since_s > MAX_DARK_S:
            self._note(NothingOverUdp("each keyframe is damaged") if self._pictures.missed else NoKeyframe("over UDP"))

    def rtcp(self, data: bytes) -> None:
        is_behind = self._reader.transport.get_write_buffer_size() > MAX_BEHIND
        if LEAST_MEDIA <= len(data) <= MAX_REPORT and not is_behind:
            self._hear(data)
            self._reader.write(block(self._channel + 1, data))

    def _hear(self, data: bytes) -> None:
        self._relay.received += len(data)
        self.heard = True

    def _note(self, failure: NothingOverUdp | NoKeyframe | None) -> None:
        """Why the reader will end the session, unless that passes."""
        if isinstance(self._relay.failure, NothingOverUdp | NoKeyframe | None):
            self._relay.failure = failure
