"""An RTSP server of one camera: RFC 2326, media interleaved or over UDP; faults and odd dialects on request."""

import asyncio
import base64
import contextlib
import re
import secrets
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from fakecamera.dialects import PLAIN, Dialect, Headers, Reply
from fakecamera.pictures import Coded, Pictures, is_keyframe, parameter_sets
from fakecamera.rtp import CLOCK_HZ, H265, PAYLOAD_TYPE, Codec, interleaved, packets, sender_report

SSRC = 0x1234
RECEIVER_REPORT = 201
METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"

Freeze = Literal["same_picture", "no_packets", "one_picture", "few_pictures", "sound_only"]
"""How a camera freezes: it sends one picture again and again; no picture, though it plays and reports its clock; one a
session; one every FEW_S; or it is back after a break, with sound alone."""
FEW_S = 10.0

CameraClock = Callable[[float, float], float | None]
"""From true Unix time and seconds since the session began to what the camera's clock says; None: no report now."""


def honest(now: float, elapsed_s: float) -> float | None:
    """A clock that is right."""
    return now


@dataclass(slots=True)
class Behaviour:
    """What the camera does; may be changed while it runs. Times in seconds of a session."""

    credentials: tuple[str, str] | None = None
    clock: CameraClock | None = honest
    report_every_s: float = 5.0
    drop_after_s: float | None = None
    stall_after_s: float | None = None
    silent: bool = False
    """Takes the connection and never answers."""
    redirect: str | None = None
    """Where DESCRIBE sends the client instead."""
    delay_s: Callable[[], float] = field(default=lambda: 0.0)
    """Of each picture on the line; the order stays."""
    line: Callable[[list[bytes]], list[bytes]] = field(default=lambda datagrams: datagrams)
    """What becomes of a picture's datagrams on the way."""
    first_ticks: int = 0
    freeze: Freeze | None = None
    apart_s: float = 0.0
    """By which each viewer sees a later moment of the film than the one before, as if it were another camera."""
    dialect: Dialect = PLAIN
    path: str | None = None
    """The only one that it knows; any, where it is None."""
    codec: str | None = None
    """As it describes its pictures, where that is not what they are."""
    keyframes: bool = True


@dataclass(slots=True)
class FakeCamera:
    """Listening; `sessions` counts those that came as far as PLAY, `connections` all; `asked`: methods of requests;
    `reports`: of a receiver, over UDP; `client_ports`: to which the newest session over UDP sends. `pictures` may be
    changed.
    """

    port: int
    behaviour: Behaviour
    pictures: Pictures
    scheme: str = "rtsp"
    sessions: int = 0
    connections: int = 0
    watching: int = 0
    asked: list[str] = field(default_factory=list)
    reports: int = 0
    client_ports: tuple[int, int] | None = None

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/stream1"


@asynccontextmanager
async def fake_camera(
    pictures: Pictures, behaviour: Behaviour | None = None, *, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[FakeCamera]:
    """Serve `pictures` on loopback until the block ends; `port` 0: any free one; with `tls` it is RTSPS."""
    camera = FakeCamera(port, behaviour or Behaviour(), pictures, "rtsps" if tls else "rtsp")
    open_ones: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows for the type checker
        open_ones.add(task)
        camera.connections += 1
        with contextlib.suppress(asyncio.CancelledError):  # at the end: a callback of asyncio would complain of it
            await _Session(camera, reader, writer).run()
        open_ones.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    camera.port = int(server.sockets[0].getsockname()[1])
    try:
        yield camera
    finally:
        server.close()
        for each in list(open_ones):
            each.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)


class _Session:
    def __init__(self, camera: FakeCamera, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._camera, self._reader, self._writer = camera, reader, writer
        self._dialect = camera.behaviour.dialect
        self._nonce, self._stale = secrets.token_hex(8), self._dialect.stale
        self._channel, self._sent = 0, 0
        self._udp: _Udp | None = None
        self._alive_s = time.monotonic()
        self._playing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                if self._camera.behaviour.silent:
                    await asyncio.Event().wait()
                while await self._answer():
                    pass
        finally:  # also when the camera ends
            if self._playing is not None:
                self._playing.cancel()
                await asyncio.gather(self._playing, return_exceptions=True)
            if self._udp is not None:
                self._udp.close()
            self._writer.close()

    async def _answer(self) -> bool:
        """Take one request; False when the session is over."""
        first = await self._reader.read(1)
        if not first:
            return False
        if first == b"$":  # the client's RTCP
            _, high, low = await self._reader.readexactly(3)
            await self._reader.readexactly(high << 8 | low)
            return True
        head = (first + await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, address, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        self._camera.asked.append(method)
        self._alive_s = time.monotonic() if method in self._dialect.alive_by else self._alive_s
        reply = self._reply(method, address, headers)
        plays = method == "PLAY" and reply.status.startswith("200")
        if plays and self._dialect.early:
            self._begin_to_play()
            await asyncio.sleep(0.2)
        if method not in self._dialect.unanswered:
            await self._send(replace(reply, headers=(("CSeq", headers.get("cseq", "0")), *reply.headers)))
        if plays and not self._dialect.early:
            self._begin_to_play()
        return method != "TEARDOWN"

    def _begin_to_play(self) -> None:
        ahead_s = self._camera.sessions * self._camera.behaviour.apart_s
        self._camera.sessions += 1
        self._alive_s = time.monotonic()
        self._playing = asyncio.ensure_future(self._play(ahead_s))

    async def _send(self, reply: Reply) -> None:
        reply = self._dialect.edit(reply)
        lines = [f"RTSP/1.0 {reply.status}"]
        lines += [f"{name}: {value}" if name.strip() else name for name, value in reply.headers]
        if reply.body:
            lines.append(f"Content-Length: {len(reply.body)}")
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + reply.body)
        await self._writer.drain()

    def _reply(self, method: str, address: str, headers: Mapping[str, str]) -> Reply:
        behaviour, reply = self._camera.behaviour, partial(Reply, method, address)
        if method == "OPTIONS":
            return reply("200 OK", (("Public", METHODS),))
        if not self._admitted(method, headers):
            return reply("401 Unauthorized", self._challenges())
        if method in self._dialect.refused:
            return reply(self._dialect.refused[method])
        if not _is_below(urlsplit(address).path, behaviour.path):
            return reply("404 Not Found")
        if method == "DESCRIBE" and behaviour.redirect:
            return reply("302 Found", (("Location", behaviour.redirect),))
        if method == "DESCRIBE":
            described = (("Content-Type", "application/sdp"), ("Content-Base", f"{address}/"))
            return reply("200 OK", described, self._description())
        if method == "SETUP":
            return self._set_up(reply, headers.get("transport", ""))
        return reply("200 OK", (("Session", "1"), *([("Range", "npt=0-")] if method == "PLAY" else [])))

    def _set_up(self, reply: Callable[..., Reply], transport: str) -> Reply:
        kind = "TCP" if "TCP" in transport else "UDP"
        if kind not in self._dialect.transports:
            return reply("461 Unsupported Transport")
        session = ("Session", f"1;timeout={self._dialect.timeout_s or 60:g}")
        ports = re.search(r"client_port=(\d+)-(\d+)", transport)
        if ports is not None:
            self._udp = _Udp(self._camera, (int(ports[1]), int(ports[2])))
            answer = f"RTP/AVP/UDP;unicast;{ports[0]};server_port={self._udp.ports}"
            return reply("200 OK", (("Transport", answer), session))
        asked = re.search(r"interleaved=(\d+)", transport)
        chosen = self._dialect.first_channel
        self._channel = chosen if chosen is not None else int(asked[1]) if asked else 0
        answer = f"RTP/AVP/TCP;unicast;interleaved={self._channel}-{self._channel + 1}"
        return reply("200 OK", (("Transport", answer), session))

    def _challenges(self) -> Headers:
        """With another nonce each time."""
        self._nonce, stale = secrets.token_hex(8), self._stale < self._dialect.stale
        challenges = self._dialect.challenges
        return tuple(("WWW-Authenticate", each.challenge(self._nonce, stale=stale)) for each in challenges)

    def _admitted(self, method: str, headers: Mapping[str, str]) -> bool:
        credentials = self._camera.behaviour.credentials
        if credentials is None:
            return True
        given = headers.get("authorization", "")
        if not any(each.admits(given, method, self._nonce, credentials) for each in self._dialect.challenges):
            return False
        self._stale -= 1
        return self._stale < 0

    def _description(self) -> bytes:
        lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "t=0 0"]
        is_mute = self._camera.behaviour.freeze == "sound_only"
        if is_mute or self._dialect.with_sound:
            lines += ["m=audio 0 RTP/AVP 0", "a=control:track2"]
        if not is_mute:
            lines += self._described_video()
        return ("\r\n".join(lines) + "\r\n").encode()

    def _described_video(self) -> list[str]:
        codec = self._camera.pictures.codec
        return [
            *(f"m=video 0 RTP/AVP {PAYLOAD_TYPE}", "c=IN IP4 0.0.0.0"),
            f"a=rtpmap:{PAYLOAD_TYPE} {self._camera.behaviour.codec or codec.name}/{CLOCK_HZ}",
            f"a=fmtp:{PAYLOAD_TYPE} {';'.join(self._parameters())}",
            "a=control:track1",
        ]

    def _parameters(self) -> list[str]:
        """RFC 6184, 8.1, and RFC 7798, 7.1."""
        sets, codec = self._camera.pictures.parameter_sets, self._camera.pictures.codec
        coded = [base64.b64encode(each).decode() for each in sets if self._dialect.sets != "in_band"]
        if codec is H265:
            return [f"sprop-{name}={each}" for name, each in zip(("vps", "sps", "pps"), coded, strict=False)]
        known = [f"sprop-parameter-sets={','.join(coded)}"] if coded else []
        return ["packetization-mode=1", f"profile-level-id={sets[0][1:4].hex()}", *known]

    async def _play(self, ahead_s: float) -> None:
        """The film goes on by the time of day, whoever looks: all viewers see the same, and it began in 1970.

        One who is ahead sees what others see so much later.
        """
        behaviour, sequence = self._camera.behaviour, 1
        began, began_wall = time.monotonic(), time.time() + ahead_s
        next_report, sent_at, began_film = 0.0, 0.0, None
        self._camera.watching += 1
        try:
            freeze = _Freezer(behaviour, self._camera.pictures.codec)
            for coded in self._film(began_wall):
                sent_at = max(sent_at, began + coded.due_s - began_wall + behaviour.delay_s())
                began_film = coded.shown_s if began_film is None else began_film
                await asyncio.sleep(max(0.0, sent_at - time.monotonic()))
                elapsed = time.monotonic() - began
                if behaviour.drop_after_s is not None and elapsed > behaviour.drop_after_s:
                    self._writer.transport.abort()
                    return
                if behaviour.stall_after_s is not None and elapsed > behaviour.stall_after_s:
                    await asyncio.Event().wait()
                if behaviour.freeze == "sound_only":
                    self._writer.transport.abort()
                    return
                if elapsed >= next_report:
                    next_report += behaviour.report_every_s
                    self._report(began_film, began_wall + elapsed, elapsed, ahead_s)
                if self._dialect.timeout_s is not None and time.monotonic() - self._alive_s > self._dialect.timeout_s:
                    self._writer.transport.abort()
                    return
                ticks = behaviour.first_ticks + round((coded.shown_s - began_film) * CLOCK_HZ)
                built = self._packets(freeze.sends(coded, elapsed), sequence, ticks)
                sequence += len(built)
                if self._udp is not None:
                    self._udp.send(behaviour.line(built))
                else:
                    self._writer.write(self._framed(built))
                    await self._writer.drain()
        except ConnectionError:
            pass
        finally:
            self._camera.watching -= 1

    def _packets(self, nals: tuple[bytes, ...], sequence: int, ticks: int) -> list[bytes]:
        """Of one picture."""
        codec = self._camera.pictures.codec
        sets = parameter_sets(nals, codec)
        if self._dialect.sets == "in_description":
            nals = tuple(nal for nal in nals if nal not in sets)
        early: list[bytes] = []
        if self._dialect.early_sets and sets:
            nals = tuple(nal for nal in nals if nal not in sets)
            early = packets(sets, sequence, ticks - CLOCK_HZ // 25, SSRC, codec, self._dialect.packing)
        return early + packets(nals, sequence + len(early), ticks, SSRC, codec, self._dialect.packing)

    def _framed(self, built: list[bytes]) -> bytes:
        parts = [interleaved(self._channel, each) for each in built]
        if self._dialect.with_sound:  # on the channels of a track that nobody asked for
            parts.append(interleaved(self._channel + 2, b"\x80\x00" + bytes(170)))
        if self._dialect.between:
            parts = [
                each + (self._dialect.between if number % 10 == 9 else b"")
                for number, each in enumerate(parts, self._sent)
            ]
        self._sent += len(parts)
        return b"".join(parts)

    def _film(self, from_s: float) -> Iterator[Coded]:
        """What the camera shows, also when that is changed."""
        while True:
            shown = self._camera.pictures
            for coded in shown.play(from_s):
                if self._camera.pictures is not shown:
                    break
                from_s = coded.due_s
                yield coded

    def _report(self, began_film: float, film_s: float, elapsed: float, ahead_s: float) -> None:
        """`began_film`, `film_s`: what the film showed first, and shows now, by its own time."""
        behaviour = self._camera.behaviour
        shown = None if behaviour.clock is None else behaviour.clock(film_s - ahead_s, elapsed)
        if shown is not None:
            ticks = behaviour.first_ticks + round((film_s - began_film) * CLOCK_HZ)
            report = sender_report(shown, ticks, self._dialect.report_ssrc or SSRC)
            if self._udp is not None:
                self._udp.report(report)
            else:
                self._writer.write(interleaved(self._channel + 1, report))


def _is_below(asked: str, path: str | None) -> bool:
    """Whether an address is that of the camera's path, or of one of its streams."""
    return path is None or asked == path or asked.startswith(f"{path}/")


class _Udp:
    """Two ports of the camera, and two of its viewer. Counts the viewer's reports."""

    def __init__(self, camera: FakeCamera, client_ports: tuple[int, int]) -> None:
        self._camera, self._to = camera, client_ports
        camera.client_ports = client_ports
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for each in self._sockets:
            each.setblocking(False)
            each.bind(("127.0.0.1", 0))
        asyncio.get_running_loop().add_reader(self._sockets[1], self._hear)

    @property
    def ports(self) -> str:
        """As in the header `Transport`."""
        return "-".join(str(each.getsockname()[1]) for each in self._sockets)

    def send(self, datagrams: list[bytes]) -> None:
        for each in datagrams:
            self._send(0, each)

    def report(self, data: bytes) -> None:
        self._send(1, data)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._sockets[1])
        for each in self._sockets:
            each.close()

    def _send(self, number: int, data: bytes) -> None:
        with contextlib.suppress(OSError):  # as on a line: what does not get through is gone
            self._sockets[number].sendto(data, ("127.0.0.1", self._to[number]))

    def _hear(self) -> None:
        with contextlib.suppress(OSError):
            self._camera.reports += self._sockets[1].recv(2000)[1:2] == bytes([RECEIVER_REPORT])


class _Freezer:
    """What of a session's pictures is sent."""

    def __init__(self, behaviour: Behaviour, codec: Codec) -> None:
        self._behaviour, self._codec = behaviour, codec
        self._keyframe: tuple[bytes, ...] = ()
        self._sent_s = -FEW_S

    def sends(self, coded: Coded, elapsed_s: float) -> tuple[bytes, ...]:
        """NAL units, none while it is frozen."""
        freeze = self._behaviour.freeze
        if is_keyframe(coded) and not self._behaviour.keyframes:
            return ()
        if freeze == "same_picture":
            return self._keyframe
        if is_keyframe(coded, self._codec):
            self._keyframe = coded.nals
        is_first = self._sent_s < 0
        if freeze == "no_packets" or (freeze == "one_picture" and not is_first):
            return ()
        if freeze == "few_pictures" and (elapsed_s - self._sent_s < FEW_S or not is_keyframe(coded, self._codec)):
            return ()
        self._sent_s = elapsed_s
        return coded.nals
