"""Readiness checks of dependencies: made in the background, each with a deadline, never two of one at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import dependencies.metrics
from chassis.clock import Clock
from chassis.health import Health
from chassis.metrics import Metrics
from dependencies.errors import DependencyError
from dependencies.metrics import DEPENDENCY_READY

EVERY_S = 2.0
AGAIN_S = 1.0
"""After a failure."""
DEADLINE_S = 3.0
FAILURES = 2
"""In a row, before a dependency that was there is called away: what is away for a second changes nothing."""

Probe = Callable[[], Awaitable[None]]


class Check:
    """What is known of one dependency. `complaint` is None when it can be used."""

    def __init__(self, unreachable: type[DependencyError]) -> None:
        self.unreachable = unreachable
        self.complaint: str | None = f"{unreachable.code}: it has not answered yet."
        self._failures = FAILURES  # until the first success every failure counts

    def succeeded(self) -> None:
        self.complaint, self._failures = None, 0

    def failed(self, error: BaseException) -> None:
        """Errors without a code mean that it did not answer as expected."""
        self._failures += 1
        if self._failures >= FAILURES:
            known = error if isinstance(error, DependencyError) else self.unreachable(f"({error or repr(error)})")
            self.complaint = known.complaint


class DependencyChecks:
    """The checks of one process. `/readyz` shows what they found last, and never waits for them."""

    def __init__(self, health: Health, metrics: Metrics, clock: Clock, log: Any) -> None:
        self._health, self._metrics, self._clock, self._log = health, metrics, clock, log
        metrics.declare(dependencies.metrics)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def add(self, unreachable: type[DependencyError], probe: Probe) -> None:
        """Check from now on. `probe` raises `unreachable` or another error of that dependency, and may be cancelled."""
        name = unreachable.name
        if name in self._tasks:
            return
        check = Check(unreachable)
        self._health.add_check(name, lambda: check.complaint)
        self._tasks[name] = asyncio.create_task(self._keep_checking(name, check, probe), name=f"check {name}")

    async def close(self) -> None:
        """End the checks."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _keep_checking(self, name: str, check: Check, probe: Probe) -> None:
        logged: str | None = None
        while True:
            pause = await self._check(check, probe)
            code = None if check.complaint is None else check.complaint.partition(":")[0]
            self._metrics.set(DEPENDENCY_READY, float(code is None), dependency=name)
            if code is not None and code != logged:
                self._log.warning("dependency_away", dependency=name, code=code, reason=check.complaint)
            elif code is None and logged is not None:
                self._log.info("dependency_back", dependency=name)
            logged = code
            await self._clock.sleep(pause)

    async def _check(self, check: Check, probe: Probe) -> float:
        """Ask once; seconds until the next time."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                await probe()
        except TimeoutError:
            check.failed(check.unreachable(f"(no answer within {DEADLINE_S:g} s)"))
        except Exception as error:  # noqa: BLE001 (whatever a driver raises: a check that ended would go on saying ready)
            check.failed(error)
        else:
            check.succeeded()
            return EVERY_S
        return AGAIN_S
