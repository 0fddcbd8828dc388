"""A reader process: starts it, opens and closes sessions with cameras, and hands on what comes of each."""

import asyncio
import base64
import itertools
import os
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from extractor import protocol
from extractor.live.relay import Relay, Target
from extractor.model.camera_failures import CameraFailed, NoAnswer, NoPackets, NotRtsp, ReaderCrashed, failure_of
from extractor.model.pictures import check_picture
from extractor.model.scene import Scene
from extractor.model.stream_meter import Codec, Measured
from sandbox.environment import child_environment
from sandbox.reaping import reap

START_TIMEOUT_S = 60.0
OPENED_S = 5.0
"""For the questions and answers before a camera plays."""
STALL_S = 30.0
"""Without a sign of life of a camera. FFmpeg's own timeouts are a third of it; behind them something hangs, or the
camera sends a byte now and then.
"""


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of a `frame` message: the picture's capture time and size, as the reader claims them; `packets`: of
    its session so far, where there is a session.
    """

    captured_ms: int
    source: Literal["camera", "playlist", "receipt"]
    error_ms: Annotated[int, Meta(ge=0)]
    width: int
    height: int
    size_bytes: int
    keyframe: bool
    sharpness: Annotated[float, Meta(ge=0)]
    brightness: Annotated[float, Meta(ge=0, le=1)]
    scene: Scene | None = None
    packets: Annotated[int, Meta(ge=0)] | None = None


class Sign(msgspec.Struct, frozen=True):
    """Fields of an `alive` message. `clock`: why the camera's clock is not believed; null while it is."""

    packets: int
    codec: str
    clock: str | None


class _Sound(msgspec.Struct, frozen=True):
    codec: Codec


class _Ended(msgspec.Struct, frozen=True):
    code: str
    detail: str


Purpose = Literal["frames", "measure", "sound"]
"""Of a session: its pictures; these, and what the stream is like; or which sound the camera offers, and no pictures."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How a camera is read."""

    target: Target
    path: str
    every_ms: int
    quality: int
    purpose: Purpose = "frames"


class Channel:
    """What comes of one camera: the newest frame, until the session ends. An older one that nobody took is dropped."""

    rhythm_s = 0.0
    """Each frame comes when it is due."""

    def __init__(self, relay: Relay, dropped: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.relay, self._dropped, self._clock = relay, dropped, clock
        self._opened_s = clock()
        self._news, self._ended = asyncio.Event(), asyncio.Event()
        self._frame: tuple[Frame, bytes] | None = None
        self._failure: CameraFailed | None = None
        self.sign: Sign | None = None
        self.measured: Measured | None = None
        self.sound: str | None = None
        self.hangs = False
        self.refers: Callable[[bytes], None] = lambda _: None
        """Set by who sends requests to the reader."""

    async def next_frame(self) -> tuple[Frame, bytes]:
        """Raises CameraFailed at the end of the session, and after STALL_S without a sign of life: NoPackets where the
        camera said something, else NoAnswer."""
        while self._frame is None:
            if self._failure is not None:
                raise self._failure
            self._news.clear()
            try:
                async with asyncio.timeout(STALL_S):
                    await self._news.wait()
            except TimeoutError as error:
                self.hangs = True
                failure = NoPackets if self.relay.received else NoAnswer
                raise failure("no sign of life from the reader") from error
        frame, self._frame = self._frame, None
        return frame

    def take(self, message: protocol.Message) -> bool:
        """False if it was the last. Raises ProtocolError."""
        try:
            if message.type == "frame":
                self._take_frame(msgspec.convert(message.fields, Frame), message.payload)
            elif message.type == "alive":
                self.sign = msgspec.convert(message.fields, Sign)
            elif message.type == "measured":
                self.measured = msgspec.convert(message.fields, Measured)
            elif message.type == "sound":
                self.sound = msgspec.convert(message.fields, _Sound).codec
            elif message.type == "ended":
                ended = msgspec.convert(message.fields, _Ended)
                self.end(self.relay.failure or self._failure_of(ended))
                return False
            else:
                raise protocol.ProtocolError(f"`{message.type[:32]}` from a reader")
        except (msgspec.ValidationError, ValueError, struct.error) as error:
            raise protocol.ProtocolError(str(error)) from error
        self._news.set()
        return True

    def _failure_of(self, ended: _Ended) -> CameraFailed:
        """To FFmpeg a camera that never answered is one that does not speak RTSP, and one that answers and sends no
        pictures does not answer: it opens a stream by its first ones.
        """
        failure = failure_of(ended.code)
        if failure is NotRtsp and not self.relay.received:
            failure = NoAnswer
        elif failure is NoAnswer and self.relay.received:
            failure = NoPackets
        return failure(ended.detail)

    def refer(self, jpeg: bytes) -> None:
        """The pictures that come are compared with this one from now on; with none if it is empty."""
        self.refers(jpeg)

    @property
    def plays(self) -> bool:
        """Whether the camera agreed to play; one that still answers our questions after so long does."""
        answers = self.relay.received > 0 and self.relay.failure is None
        return self.sign is not None or (answers and self._clock() - self._opened_s > OPENED_S)

    def end(self, failure: CameraFailed) -> None:
        self._failure = self._failure or failure
        self._news.set()
        self._ended.set()

    async def ends_within(self, seconds: float) -> bool:
        """Whether the reader reports the end of the session by then."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def _take_frame(self, frame: Frame, picture: bytes) -> None:
        check_picture(picture, frame.width, frame.height, png=False)
        if frame.size_bytes != len(picture):
            raise ValueError("a frame of another size")
        if self._frame is not None:
            self._dropped()
        self._frame = frame, picture


class Reader:
    """One process for at most `slots` cameras; each session has a relay and a number of its own, by which the process
    knows it. Once it has `ended` it is of no use any more.
    """

    def __init__(self, process: asyncio.subprocess.Process, relays: list[Relay]) -> None:
        self._process, self._free = process, relays
        self._channels: dict[str, Channel] = {}
        self._numbers = itertools.count(1)
        self._listening: asyncio.Task[None] | None = None
        self.ended = False

    @classmethod
    async def start(cls, slots: int, memory_bytes: int) -> "Reader":
        """Raises ReaderCrashed if it does not come up, or the machine has no descriptors, memory or processes left."""
        relays = [Relay() for _ in range(slots)]
        try:
            for relay in relays:
                await relay.start()
            process = await cls._spawn(relays, memory_bytes)
        except OSError as error:
            for relay in relays:
                await relay.close()
            raise ReaderCrashed(f"it cannot be started: {error}") from error
        reader = cls(process, relays)
        try:
            assert process.stdout is not None  # noqa: S101 - narrows for the type checker; it was asked for as a pipe
            async with asyncio.timeout(START_TIMEOUT_S):
                await protocol.read_message(process.stdout)
        except (TimeoutError, protocol.ProtocolError, asyncio.IncompleteReadError, ConnectionError) as error:
            await reader.kill()
            raise ReaderCrashed(f"it does not come up: {type(error).__name__}") from error
        except BaseException:
            await reader.kill()
            raise
        reader._listening = asyncio.ensure_future(reader._listen(process.stdout))
        return reader

    @staticmethod
    async def _spawn(relays: list[Relay], memory_bytes: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "extractor.media.cameras", str(memory_bytes), str(os.getpid())),
            *(str(relay.port) for relay in relays),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=protocol.PIPE_BYTES,
            env=child_environment(),
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_room(self) -> bool:
        return bool(self._free) and not self.ended

    @property
    def is_idle(self) -> bool:
        return not self._channels

    def open(self, opening: Opening, dropped: Callable[[], None]) -> Channel:
        """Begin a session; there has to be room."""
        relay, number = self._free.pop(), str(next(self._numbers))
        relay.lead_to(opening.target)
        channel = self._channels[number] = Channel(relay, dropped)
        channel.refers = lambda jpeg: self._send(
            {"type": "refer", "camera": number, "jpeg": base64.b64encode(jpeg).decode()}
        )
        self._send(
            {
                "type": "open",
                "camera": number,
                "port": relay.port,
                "path": opening.path,
                "every_ms": opening.every_ms,
                "quality": opening.quality,
                "purpose": opening.purpose,
            }
        )
        return channel

    def close(self, channel: Channel) -> None:
        """End a session, if it has not ended yet. Its relay is free again when the process reports the end."""
        for number, each in self._channels.items():
            if each is channel:
                channel.relay.lead_to(None)
                self._send({"type": "close", "camera": number})

    async def kill(self) -> None:
        """At once; every camera's session ends. Safe to call twice."""
        self.ended = True
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await reap(self._process)
        for channel in self._channels.values():
            channel.end(ReaderCrashed())
        relays = [*self._free, *(channel.relay for channel in self._channels.values())]
        self._channels, self._free = {}, []
        for relay in relays:
            await relay.close()

    def _send(self, request: dict[str, object]) -> None:
        """A pipe takes many requests before anybody reads; one whose other end is gone is found by `_listen`."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(protocol.encode_request(request))

    async def _listen(self, stdout: asyncio.StreamReader) -> None:
        """Until the pipe ends, or holds what is no message: then the process is ended, and all its sessions."""
        reason = "the reader's pipe ended"
        try:
            while True:
                self._hand_on(await protocol.read_message(stdout))
        except protocol.ProtocolError as error:
            reason = f"the reader sent what is no message: {error}"
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.ended = True
        for channel in self._channels.values():
            channel.end(ReaderCrashed(reason))

    def _hand_on(self, message: protocol.Message) -> None:
        number = str(message.fields.pop("camera", ""))
        channel = self._channels.get(number)
        if channel is not None and not channel.take(message):
            del self._channels[number]
            channel.relay.lead_to(None)
            self._free.append(channel.relay)
