"""A compacted topic read as a table: from the start to the end, then followed, without a group."""

import asyncio
from collections.abc import Callable

import structlog

from chassis.broker import Broker, BrokerError, Subscription
from chassis.records import Record

_POLL_S = 0.2
_MOST = 500
_log = structlog.get_logger("chassis.table")


class TableReader:
    """Gives every record of a topic to `apply`, which must bear seeing one again: a lost broker means a new start."""

    def __init__(self, broker: Broker, topic: str, apply: Callable[[Record], None]) -> None:
        self._broker, self._topic, self._apply = broker, topic, apply
        self._ready = asyncio.Event()

    async def ready(self) -> None:
        """Wait until everything that was there at the start is applied; needs `run` to be running."""
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
                await asyncio.sleep(1)
            finally:
                reading.cancel()
                stopping.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, stop: asyncio.Event) -> None:
        subscription = await self._broker.read(self._topic)
        try:
            while not stop.is_set():
                for record in await subscription.poll(_POLL_S, _MOST):
                    self._apply(record)
                if not self._ready.is_set() and await _at_end(subscription):
                    self._ready.set()
        finally:
            await subscription.close()


async def _at_end(subscription: Subscription) -> bool:
    lag = await subscription.lag()
    return lag is not None and not any(lag.values())
