"""The relay: to one endpoint and nowhere else, with TLS of its own."""

import asyncio
import ipaddress
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from extractor.live.relay import Relay, Target
from extractor.model.camera_failures import CertificateRefused, PortClosed
from outbound import Endpoint

HERE = ipaddress.ip_address("127.0.0.1")


@asynccontextmanager
async def echo(tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that sends back what it gets, in capitals; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data.upper())
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


async def said(relay: Relay, words: bytes) -> bytes:
    """What comes back through the relay; nothing if the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    try:
        writer.write(words)
        return await reader.read(1000)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_it_leads_to_its_target_and_after_a_change_to_the_new_one() -> None:
    async with echo() as port, relay_to(Target(Endpoint(HERE, port), "camera")) as relay:
        assert await said(relay, b"describe") == b"DESCRIBE"
        relay.lead_to(None)
        assert await said(relay, b"describe") == b""


async def test_a_change_ends_the_connection_that_is_open() -> None:
    async with echo() as port, relay_to(Target(Endpoint(HERE, port), "camera")) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(b"a")
        assert await reader.read(1) == b"A"
        relay.lead_to(None)
        assert await reader.read(1) == b""
        writer.close()


async def test_a_second_connection_is_refused_and_leaves_the_first_alone() -> None:
    """One may come of another camera of the same reader, which redirects it here."""
    async with echo() as port, relay_to(Target(Endpoint(HERE, port), "camera")) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(b"a")
        assert await reader.read(1) == b"A"
        assert await said(relay, b"describe") == b""
        writer.write(b"b")
        assert await reader.read(1) == b"B"
        writer.close()
        relay.lead_to(Target(Endpoint(HERE, port), "camera"))
        assert await said(relay, b"describe") == b"DESCRIBE"


async def test_it_remembers_that_nothing_listens() -> None:
    async with echo() as port:
        pass
    async with relay_to(Target(Endpoint(HERE, port), "camera")) as relay:
        assert await said(relay, b"a") == b""
        assert isinstance(relay.failure, PortClosed)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of camera.example, signed by itself."""
    path = tmp_path_factory.mktemp("tls") / "camera.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=camera.example", "-addext", "subjectAltName=DNS:camera.example", "-days", "2"]
    subprocess.run(
        [*command, *names, "-keyout", path, "-out", path.with_suffix(".crt")], check=True, capture_output=True
    )
    return path


@pytest.mark.parametrize(("host", "trusted"), [("camera.example", True), ("other.example", False)])
async def test_tls_ends_here_and_the_camera_has_to_prove_its_name(certificate: Path, host: str, trusted: bool) -> None:
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate.with_suffix(".crt"), certificate)
    authority = ssl.create_default_context(cafile=certificate.with_suffix(".crt"))
    async with echo(own) as port, relay_to(Target(Endpoint(HERE, port), host, authority)) as relay:
        assert await said(relay, b"describe") == (b"DESCRIBE" if trusted else b"")
        assert isinstance(relay.failure, CertificateRefused) != trusted
