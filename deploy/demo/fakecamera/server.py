"""An RTSP server of one camera: RFC 2326 over TCP, media interleaved, Digest with a password; faults on request."""

import asyncio
import base64
import contextlib
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from fakecamera.pictures import Coded, Pictures, is_keyframe
from fakecamera.rtp import CLOCK_HZ, PAYLOAD_TYPE, interleaved, packets, sender_report

SSRC = 0x1234
REALM = "camera"
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
    marked: bool = True
    first_ticks: int = 0
    freeze: Freeze | None = None
    apart_s: float = 0.0
    """By which each viewer sees a later moment of the film than the one before, as if it were another camera."""


@dataclass(slots=True)
class FakeCamera:
    """Listening; `sessions` counts those that came as far as PLAY, `connections` all. `pictures` may be changed."""

    port: int
    behaviour: Behaviour
    pictures: Pictures
    sessions: int = 0
    connections: int = 0
    watching: int = 0

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/stream1"


@asynccontextmanager
async def fake_camera(
    pictures: Pictures, behaviour: Behaviour | None = None, *, port: int = 0
) -> AsyncIterator[FakeCamera]:
    """Serve `pictures` on loopback until the block ends; `port` 0: any free one."""
    camera = FakeCamera(port, behaviour or Behaviour(), pictures)
    open_ones: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows for the type checker
        open_ones.add(task)
        camera.connections += 1
        with contextlib.suppress(asyncio.CancelledError):  # at the end: a callback of asyncio would complain of it
            await _Session(camera, reader, writer).run()
        open_ones.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", port)
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
        self._nonce = secrets.token_hex(8)
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
        status, extra, body = self._reply(method, address, headers)
        lines = [f"RTSP/1.0 {status}", f"CSeq: {headers.get('cseq', '0')}", *extra]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await self._writer.drain()
        if method == "PLAY" and status.startswith("200"):
            ahead_s = self._camera.sessions * self._camera.behaviour.apart_s
            self._camera.sessions += 1
            self._playing = asyncio.ensure_future(self._play(ahead_s))
        return method != "TEARDOWN"

    def _reply(self, method: str, address: str, headers: Mapping[str, str]) -> tuple[str, list[str], bytes]:
        behaviour = self._camera.behaviour
        if method == "OPTIONS":
            return "200 OK", [f"Public: {METHODS}"], b""
        if not self._admitted(method, headers):
            challenge = f'WWW-Authenticate: Digest realm="{REALM}", nonce="{self._nonce}"'
            return "401 Unauthorized", [challenge], b""
        if method == "DESCRIBE" and behaviour.redirect:
            return "302 Found", [f"Location: {behaviour.redirect}"], b""
        if method == "DESCRIBE":
            return "200 OK", ["Content-Type: application/sdp", f"Content-Base: {address}/"], self._description()
        if method == "SETUP":
            transport = headers.get("transport", "")
            if "TCP" not in transport:
                return "461 Unsupported Transport", [], b""
            return "200 OK", ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1;timeout=60"], b""
        return "200 OK", ["Session: 1", *(["Range: npt=0-"] if method == "PLAY" else [])], b""

    def _admitted(self, method: str, headers: Mapping[str, str]) -> bool:
        """RFC 2617 without `qop`, as cameras have it."""
        credentials = self._camera.behaviour.credentials
        if credentials is None:
            return True
        given = _digest_fields(headers.get("authorization", ""))
        user, password = credentials
        mine, asked = _md5(f"{user}:{REALM}:{password}"), _md5(f"{method}:{given.get('uri', '')}")
        wanted = _md5(f"{mine}:{self._nonce}:{asked}")
        return given.get("username") == user and secrets.compare_digest(given.get("response", ""), wanted)

    def _description(self) -> bytes:
        if self._camera.behaviour.freeze == "sound_only":
            lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "t=0 0", "m=audio 0 RTP/AVP 0", "a=control:track2"]
            return ("\r\n".join(lines) + "\r\n").encode()
        sets = self._camera.pictures.parameter_sets
        profile = sets[0][1:4].hex()
        coded = ",".join(base64.b64encode(each).decode() for each in sets)
        lines = [
            *("v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "t=0 0", f"m=video 0 RTP/AVP {PAYLOAD_TYPE}"),
            *("c=IN IP4 0.0.0.0", f"a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK_HZ}"),
            f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={coded}",
            "a=control:track1",
        ]
        return ("\r\n".join(lines) + "\r\n").encode()

    async def _play(self, ahead_s: float) -> None:
        """The film goes on by the time of day, whoever looks: all viewers see the same, and it began in 1970.

        One who is ahead sees what others see so much later.
        """
        behaviour, sequence = self._camera.behaviour, 1
        began, began_wall = time.monotonic(), time.time() + ahead_s
        next_report, sent_at, began_film = 0.0, 0.0, None
        self._camera.watching += 1
        try:
            freeze = _Freezer(behaviour)
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
                ticks = behaviour.first_ticks + round((coded.shown_s - began_film) * CLOCK_HZ)
                nals = freeze.sends(coded, elapsed)
                built = packets(nals, sequence, ticks, SSRC, marked=behaviour.marked)
                sequence += len(built)
                self._writer.write(b"".join(interleaved(0, each) for each in built))
                await self._writer.drain()
        except ConnectionError:
            pass
        finally:
            self._camera.watching -= 1

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
            self._writer.write(interleaved(1, sender_report(shown, ticks, SSRC)))


class _Freezer:
    """What of a session's pictures is sent."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._keyframe: tuple[bytes, ...] = ()
        self._sent_s = -FEW_S

    def sends(self, coded: Coded, elapsed_s: float) -> tuple[bytes, ...]:
        """NAL units, none while it is frozen."""
        freeze = self._behaviour.freeze
        if freeze == "same_picture":
            return self._keyframe
        if is_keyframe(coded):
            self._keyframe = coded.nals
        is_first = self._sent_s < 0
        if freeze == "no_packets" or (freeze == "one_picture" and not is_first):
            return ()
        if freeze == "few_pictures" and (elapsed_s - self._sent_s < FEW_S or not is_keyframe(coded)):
            return ()
        self._sent_s = elapsed_s
        return coded.nals


def _digest_fields(header: str) -> dict[str, str]:
    if not header.startswith("Digest "):
        return {}
    pairs = (part.partition("=") for part in header.removeprefix("Digest ").split(","))
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
