"""The attempts at one record: backoff in place, until it is handled or a dead letter."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple

from chassis import logs
from chassis.backoff import Backoff
from chassis.clock import Clock
from chassis.deadletters import AttemptCount, DeadLetters
from chassis.metrics import HANDLE_SECONDS, RECORDS_HANDLED, RECORDS_RETRIED, Metrics
from chassis.outcomes import Busy, ConsumeOptions, Handler, Invalid
from chassis.partition_state import PartitionState
from chassis.records import Record

_retry_context: ContextVar[dict[str, Any] | None] = ContextVar("retry_context", default=None)


def retry_context() -> dict[str, Any]:
    """What a handler passes from one attempt at its record to the next.

    It ends with the record, also when its partition is revoked between two attempts.
    """
    return found if (found := _retry_context.get()) is not None else {}


class _Retry(NamedTuple):
    after_s: float
    why: Literal["busy", "error", "fuse"]
    error: BaseException


class Attempts:
    """Handles the records of one consumer, each as often as it takes. `beat` is called at every failed attempt."""

    def __init__(
        self, options: ConsumeOptions, handler: Handler, dead_letters: DeadLetters, *,
        clock: Clock, metrics: Metrics, beat: Callable[[], None], log: Any,
    ) -> None:  # fmt: skip
        self._options, self._handler, self._dead_letters = options, handler, dead_letters
        self._backoff = Backoff(options.backoff_s, options.backoff_max_s)
        self._busy_backoff = Backoff(options.backoff_s, options.busy_max_s)
        self._clock, self._metrics, self._beat, self._log = clock, metrics, beat, log

    async def process(self, partition: PartitionState, record: Record) -> None:
        """Handle a record to its end: done, or dead-lettered. While the fuse is open it waits, like any retry."""
        logs.bind_record(record)
        _retry_context.set({})
        count = AttemptCount(self._clock.now())
        while (retry := await self._attempt(record, count)) is not None:
            await self._back_off(partition, record, retry)

    async def _attempt(self, record: Record, count: AttemptCount) -> _Retry | None:
        count.attempts += 1
        try:
            await self._handle(record)
        except Invalid as error:
            return await self._dead_letter(record, error, error.code, error.reason, "invalid", count)
        except Busy as error:
            return _Retry(error.retry_after_s, "busy", error)
        except Exception as error:  # noqa: BLE001 (the boundary: any failure of a handler is retried)
            return await self._failed(record, error, count)
        else:
            self._dead_letters.succeeded(record)
            self._log.debug("record_done", tries=count.attempts)
            self._metrics.count(RECORDS_HANDLED, group=self._options.group, topic=record.topic, outcome="ok")
        return None

    async def _handle(self, record: Record) -> None:
        started = self._clock.monotonic()
        await self._handler(record)
        labels = {"group": self._options.group, "topic": record.topic}
        self._metrics.observe(HANDLE_SECONDS, self._clock.monotonic() - started, **labels)

    async def _failed(self, record: Record, error: Exception, count: AttemptCount) -> _Retry | None:
        if self._is_busy(error):
            return _Retry(self._busy_backoff.delay_s(count.attempts), "busy", error)
        count.failed += 1
        if count.failed < self._options.attempts:
            return _Retry(self._backoff.delay_s(count.failed), "error", error)
        return await self._dead_letter(record, error, "retries_exhausted", str(error), "failed", count)

    async def _dead_letter(
        self, record: Record, error: Exception, code: str, reason: str,
        outcome: Literal["invalid", "failed"], count: AttemptCount,
    ) -> _Retry | None:  # fmt: skip
        wait_s = await self._dead_letters.publish(record, error, code=code, reason=reason, outcome=outcome, count=count)
        return _Retry(wait_s, "fuse", error) if wait_s else None

    def _is_busy(self, error: Exception) -> bool:
        """Whether a part is away. asyncpg's DataError is an InterfaceError too, but waiting does not help there."""
        return isinstance(error, self._options.busy_on) and not isinstance(error, ValueError)

    async def _back_off(self, partition: PartitionState, record: Record, retry: _Retry) -> None:
        self._metrics.count(RECORDS_RETRIED, group=self._options.group, topic=record.topic, why=retry.why)
        self._log.info("record_again", why=retry.why, after_s=round(retry.after_s, 3), error=repr(retry.error))
        partition.backing_off += 1
        try:
            self._beat()
            await self._clock.sleep(retry.after_s)
        finally:
            partition.backing_off -= 1
