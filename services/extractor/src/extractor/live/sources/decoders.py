"""Processes that decode what was fetched: a few, each for one request at a time; one that fails is replaced."""

import asyncio
import contextlib
import os
import socket
import struct
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from extractor import protocol
from extractor.live.sources.spool import Spool
from extractor.model.alignment import Alignment
from extractor.model.camera_failures import CameraFailed, NoAnswer, ReaderCrashed, failure_of
from extractor.model.pictures import check_picture
from extractor.model.scene import SMALL_BYTES, Scene
from extractor.model.stream_meter import Measured
from sandbox.environment import child_environment
from sandbox.reaping import reap

START_TIMEOUT_S = 60.0
DECODE_S = 20.0
"""For one file. A segment of 4K of ten seconds takes three."""
ALIGN_S = 60.0
"""For two pictures. It takes less than a second of a processor, and nobody waits for it."""
MAX_AT = 100
"""Pictures of one file."""

Kind = Literal["still", "segment", "video"]
Natural = Annotated[int, Meta(ge=0)]


class Decoded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of a `frame` message, as the decoder claims them; times in milliseconds of the file."""

    at_ms: Natural
    length_ms: Natural | None
    width: int
    height: int
    size_bytes: int
    keyframe: bool
    sharpness: Annotated[float, Meta(ge=0)]
    brightness: Annotated[float, Meta(ge=0, le=1)]
    scene: Scene


class _Failed(msgspec.Struct, frozen=True):
    code: str
    detail: str


class _Aligned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alignment: Alignment | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be decoded: pictures at these times, or keyframes that are nearer to them than `near_ms`."""

    kind: Kind
    quality: int
    at_ms: Sequence[int] = ()
    near_ms: int = 0


@dataclass(frozen=True, slots=True)
class Before:
    """What pictures are compared with: the last good snapshot, if there is one; and the anchor, a small picture that
    came `at_ms` before the first of the file (or after, if negative), and that so many since then were the `same` as.
    """

    good: bytes = b""
    anchor: bytes = b""
    at_ms: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class Pictures:
    """At least one; and the anchor for the next that come."""

    found: list[tuple[Decoded, bytes]]
    anchor: bytes


class Decodes(Protocol):
    """`Decoders`, or what measures beside them."""

    async def decode(self, file: int, wanted: Wanted, before: Before) -> Pictures:
        """Pictures of an open file. Raises CameraFailed."""


class Decoders:
    """`memory_bytes` is the address space of one process, `most` how many there are; they are started when needed."""

    def __init__(self, memory_bytes: int, most: int | None = None) -> None:
        self._memory = memory_bytes
        self._places = asyncio.Semaphore(most or max(2, os.cpu_count() or 1))
        self._idle: list[_Decoder] = []
        self._all: set[_Decoder] = set()

    async def decode(self, file: int, wanted: Wanted, before: Before) -> Pictures:
        """Pictures of an open file. Raises CameraFailed; NoAnswer after DECODE_S."""
        async with self._decoder() as decoder, _answering(DECODE_S):
            return await decoder.decode(file, wanted, before)

    async def align(self, before: bytes, after: bytes) -> Alignment | None:
        """How a picture of a camera that was moved lies beside an earlier one; None: too little of it is found there.

        Raises CameraFailed; NoAnswer after ALIGN_S.
        """
        with Spool(before) as one, Spool(after) as other:
            async with self._decoder() as decoder, _answering(ALIGN_S):
                return await decoder.align(one.sealed(), other.sealed())

    async def measure(self, file: int, kind: Kind) -> Measured:
        """What the stream in an open file is like. Raises as `decode` does."""
        async with self._decoder() as decoder, _answering(DECODE_S):
            return await decoder.measure(file, kind)

    async def close(self) -> None:
        """Kill them all."""
        for each in list(self._all):
            await each.kill()
        self._idle, self._all = [], set()

    @property
    def pids(self) -> list[int]:
        return [each.pid for each in self._all]

    @asynccontextmanager
    async def _decoder(self) -> AsyncIterator["_Decoder"]:
        """One that is idle after the block too is used again; one that was left in the middle is ended."""
        async with self._places:
            decoder = self._idle.pop() if self._idle else await _Decoder.start(self._memory)
            self._all.add(decoder)
            try:
                yield decoder
            finally:
                if decoder.is_idle:
                    self._idle.append(decoder)
                else:
                    self._all.discard(decoder)
                    await decoder.kill()


@asynccontextmanager
async def _answering(seconds: float) -> AsyncIterator[None]:
    """Raises NoAnswer if it takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise NoAnswer("no sign of life from the decoder") from error


class _Decoder:
    def __init__(self, process: asyncio.subprocess.Process, requests: socket.socket) -> None:
        self._process, self._requests = process, requests
        self.is_idle = True

    @classmethod
    async def start(cls, memory_bytes: int) -> "_Decoder":
        """Raises ReaderCrashed."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            ours.setblocking(False)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "extractor.media.fetched"),
                *(str(memory_bytes), str(os.getpid()), str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=protocol.PIPE_BYTES,
                env=child_environment(),
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )
        except OSError as error:
            ours.close()
            raise ReaderCrashed(f"it cannot be started: {error}") from error
        finally:
            theirs.close()
        decoder = cls(process, ours)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await decoder.message()
        except (TimeoutError, ReaderCrashed) as error:
            await decoder.kill()
            raise ReaderCrashed(f"it does not come up: {type(error).__name__}") from error
        except BaseException:
            await decoder.kill()
            raise
        return decoder

    @property
    def pid(self) -> int:
        return self._process.pid

    async def kill(self) -> None:
        """Safe to call twice."""
        self._requests.close()
        await reap(self._process)

    async def decode(self, file: int, wanted: Wanted, before: Before) -> Pictures:
        """Raises CameraFailed. It is idle again when its answer came whole."""
        with contextlib.ExitStack() as open_files:
            more = [open_files.enter_context(Spool(each)).sealed() for each in (before.anchor, before.good) if each]
            self._ask([file, *more], wanted, before)
        found: list[tuple[Decoded, bytes]] = []
        while (message := await self.message()).type == "frame" and len(found) < max(1, len(wanted.at_ms)):
            found.append(_checked(message))
        if message.type == "done" and found and len(message.payload) == SMALL_BYTES:
            self.is_idle = True
            return Pictures(found, message.payload)
        raise self._failure_in(message)

    async def measure(self, file: int, kind: Kind) -> Measured:
        """Raises CameraFailed. As for `decode`."""
        self._send("measure", file, kind=kind)
        message = await self.message()
        if message.type == "measured":
            with contextlib.suppress(msgspec.ValidationError):
                measured = msgspec.convert(message.fields, Measured)
                self.is_idle = True
                return measured
        raise self._failure_in(message)

    async def align(self, before: int, after: int) -> Alignment | None:
        """Raises CameraFailed. As for `decode`."""
        self._send("align", before, after)
        message = await self.message()
        if message.type == "aligned":
            with contextlib.suppress(msgspec.ValidationError):
                found = msgspec.convert(message.fields, _Aligned)
                self.is_idle = True
                return found.alignment
        raise self._failure_in(message)

    def _ask(self, files: Sequence[int], wanted: Wanted, before: Before) -> None:
        """Raises ReaderCrashed."""
        anchor = {"at_ms": -before.at_ms, "same": before.same} if before.anchor else None
        at_ms, near_ms = list(wanted.at_ms[:MAX_AT]), wanted.near_ms
        fields = {"kind": wanted.kind, "at_ms": at_ms, "near_ms": near_ms, "quality": wanted.quality}
        self._send("decode", *files, **fields, anchor=anchor)

    def _send(self, request: str, *files: int, **fields: object) -> None:
        """A request with its files; busy until the answer came. Raises ReaderCrashed."""
        self.is_idle = False
        try:
            socket.send_fds(self._requests, [protocol.encode_request({"type": request, **fields})], files)
        except OSError as error:
            raise ReaderCrashed(type(error).__name__) from error

    def _failure_in(self, message: protocol.Message) -> CameraFailed:
        """What `failed` says. The decoder is idle again after it, and after nothing else that it may not send."""
        with contextlib.suppress(msgspec.ValidationError):
            failed = msgspec.convert(message.fields, _Failed)
            self.is_idle = message.type == "failed"
            return failure_of(failed.code)(failed.detail)
        return ReaderCrashed("a message that no decoder sends")

    async def message(self) -> protocol.Message:
        """The next. Raises ReaderCrashed."""
        assert self._process.stdout is not None  # noqa: S101 - narrows for the type checker; it was asked for as a pipe
        try:
            return await protocol.read_message(self._process.stdout)
        except (protocol.ProtocolError, asyncio.IncompleteReadError, ConnectionError) as error:
            raise ReaderCrashed(type(error).__name__) from error


def _checked(message: protocol.Message) -> tuple[Decoded, bytes]:
    """A decoder may belong to whoever made the file: no field is trusted. Raises ReaderCrashed."""
    try:
        decoded = msgspec.convert(message.fields, Decoded)
        check_picture(message.payload, decoded.width, decoded.height, png=False)
        if decoded.size_bytes != len(message.payload):
            raise ValueError("a picture of another size")  # noqa: TRY301 - all that is wrong with it is said in one way
    except (msgspec.ValidationError, ValueError, struct.error) as error:
        raise ReaderCrashed(f"the decoder sent what is no picture: {error}") from error
    return decoded, message.payload
