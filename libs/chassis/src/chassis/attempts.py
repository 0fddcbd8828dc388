"""One record to its end: attempts, backoff in place, the dead letter."""

import random
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from chassis import logs
from chassis.clock import Clock
from chassis.deadletters import Fuse, bury, dead_letter
from chassis.flow import Flow
from chassis.metrics import Metrics
from chassis.outcomes import Busy, ConsumeOptions, Handler, Invalid
from chassis.produce import Producer
from chassis.records import Record

_kept: ContextVar[dict[str, Any] | None] = ContextVar("kept", default=None)


def kept() -> dict[str, Any]:
    """What a handler keeps from one try of its record to the next. It ends with the record, however that ends: also
    when the partition is taken away between two tries, of which a handler hears nothing."""
    return found if (found := _kept.get()) is not None else {}


class Attempts:
    """Handles the records of one consumer, each as often as it takes. `beat` marks that a try was made."""

    def __init__(
        self,
        options: ConsumeOptions,
        handler: Handler,
        dead_letters: Producer,
        *,
        clock: Clock,
        metrics: Metrics,
        beat: Callable[[], None],
        log: Any,
    ) -> None:
        self._options, self._handler, self._dead_letters = options, handler, dead_letters
        self._clock, self._metrics, self._beat, self._log = clock, metrics, beat, log
        self.fuse = Fuse(options.fuse)

    async def settle(self, flow: Flow, record: Record) -> None:
        """Until the record is done with: handled, or dead-lettered. Check `fuse.blown` afterwards: then it is not."""
        logs.begin(record)
        _kept.set({})
        first_seen, attempt, tries = self._clock.now(), 0, 0
        while True:
            tries += 1
            try:
                await self._attempt(record)
            except Invalid as error:
                return await self._bury(record, error.code, error.reason, tries, first_seen, error)
            except Busy as error:
                await self._back_off(flow, record, error.retry_after_s, "busy", error)
            except Exception as error:  # noqa: BLE001 (the boundary: any failure of a handler is tried again)
                if self._passes(error):
                    await self._back_off(flow, record, self._delay(tries, self._options.busy_max_s), "busy", error)
                    continue
                attempt += 1
                if attempt >= self._options.attempts:
                    return await self._bury(record, "retries_exhausted", str(error), tries, first_seen, error)
                await self._back_off(flow, record, self._delay(attempt, self._options.backoff_max_s), "error", error)
            else:
                self.fuse.fine()
                self._log.debug("record_done", tries=tries)
                return self._counted(record, "ok")

    def _passes(self, error: Exception) -> bool:
        """Whether it is about a part that is away. asyncpg's DataError is an InterfaceError too, but never passes."""
        return isinstance(error, self._options.busy_on) and not isinstance(error, ValueError)

    async def _attempt(self, record: Record) -> None:
        began = self._clock.monotonic()
        await self._handler(record)
        labels = {"group": self._options.group, "topic": record.topic}
        self._metrics.observe("handle_seconds", self._clock.monotonic() - began, **labels)

    def _counted(self, record: Record, outcome: str) -> None:
        self._metrics.count("records_handled_total", group=self._options.group, topic=record.topic, outcome=outcome)

    async def _back_off(self, flow: Flow, record: Record, seconds: float, why: str, error: BaseException) -> None:
        self._metrics.count("records_retried_total", group=self._options.group, topic=record.topic, why=why)
        self._log.info("record_again", why=why, after_s=round(seconds, 3), error=repr(error))
        flow.backing_off += 1
        try:
            self._beat()
            await self._clock.sleep(seconds)
        finally:
            flow.backing_off -= 1

    def _delay(self, attempt: int, longest_s: float) -> float:
        ceiling = min(longest_s, self._options.backoff_s * 2 ** min(attempt - 1, 16))
        return float(ceiling * random.uniform(0.5, 1))  # noqa: S311 (jitter)

    async def _bury(
        self, record: Record, code: str, reason: str, tries: int, first_seen: datetime, error: BaseException
    ) -> None:
        if not self.fuse.failed():
            self._metrics.gauge("fuse_blown", 1, group=self._options.group)
            self._log.error("fuse_blown", why=self.fuse.blown, code=code, reason=reason)
            return
        self._log.error("dead_letter", code=code, reason=reason, attempts=tries, exc_info=error)
        letter = dead_letter(
            record, self._options.group, code=code, reason=reason, attempts=tries, first_seen=first_seen, error=error
        )
        await bury(self._dead_letters, record, letter)
        self._metrics.count("dead_letters_total", group=self._options.group, topic=record.topic, code=code)
        self._counted(record, "invalid" if isinstance(error, Invalid) else "failed")
