"""Keeps one part of the stack running: starts it, waits until it is ready, and restarts it when it dies."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx

from stack.keep import Report, backoff_s, cancelled, keep
from stack.process import Child, Command, log_tail, start
from stack.settings import StackError

Probe = Callable[[], Awaitable[None]]
STEADY_S = 30.0  # after this long without an exit the backoff begins anew
FIRST_ATTEMPTS = 3
ALIVE_EVERY_S = 10.0
ALIVE_TIMEOUT_S = 10.0
ALIVE_MISSES = 6
PROBE_TIMEOUT_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the stack. `prepare` may block and runs in a thread before every start."""

    name: str
    command: Callable[[], Command]
    probe: Probe
    prepare: Callable[[], None] = lambda: None
    timeout_s: float = 60.0
    alive: Probe | None = None  # liveness, checked while it runs: without it for long, it is ended
    ready: Probe | None = None  # readiness, checked while it runs: without it, that is reported and nothing else


class NotReady(Exception):
    """It answers, and says what it waits for: complaints by name."""

    def __init__(self, complaints: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {complaint}" for name, complaint in complaints.items()))
        self.names = frozenset(complaints)


class PartSupervisor:
    """Runs one `Part` until `stop`. `report(name, sentence)` hears of exits and restarts.

    `changed` is called when its pid is another one.
    """

    def __init__(self, part: Part, *, report: Report, changed: Callable[[], None] = lambda: None) -> None:
        self.part = part
        self.child: Child | None = None
        self.waits_for = ""
        """What its readiness probe raised last; empty when it was ready."""
        self._report = report
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._failures, self._since = 0, 0.0
        self._missing = frozenset[str]()

    @property
    def pid(self) -> int | None:
        return self.child.pid if self.child and self.child.alive else None

    async def start(self) -> float:
        """Start it and wait until it is ready; returns the seconds it took. Raises StackError with the log's end."""
        began = time.monotonic()
        try:
            await self._first_start()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:  # no space, descriptors, memory, threads
            raise StackError(f"{self.part.name} cannot be started: {error}") from error
        self._since = time.monotonic()
        self._task = asyncio.create_task(keep(self.part.name, self._watch, self._report), name=self.part.name)
        return time.monotonic() - began

    async def _first_start(self) -> None:
        for attempt in range(FIRST_ATTEMPTS):
            if await self._attempt():
                return
            await asyncio.sleep(backoff_s(attempt + 1))
        raise StackError(self._start_failure())

    async def stop(self) -> None:
        """Stop watching, then stop the process. May be called in the middle of a start. Raises StackError."""
        if self._task:
            await cancelled(self._task)
        if self.child:
            await self.child.stop()

    async def _attempt(self) -> bool:
        """One start; False when it exited before it was ready. Raises StackError, or what a full machine raises."""
        self.child = None
        await asyncio.to_thread(self.part.prepare)
        self.child = await start(self.part.command())
        self._changed()
        ended = asyncio.create_task(self.child.wait())
        ready = asyncio.create_task(until(self.part.probe, waiting=self._note_waiting))
        try:
            await asyncio.wait({ended, ready}, timeout=self.part.timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done() and not ended.done():
                raise StackError(self._start_failure())
            return ready.done() and self.child.alive
        finally:
            ready.cancel()
            ended.cancel()

    def _note_waiting(self, why: str) -> None:
        self.waits_for = why

    async def _watch(self) -> None:
        """Start it again whenever it has ended, or could not be started."""
        while True:
            if self.child:
                code = await self._exit_of(self.child)
                self._changed()
                await self._start_again_after(f"ended ({_reason(code)})")
            else:
                await self._start_again_after("does not run")

    async def _start_again_after(self, what: str) -> None:
        self._failures = 1 if time.monotonic() - self._since > STEADY_S else self._failures + 1
        pause = backoff_s(self._failures)
        self._report(self.part.name, f"{what}; starting it again in {pause:g} s")
        await asyncio.sleep(pause)
        self._since = time.monotonic()
        await self._restart()

    async def _exit_of(self, child: Child) -> int:
        """Wait for its exit and return the code; stop it when ALIVE_MISSES checks in a row failed."""
        ended = asyncio.create_task(child.wait())
        misses = 0
        try:
            while not ended.done():
                await asyncio.wait({ended}, timeout=ALIVE_EVERY_S)
                misses = 0 if await self._is_alive() else misses + 1
                await self._report_readiness()
                if misses >= ALIVE_MISSES and not ended.done():
                    self._report(self.part.name, f"has not been alive at {misses} checks in a row; ending it")
                    await child.stop()
            return ended.result()
        finally:
            ended.cancel()

    async def _is_alive(self) -> bool:
        if self.part.alive is None:
            return True
        try:
            async with asyncio.timeout(ALIVE_TIMEOUT_S):
                await self.part.alive()
        except Exception:  # noqa: BLE001 (whatever fails, the answer is no)
            return not _can_open_socket()  # without one nothing was asked: no reason to end it
        return True

    async def _report_readiness(self) -> None:
        """Report when it begins to miss something else than before, or nothing any more."""
        if self.part.ready is None:
            return
        try:
            async with asyncio.timeout(ALIVE_TIMEOUT_S):
                await self.part.ready()
        except NotReady as not_ready:
            if not_ready.names != self._missing:
                self._missing = not_ready.names
                self._report(self.part.name, f"is not ready: {not_ready}")
        except Exception:  # noqa: BLE001 (it does not answer: that is for liveness to judge)
            return
        else:
            if self._missing:
                self._missing = frozenset()
                self._report(self.part.name, "is ready again")

    async def _restart(self) -> None:
        """One attempt. One that fails, in whatever way, leaves nothing running; the watch tries again."""
        try:
            if await self._attempt():
                self._report(self.part.name, f"is back as process {self.pid}")
        except Exception as error:  # noqa: BLE001 (a full disk, no descriptors, no memory for a process or a thread, ...)
            self._report(self.part.name, f"did not come back: {error or repr(error)}")
            if self.child:
                await self.child.stop()

    def _start_failure(self) -> str:
        log = self.part.command().log
        waits = f" ({self.waits_for})" if self.waits_for else ""
        return f"{self.part.name} did not become ready{waits}; its log is {log}, ending:\n{log_tail(log)}"


def _can_open_socket() -> bool:
    """Whether this process has a file descriptor left."""
    try:
        socket.socket().close()
    except OSError:
        return False
    return True


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


async def until(probe: Probe, *, every_s: float = 0.2, waiting: Callable[[str], None] = lambda _: None) -> None:
    """Call `probe` until it does not raise; `waiting` gets what it raised, at last "". The caller bounds the time."""
    while True:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                await probe()
        # any error means "not yet": the clients of Kafka, Postgres and HTTP share no base class
        except Exception as error:  # noqa: BLE001
            waiting(str(error) or type(error).__name__)
        else:
            return waiting("")
        await asyncio.sleep(every_s)


async def http_ok(url: str) -> None:
    """GET answers 200, or raises: NotReady where it says what it misses."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        response = await client.get(url)
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise NotReady(_complaints(response))
    response.raise_for_status()


def _complaints(response: httpx.Response) -> dict[str, str]:
    """Of a body of /readyz or /livez, by name."""
    try:
        return dict(response.json()["complaints"])
    except (ValueError, KeyError, TypeError):
        return {"readiness": response.text[:200]}
