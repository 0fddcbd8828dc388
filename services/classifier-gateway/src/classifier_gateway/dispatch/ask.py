"""Asking a classifier: so many at once, so long each, again with backoff and jitter, not at all while it is down."""

import asyncio
import random
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from chassis.clock import Clock
from chassis.metrics import Metrics
from classifier_gateway.dispatch.breaker import Breaker, BreakerOptions
from inference import Classifier, FrameRequest, TableVerdict, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOptions:
    """Seconds, and how many requests may be under way at once: runs leave one of them, if there are two, to live
    tables."""

    in_flight: int = 2
    timeout_s: float = 15.0
    backoff_s: float = 0.2
    backoff_max_s: float = 5.0
    breaker: BreakerOptions = field(default_factory=BreakerOptions)


class Asker:
    """One classifier, shared by all frames of the process."""

    def __init__(
        self, classifier: Classifier, options: AskOptions, *, clock: Clock, metrics: Metrics, log: Any
    ) -> None:
        self._classifier = classifier
        self._options = options
        self._clock = clock
        self._metrics = metrics
        self._log = log
        self._breaker = Breaker(options.breaker)
        self._free = asyncio.Semaphore(options.in_flight)
        self._free_for_runs = asyncio.Semaphore(max(1, options.in_flight - 1))

    async def ask(self, request: FrameRequest, patience_s: float, *, live: bool) -> list[TableVerdict]:
        """A verdict for each region. Raises Unavailable when none came within `patience_s`, Unreadable at once."""
        until = self._clock.monotonic() + patience_s
        attempt, why = 0, Unavailable("no time was left to ask")
        while (left := until - self._clock.monotonic()) > 0:
            wait = self._breaker.wait_s(self._clock.monotonic())
            if not wait:
                try:
                    async with nullcontext() if live else self._free_for_runs, self._free:
                        return await self._once(request, min(left, self._options.timeout_s))
                except Unavailable as error:
                    why, attempt = error, attempt + 1
                    wait = self._delay(attempt)
            await self._clock.sleep(min(wait, max(0.0, until - self._clock.monotonic())))
        raise why

    async def _once(self, request: FrameRequest, timeout_s: float) -> list[TableVerdict]:
        if self._breaker.wait_s(self._clock.monotonic()):
            raise Unavailable("the circuit opened meanwhile")
        self._breaker.begin()
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                verdicts = await self._classifier.classify(request)
        except (Unavailable, TimeoutError, ConnectionError) as error:
            self._breaker.failed(self._clock.monotonic())
            self._metrics.count("work_total", stage="classify", outcome="unavailable")
            self._log.warning("classifier_unavailable", error=repr(error))
            raise Unavailable(repr(error)) from error
        self._breaker.succeeded()
        self._metrics.count("work_total", stage="classify", outcome="ok")
        self._metrics.observe("work_seconds", self._clock.monotonic() - began, stage="classify")
        return verdicts

    def _delay(self, attempt: int) -> float:
        longest = min(self._options.backoff_max_s, self._options.backoff_s * 2 ** min(attempt - 1, 16))
        return float(longest * random.uniform(0.5, 1))  # noqa: S311 (jitter)
