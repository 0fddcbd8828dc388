"""The relay: to one endpoint and nowhere else, with TLS of its own."""

import asyncio
import contextlib
import errno
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from fakecamera.rtp import packets
from tests.support.certificates import certificate

from extractor.live import relay as relays
from extractor.live.relay import Relay, Target
from extractor.live.udp_media import UdpMedia
from extractor.model.camera_failures import (
    CertificateRefused,
    NoKeyframe,
    NothingOverUdp,
    NotRtsp,
    PortClosed,
    Unreachable,
)
from extractor.model.rtsp_stream import blocks
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


SETUP = b"SETUP rtsp://127.0.0.1/ RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"


SDP = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"


@asynccontextmanager
async def udp_camera(server_port: int) -> AsyncIterator[tuple[int, list[int]]]:
    """One that says that it sends from that port; its own port, and where to."""
    client_ports: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (asked := await reader.readuntil(b"\r\n\r\n")).startswith(b"DESCRIBE"):
            writer.write(f"RTSP/1.0 200 OK\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}".encode())
        client_ports.append(int(asked.partition(b"client_port=")[2].partition(b"-")[0]))
        transport = f"RTP/AVP;unicast;server_port={server_port}-{server_port}"
        writer.write(f"RTSP/1.0 200 OK\r\nTransport: {transport}\r\n\r\n".encode())
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1]), client_ports
    finally:
        server.close()


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EPERM])
async def test_where_the_kernel_lets_nothing_to_the_camera_over_udp_the_code_says_so(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "no way")

    monkeypatch.setattr(UdpMedia, "lead_to", refuse)
    async with (
        udp_camera(9) as (port, _),
        relay_to(Target(Endpoint(HERE, port), "camera", udp=True)) as relay,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(SETUP)
        async with asyncio.timeout(10):
            await reader.read()
        assert isinstance(relay.failure, Unreachable)
        writer.close()


async def test_a_status_that_is_no_number_goes_to_the_reader() -> None:
    """Which says that it is no RTSP."""
    line = b"RTSP/1.0 " + b"2" * 5000 + b" OK\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(line + b"\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    async with server, relay_to(Target(Endpoint(HERE, port), "camera")) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(request(b"OPTIONS"))
        async with asyncio.timeout(10):
            assert await reader.readline() == line
        writer.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


async def test_over_udp_the_code_tells_a_line_that_loses_from_a_keyframe_that_does_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And neither stays once a whole picture came."""
    monkeypatch.setattr(relays, "MAX_DARK_S", -1.0)
    other, key = (b"\x41\x9a",), (b"\x67\x4d", b"\x68\xee", b"\x65\x88")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.bind(("127.0.0.1", 0))
        async with (
            udp_camera(sending.getsockname()[1]) as (port, client_ports),
            relay_to(Target(Endpoint(HERE, port), "camera", udp=True)) as relay,
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            writer.write(request(b"DESCRIBE"))
            await reader.readuntil(SDP.encode())
            writer.write(SETUP)
            await reader.readuntil(b"\r\n\r\n")

            def send(nals: tuple[bytes, ...], sequence: int) -> list[bytes]:
                made = packets(nals, sequence, sequence * 3600, 7)
                for data in made:
                    sending.sendto(data, ("127.0.0.1", client_ports[0]))
                return made

            send(other, 0)
            await until(lambda: isinstance(relay.failure, NoKeyframe))
            sent = send(key, 1)
            whole = await reader.readexactly(sum(4 + len(each) for each in sent))
            assert [content for _, content in blocks(whole)] == sent
            assert relay.failure is None
            send(other, 5)  # one is missing before it, which is waited for
            await asyncio.sleep(0.25)
            send(other, 6)
            await until(lambda: isinstance(relay.failure, NothingOverUdp))
            writer.close()


def test_reports_for_a_reader_that_is_behind_are_left_out_and_so_are_those_that_are_none() -> None:
    written: list[bytes] = []
    behind = 0
    transport = SimpleNamespace(get_write_buffer_size=lambda: behind)
    reader = cast(asyncio.StreamWriter, SimpleNamespace(write=written.append, transport=transport))
    media = relays._Datagrams(Relay(), reader, 0, "H264")
    report = b"\x80\xc8" + bytes(26)
    media.rtcp(report)
    media.rtcp(report + bytes(2000))
    behind = relays.MAX_BEHIND + 1
    media.rtcp(report)
    assert [content for data in written for _, content in blocks(data)] == [report]


async def test_a_side_that_takes_nothing_more_is_closed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "CLOSE_S", 0.01)
    deaf = asyncio.Event()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await deaf.wait()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=1)
    async with server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        writer.write(bytes(50 << 20))
        relays._end(writer)
        async with asyncio.timeout(60):
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        assert writer.transport.get_write_buffer_size() == 0
        deaf.set()
