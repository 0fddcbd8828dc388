"""Keeps one part running: starts it, waits until it is ready, and starts it again when it dies."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from stack.child import Child, Command, log_tail, start
from stack.errors import StackError
from stack.ready import Probe, until

BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_S = 30.0  # after this long without a death the backoff begins anew
FIRST_ATTEMPTS = 3
ALIVE_EVERY_S = 10.0
ALIVE_MISSES = 6


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the stack. `prepare` may block and runs in a thread before every start."""

    name: str
    command: Callable[[], Command]
    probe: Probe
    prepare: Callable[[], None] = lambda: None
    patience_s: float = 60.0
    alive: Probe | None = None  # asked while it runs; a part that is not alive for long is ended and started again


Told = Callable[[str, str], None]


class Keeper:
    """Runs one `Part` until told to stop. `tell(name, sentence)` hears of deaths and returns; `changed` of new pids."""

    def __init__(self, part: Part, *, tell: Told, changed: Callable[[], None] = lambda: None) -> None:
        self.part = part
        self.child: Child | None = None
        self._tell = tell
        self._changed = changed
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self.child.pid if self.child and self.child.alive else None

    async def start(self) -> float:
        """Start it and wait until it is ready; returns the seconds it took. Raises StackError with the log's end."""
        began = time.monotonic()
        for attempt in range(FIRST_ATTEMPTS):
            if await self._attempt():
                break
            await asyncio.sleep(BACKOFF_S[attempt])
        else:
            raise StackError(self._did_not_start())
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.part.name}")
        return time.monotonic() - began

    async def stop(self) -> None:
        """Stop watching, then stop the process. Also right in the middle of a start."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self.child:
            await self.child.stop()

    async def _attempt(self) -> bool:
        """One start; False when it died before it was ready."""
        await asyncio.to_thread(self.part.prepare)
        self.child = await start(self.part.command())
        self._changed()
        ended = asyncio.create_task(self.child.wait())
        ready = asyncio.create_task(until(self.part.probe))
        try:
            await asyncio.wait({ended, ready}, timeout=self.part.patience_s, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done() and not ended.done():
                raise StackError(self._did_not_start())
            return ready.done() and self.child.alive
        finally:
            ready.cancel()
            ended.cancel()

    async def _keep(self) -> None:
        deaths, since = 0, time.monotonic()
        while self.child:
            code = await self._end_of(self.child)
            self._changed()
            deaths = 1 if time.monotonic() - since > STEADY_S else deaths + 1
            pause = BACKOFF_S[min(deaths, len(BACKOFF_S)) - 1]
            self._tell(self.part.name, f"ended ({_reason(code)}); starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            since = time.monotonic()
            await self._again()

    async def _end_of(self, child: Child) -> int:
        """Wait for its end; bring it about when it runs but has long not been alive."""
        ended = asyncio.create_task(child.wait())
        misses = 0
        while not ended.done():
            await asyncio.wait({ended}, timeout=ALIVE_EVERY_S)
            misses = 0 if await self._is_alive() else misses + 1
            if misses >= ALIVE_MISSES and not ended.done():
                self._tell(self.part.name, f"has not been alive for {misses * ALIVE_EVERY_S:.0f} s; ending it")
                await child.stop()
        return ended.result()

    async def _is_alive(self) -> bool:
        if self.part.alive is None:
            return True
        try:
            await self.part.alive()
        except Exception:  # noqa: BLE001 (whatever fails, the answer is no)
            return False
        return True

    async def _again(self) -> None:
        try:
            if await self._attempt():
                self._tell(self.part.name, f"is back as process {self.pid}")
        except (StackError, OSError) as error:
            self._tell(self.part.name, f"did not come back: {error}")
            if self.child:
                await self.child.stop()

    def _did_not_start(self) -> str:
        log = self.part.command().log
        return f"{self.part.name} did not become ready; its log is {log}, ending:\n{log_tail(log)}"


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
