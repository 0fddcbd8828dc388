"""Requests to a classifier: concurrency limit, timeout, retry with backoff and jitter, circuit breaker."""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from chassis.backoff import Backoff
from chassis.clock import Clock
from chassis.metrics import WORK, WORK_SECONDS, Metrics
from classifier_gateway.dispatch.breaker import Breaker, BreakerOptions
from classifier_gateway.dispatch.pace import Pace
from inference import Classifier, FrameRequest, Judgement, Unavailable, Unreadable


class TooLate(Unavailable):
    """Too little time is left for a look of the usual length: none was begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """Times in seconds. `in_flight` requests run at once; runs leave one of several to live tables.

    `fair_s`: what was given less, because its frame was nearly late, says nothing of the classifier.
    """

    in_flight: int
    timeout_s: float
    backoff_s: float = 0.2
    backoff_max_s: float = 5.0
    fair_s: float = 5.0
    breaker: BreakerOptions = field(default_factory=BreakerOptions)


class ClassifierClient:
    """One classifier, shared by all frames of the process."""

    def __init__(
        self, classifier: Classifier, options: ClientOptions, *, clock: Clock, metrics: Metrics, log: Any,
        pace: Pace | None = None,
    ) -> None:  # fmt: skip
        self._classifier = classifier
        self._options = options
        self._clock = clock
        self._metrics = metrics
        self._log = log
        self._backoff = Backoff(options.backoff_s, options.backoff_max_s)
        self._breaker = Breaker(options.breaker)
        self._pace = pace or Pace()
        self._free = asyncio.Semaphore(options.in_flight)
        self._free_for_runs = asyncio.Semaphore(max(1, options.in_flight - 1))

    async def classify(self, request: FrameRequest, timeout_s: float, *, live: bool) -> Judgement:
        """What the classifier answers; retries until `timeout_s` is over.

        Raises Unavailable without an answer in time, TooLate for a live frame that would have none, Unreadable at once.
        """
        deadline = self._clock.monotonic() + timeout_s
        attempt, failure = 0, Unavailable("no time was left to ask")
        while self._clock.monotonic() < deadline:
            wait = self._breaker.wait_s(self._clock.monotonic())
            if not wait:
                try:
                    async with nullcontext() if live else self._free_for_runs, self._free:
                        if (left := deadline - self._clock.monotonic()) <= 0:  # all of it was spent in the queue
                            break
                        return await self._attempt(request, min(left, self._options.timeout_s), live=live)
                except TooLate:
                    raise
                except Unavailable as error:
                    failure, attempt = error, attempt + 1
                    wait = self._backoff.delay_s(attempt)
            await self._clock.sleep(min(wait, max(0.0, deadline - self._clock.monotonic())))
        raise failure

    async def _attempt(self, request: FrameRequest, timeout_s: float, *, live: bool) -> Judgement:
        if live and not self._pace.is_enough(timeout_s, self._clock.monotonic()):
            raise TooLate(f"{timeout_s:.1f} s were left")
        if self._breaker.wait_s(self._clock.monotonic()):
            raise Unavailable("the circuit opened meanwhile")
        self._breaker.begin()
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                judgement = await self._classifier.classify(request)
        except (Unavailable, TimeoutError, ConnectionError) as error:
            why = f"no answer within {timeout_s:.1f} s" if isinstance(error, TimeoutError) else repr(error)
            if isinstance(error, TimeoutError):
                self._pace.took_longer_than(timeout_s, self._clock.monotonic())
            if not isinstance(error, TimeoutError) or timeout_s >= self._options.fair_s:
                self._breaker.failed(self._clock.monotonic())
            self._metrics.count(WORK, stage="classify", outcome="unavailable")
            self._log.warning("classifier_unavailable", error=why)
            raise Unavailable(why) from error
        except Unreadable:
            self._breaker.succeeded()  # it answered, and the fault is the picture's
            raise
        finally:
            self._breaker.ended()  # the next may probe, whatever came of this one
        self._breaker.succeeded()
        self._metrics.count(WORK, stage="classify", outcome="ok")
        now = self._clock.monotonic()
        self._pace.took(now - started, now)
        self._metrics.observe(WORK_SECONDS, now - started, stage="classify")
        return judgement
