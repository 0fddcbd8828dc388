"""A compacted topic read as a table: from the start to the end, then followed, without a group."""

import asyncio
from collections.abc import Callable

import structlog

from chassis.broker import Broker, BrokerError, Subscription
from chassis.clock import SYSTEM_CLOCK, Clock
from chassis.health import Health
from chassis.records import Record

_POLL_S, _FOLLOW_S = 0.2, 1.0  # until all of it is read, and later; a record ends a poll
_MAX_RECORDS = 500
_RETRY_S = 1.0
_log = structlog.get_logger("events.table")


class TableReader:
    """Calls `apply` with every record of a topic, also with one that it had before: a lost broker means a new start."""

    def __init__(
        self, broker: Broker, topic: str, apply: Callable[[Record], None], *,
        health: Health | None = None, clock: Clock = SYSTEM_CLOCK,
    ) -> None:  # fmt: skip
        self._broker, self._topic, self._apply, self._clock = broker, topic, apply, clock
        self._ready = asyncio.Event()
        self._subscription: Subscription | None = None
        if health is not None:
            health.add_check(f"table {topic}", self._complaint)

    async def ready(self) -> None:
        """Wait until everything that the topic held at the start is applied; `run` has to be running."""
        await self._ready.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Read until `stop`."""
        while not stop.is_set():
            reading, stopping = asyncio.ensure_future(self._read(stop)), asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    reading.result()
            except BrokerError as error:
                _log.warning("table_read_again", topic=self._topic, error=str(error))
                await self._clock.sleep(_RETRY_S)
            finally:
                reading.cancel()
                stopping.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, stop: asyncio.Event) -> None:
        self._subscription = subscription = await self._broker.read(self._topic)
        try:
            while not stop.is_set():
                wait_s = _FOLLOW_S if self._ready.is_set() else _POLL_S
                for record in await subscription.poll(wait_s, _MAX_RECORDS):
                    self._apply(record)
                if not self._ready.is_set() and await _at_end(subscription):
                    self._ready.set()
        finally:
            self._subscription = None
            await subscription.close()

    def _complaint(self) -> str | None:
        """Why the table may be out of date; before it is read in full, its consumer is not ready either."""
        return self._broker.waits_for if self._subscription is None else self._subscription.complaint


async def _at_end(subscription: Subscription) -> bool:
    lag = await subscription.lag()
    return lag is not None and not any(lag.values())
