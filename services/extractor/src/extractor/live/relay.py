"""The way from a locked-down reader to its camera: a listener on loopback that leads to one endpoint and nowhere else.

The reader may connect to the ports of its relays alone (`sandbox`), so that wherever a camera redirects it, or whatever
takes it over, it reaches that camera or nothing. The endpoint has passed the policy of `outbound`. TLS ends here too.
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass

from extractor.model.camera_failures import CameraFailed, CertificateRefused, PortClosed, Unreachable
from outbound import Endpoint

CONNECT_S = 5.0
CHUNK = 64 << 10


@dataclass(frozen=True, slots=True)
class Target:
    """What a relay leads to; with `tls` it proves itself as that host name."""

    endpoint: Endpoint
    host: str
    tls: ssl.SSLContext | None = None


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
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        camera = await self._connect()
        if camera is None:
            return
        from_camera, to_camera = camera
        ways = [
            asyncio.ensure_future(self._copy(from_camera, writer, counted=True)),
            asyncio.ensure_future(self._copy(reader, to_camera)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            to_camera.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        target = self._target
        if target is None:
            return None
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
        except (OSError, TimeoutError) as error:
            self.failure = Unreachable(type(error).__name__)
        return None

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counted: bool = False) -> None:
        """Until one side ends."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := await source.read(CHUNK):
                self.received += len(data) if counted else 0
                sink.write(data)
                await sink.drain()
