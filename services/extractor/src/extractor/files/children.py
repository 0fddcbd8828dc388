"""The parent's side of a decoding child: start it without network or secrets, ask, listen, kill it."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson

from extractor.files import wire
from extractor.files.failures import CRASHED, OUT_OF_MEMORY, TIMEOUT, Failed, failure_of

READY_S = 60.0
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "LANG", "VIRTUAL_ENV")
"""All that a child gets to see of the environment: no address and no secret."""

ENDINGS = {"SIGBUS": OUT_OF_MEMORY, "SIGXCPU": TIMEOUT}
"""What a signal that ended a child says of the file; the second is the kernel's, when the processor time is used up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Memory in bytes; seconds without a sign of life; whether an empty network namespace can be had."""

    memory_bytes: int
    stall_s: float
    isolated: bool


@dataclass(frozen=True, slots=True)
class Message:
    """What a child says: see `media.serve` for the fields of each kind."""

    say: str
    fields: dict[str, Any]
    payload: bytes


async def can_isolate() -> bool:
    """Whether this machine lets us make a network namespace without privileges."""
    try:
        probe = await asyncio.create_subprocess_exec(
            "unshare", "-rn", "true", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
    except FileNotFoundError:
        return False
    return await probe.wait() == 0


class Child:
    """One process for one file; it answers one request at a time."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits) -> None:
        self._process, self._limits = process, limits

    @classmethod
    async def start(cls, limits: Limits) -> "Child":
        """Raises Failed(crashed) if it does not come up."""
        command = [sys.executable, "-m", "extractor.media", str(limits.memory_bytes), str(os.getpid())]
        process = await asyncio.create_subprocess_exec(
            *(("unshare", "-rn", "--", *command) if limits.isolated else command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=wire.PIPE_BYTES,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ} | {"OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        child = cls(process, limits)
        try:
            await child._hear(READY_S)
        except BaseException:
            await child.kill()
            raise
        return child

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def ask(
        self, request: dict[str, Any], timeout_s: float, cpu_s: float | None = None
    ) -> AsyncIterator[Message]:
        """Messages up to and with `done` or `broken`. Raises Failed: what the child says, crashed, timeout.

        `cpu_s` is processor time, as much as wall clock where it is not given: one decoding thread cannot use more.
        """
        until = asyncio.get_running_loop().time() + timeout_s
        await self._say({**request, "cpu_s": round(timeout_s if cpu_s is None else cpu_s) + 1})
        while True:
            left = until - asyncio.get_running_loop().time()
            message = await self._hear(min(left, self._limits.stall_s))
            if message.say == "failed":
                raise Failed(failure_of(str(message.fields.get("code"))), str(message.fields.get("detail", "")))
            yield message
            if message.say in ("done", "broken"):
                return

    async def _say(self, request: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101 - narrows for the type checker; the pipe was asked for
        self._process.stdin.write(orjson.dumps(request) + b"\n")
        try:
            await self._process.stdin.drain()
        except ConnectionError as error:
            raise Failed(CRASHED, await self._ending()) from error

    async def _hear(self, within_s: float) -> Message:
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with the result.
        try:
            async with asyncio.timeout(max(0.0, within_s)):
                return await self._read()
        except TimeoutError as error:
            raise Failed(TIMEOUT, "no sign of life from the decoder") from error
        except (asyncio.IncompleteReadError, wire.Garbled) as error:
            ending = await self._ending()
            raise Failed(ENDINGS.get(ending.rpartition(" ")[2], CRASHED), ending) from error

    async def _read(self) -> Message:
        assert self._process.stdout is not None  # noqa: S101 - as above
        header, payload = wire.lengths(await self._process.stdout.readexactly(wire.LENGTHS.size))
        fields = wire.header_of(await self._process.stdout.readexactly(header))
        body = await self._process.stdout.readexactly(payload)
        return Message(str(fields.pop("say")), fields, body)

    async def _ending(self) -> str:
        """How the process ended, for the log."""
        await self.kill()
        code = self._process.returncode or 0
        return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    async def kill(self) -> None:
        """At once, and reaped; safe to call twice.

        What is left in the pipe is read first: asyncio does not report the end of a process before its pipes ended,
        and a reader that is paused because its buffer is full never sees that (python/cpython#119710).
        """
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        if self._process.stdout is not None:
            await self._process.stdout.read()
        await self._process.wait()
