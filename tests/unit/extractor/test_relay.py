"""The relay: to one endpoint and nowhere else, with TLS of its own."""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.certificates import certificate

from extractor.live.relay import Relay, Target
from extractor.model.camera_failures import CertificateRefused, NotRtsp, PortClosed
from outbound import Endpoint

HERE = ipaddress.ip_address("127.0.0.1")


def request(method: bytes) -> bytes:
    return method + b" rtsp://127.0.0.1/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"


@asynccontextmanager
async def camera(tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that answers each request with its method; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                method = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[0]
                writer.write(b"RTSP/1.0 200 OK\r\nPublic: " + method + b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


@asynccontextmanager
async def relay_to(target: Target | None) -> AsyncIterator[Relay]:
    relay = Relay()
    await relay.start()
    relay.lead_to(target)
    try:
        yield relay
    finally:
        await relay.close()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: bytes) -> bytes:
    """The method that the camera was asked for; nothing if the connection ends."""
    try:
        writer.write(request(method))
        answer = await reader.readuntil(b"\r\n\r\n")
    except (ConnectionError, asyncio.IncompleteReadError):
        return b""
    return answer.partition(b"Public: ")[2].partition(b"\r\n")[0]


async def said(relay: Relay, method: bytes) -> bytes:
    """The same over a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    try:
        return await ask(reader, writer, method)
    finally:
        writer.close()


async def test_it_leads_to_its_target_and_after_a_change_to_the_new_one() -> None:
    async with camera() as port, relay_to(Target(Endpoint(HERE, port), "camera")) as relay:
        assert await said(relay, b"DESCRIBE") == b"DESCRIBE"
        relay.lead_to(None)
        assert await said(relay, b"DESCRIBE") == b""


async def test_a_change_ends_the_connection_that_is_open() -> None:
    async with camera() as port, relay_to(Target(Endpoint(HERE, port), "camera")) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        assert await ask(reader, writer, b"OPTIONS") == b"OPTIONS"
        relay.lead_to(None)
        assert await reader.read(1) == b""
        writer.close()


async def test_a_second_connection_is_refused_and_leaves_the_first_alone() -> None:
    """One may come of another camera of the same reader, which redirects it here."""
    async with camera() as port, relay_to(Target(Endpoint(HERE, port), "camera")) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        assert await ask(reader, writer, b"OPTIONS") == b"OPTIONS"
        assert await said(relay, b"DESCRIBE") == b""
        assert await ask(reader, writer, b"DESCRIBE") == b"DESCRIBE"
        writer.close()
        relay.lead_to(Target(Endpoint(HERE, port), "camera"))
        assert await said(relay, b"DESCRIBE") == b"DESCRIBE"


async def test_it_remembers_that_nothing_listens() -> None:
    async with camera() as port:
        pass
    async with relay_to(Target(Endpoint(HERE, port), "camera")) as relay:
        assert await said(relay, b"OPTIONS") == b""
        assert isinstance(relay.failure, PortClosed)


@pytest.mark.parametrize(("host", "trusted"), [("camera.example", True), ("other.example", False)])
async def test_tls_ends_here_and_the_camera_has_to_prove_its_name(tmp_path: Path, host: str, trusted: bool) -> None:
    own = certificate(tmp_path, "DNS:camera.example")
    async with (
        camera(own.server()) as port,
        relay_to(Target(Endpoint(HERE, port), host, own.client())) as relay,
    ):
        assert await said(relay, b"DESCRIBE") == (b"DESCRIBE" if trusted else b"")
        assert isinstance(relay.failure, CertificateRefused) != trusted


async def test_what_is_no_rtsp_is_told_so() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    async with server, relay_to(Target(Endpoint(HERE, port), "camera")) as relay:
        assert await said(relay, b"OPTIONS") == b""
        assert isinstance(relay.failure, NotRtsp)
