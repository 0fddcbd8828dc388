"""The worker's side of a decoder process: starts it without network and secrets, sends requests, kills it."""

import asyncio
import contextlib
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor import protocol
from extractor.model.failures import Crashed, Failed, OutOfMemory, Timeout, failure_of
from extractor.protocol import Message
from sandbox.environment import child_environment
from sandbox.kernel import ISOLATION
from sandbox.reaping import drain_and_wait, reap

START_TIMEOUT_S = 60.0

EXIT_S = 1.0  # until a decoder whose pipe has ended is killed
FAILURE_BY_SIGNAL: dict[str, type[Failed]] = {"SIGBUS": OutOfMemory, "SIGXCPU": Timeout}
"""Signals by which the kernel ends a decoder at a limit; SIGXCPU when its processor time is used up."""
FORBIDDEN_CALL = signal.SIGSYS.name
"""By which it ends one that made a system call which no library makes: most likely the file has taken it over."""


@dataclass(frozen=True, slots=True)
class DecoderLimits:
    """Memory in bytes; seconds without a message; whether an empty network namespace can be had."""

    memory_bytes: int
    stall_s: float
    isolated: bool


class Decoder:
    """One process for one file; it serves one request at a time."""

    def __init__(self, process: asyncio.subprocess.Process, limits: DecoderLimits) -> None:
        self._process, self._limits = process, limits

    @classmethod
    async def start(cls, limits: DecoderLimits) -> "Decoder":
        """Raises Crashed, Timeout if it does not come up."""
        command = [sys.executable, "-m", "extractor.media", str(limits.memory_bytes), str(os.getpid())]
        process = await asyncio.create_subprocess_exec(
            *((*ISOLATION, *command) if limits.isolated else command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=protocol.PIPE_BYTES,
            stderr=asyncio.subprocess.DEVNULL,
            env=child_environment(),
            start_new_session=True,
        )
        decoder = cls(process, limits)
        try:
            await decoder._receive(START_TIMEOUT_S)
        except BaseException:
            await decoder.kill()
            raise
        return decoder

    @property
    def pid(self) -> int:
        return self._process.pid

    def has_ended(self) -> bool:
        """As the kernel knows it, which may be before the event loop has heard of it."""
        if self._process.returncode is not None:
            return True
        try:  # WNOWAIT leaves the exit status to the loop
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # the loop has taken it
            return True

    async def request(
        self, request: dict[str, Any], timeout_s: float, cpu_s: float | None = None
    ) -> AsyncIterator[Message]:
        """Messages up to and with `done` or `broken`. Raises Failed: what the decoder reports, crashed, timeout.

        `cpu_s` is processor time, as much as wall clock where it is not given: one decoding thread cannot use more.
        """
        deadline = asyncio.get_running_loop().time() + timeout_s
        self._limit_cpu(round(timeout_s if cpu_s is None else cpu_s) + 1)
        await self._send(request, min(timeout_s, self._limits.stall_s))
        while True:
            left = deadline - asyncio.get_running_loop().time()
            message = await self._receive(min(left, self._limits.stall_s))
            if message.type == "failed":
                failure = failure_of(str(message.fields.get("code")))
                raise failure(str(message.fields.get("detail", "")))
            yield message
            if message.type in protocol.LAST:
                return

    def _limit_cpu(self, seconds: int) -> None:
        """Processor time for the next request, on top of what was used; past it the kernel sends SIGXCPU.

        From here, because a decoder that could lower and raise its own limits could also do away with them.
        """
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # gone: the request will find that out
            limit = used_cpu_s(self.pid) + seconds
            hard = resource.prlimit(self.pid, resource.RLIMIT_CPU)[1]
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (limit, hard))

    async def _send(self, request: dict[str, Any], timeout_s: float) -> None:
        assert self._process.stdin is not None  # noqa: S101 - narrows for the type checker; it was asked for as a pipe
        try:
            self._process.stdin.write(protocol.encode_request(request))
            async with asyncio.timeout(timeout_s):
                await self._process.stdin.drain()
        except TimeoutError as error:
            raise Timeout("the decoder does not read its request") from error
        except (ConnectionError, RuntimeError) as error:  # RuntimeError: uvloop's, of a pipe that has been closed
            raise Crashed(await self.exit_reason()) from error

    async def _receive(self, timeout_s: float) -> Message:
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with the result.
        try:
            async with asyncio.timeout(max(0.0, timeout_s)):
                assert self._process.stdout is not None  # noqa: S101 - as above
                return await protocol.read_message(self._process.stdout)
        except TimeoutError as error:
            raise Timeout("no sign of life from the decoder") from error
        except protocol.ProtocolError as error:  # it may write for ever: it gets no time to end by itself
            await self.kill()
            raise Crashed(f"sent what is no message: {error}") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            reason = await self.exit_reason()
            failure = FAILURE_BY_SIGNAL.get(reason.rpartition(" ")[2], Crashed)
            raise failure(reason) from error

    async def exit_reason(self) -> str:
        """How the process ended, for the log.

        Its pipe has ended, so it exits by itself: killed at once, it would report that signal instead of its own.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EXIT_S):
                await drain_and_wait(self._process)
        await self.kill()
        code = self._process.returncode or 0
        return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    async def kill(self) -> None:
        """At once, and reaped; safe to call twice."""
        await reap(self._process)


def used_cpu_s(pid: int) -> int:
    """Processor time of a process, whole seconds (proc_pid_stat(5)). Raises FileNotFoundError, ProcessLookupError."""
    after_name = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()  # the name is the process's own
    return (int(after_name[11]) + int(after_name[12])) // os.sysconf("SC_CLK_TCK")
