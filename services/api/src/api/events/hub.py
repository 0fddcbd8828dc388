"""One tail of the event log for all streams of a process."""

import asyncio
from contextlib import suppress
from itertools import groupby
from typing import Any

import asyncpg

from api.compute import sliced
from api.events.channel import Channel, Listener, encode
from api.metrics import OPEN_STREAMS
from api.store import Connection, site_events
from chassis.clock import Clock
from chassis.database import DISCONNECTED
from chassis.metrics import Metrics

PAGE_EVENTS = 1000
PAGE_SITES = 10
POLL_S = 1.0


class Hub:
    """Tails the log of every site that has readers, and hands its events to the site's channel."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock, metrics: Metrics, log: Any) -> None:
        self._pool, self._clock, self._metrics, self._log = pool, clock, metrics, log
        self._channels: dict[str, Channel] = {}
        self._wake = asyncio.Event()
        self._open = 0
        self.epoch = ""
        self.closed = False

    async def run(self, stop: asyncio.Event) -> None:
        """Tail until `stop`, then end every stream."""
        closing = asyncio.create_task(self._close_at(stop))
        try:
            while not stop.is_set():
                try:
                    await self._listen(stop)
                except DISCONNECTED as error:
                    self._log.warning("event_log_away", error=repr(error))
                    await self._clock.sleep(POLL_S)
        finally:
            closing.cancel()
            self.close()

    def close(self) -> None:
        """End every stream; the clients reconnect with their last id."""
        self.closed = True
        self._wake.set()
        for channel in self._channels.values():
            channel.wake()

    def watch(self, site_id: str, position: int, listener: Listener) -> Channel:
        """Join a site's channel; the first reader starts it at `position`. Call `leave` afterwards."""
        channel = self._channels.setdefault(site_id, Channel(start=position, newest=position))
        channel.listeners.add(listener)
        self._count(1)
        self._wake.set()
        return channel

    def leave(self, site_id: str, listener: Listener) -> None:
        """Leave the channel; without readers a site is not tailed."""
        channel = self._channels[site_id]
        channel.listeners.discard(listener)
        self._count(-1)
        if not channel.listeners:
            del self._channels[site_id]

    def _count(self, change: int) -> None:
        self._open += change
        self._metrics.set(OPEN_STREAMS, self._open)

    async def _close_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.close()

    async def _listen(self, stop: asyncio.Event) -> None:
        """Fetch at each notification, and every POLL_S in case one was lost."""
        async with self._pool.acquire() as conn:
            self.epoch = await site_events.epoch(conn)
            await conn.add_listener(site_events.CHANNEL, self._notified)
            try:
                while not stop.is_set():
                    self._wake.clear()
                    await self._fetch(conn)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_S):
                            await self._wake.wait()
            finally:
                if not conn.is_closed():
                    await conn.remove_listener(site_events.CHANNEL, self._notified)

    def _notified(self, *_: object) -> None:
        self._wake.set()

    async def _fetch(self, conn: Connection) -> None:
        """Everything new of the watched sites, page by page, few sites at a time: others have their turn between."""
        waiting = list(self._channels)
        while waiting:
            asked, waiting = waiting[:PAGE_SITES], waiting[PAGE_SITES:]
            positions = {each: self._channels[each].newest for each in asked if each in self._channels}
            events = await site_events.after(conn, positions, PAGE_EVENTS)
            async for site_id, new in sliced(
                [(key, list(of)) for key, of in groupby(events, lambda each: each.site_id)]
            ):
                # A channel may have been left and started anew meanwhile: take only what follows its position
                channel = self._channels.get(site_id)
                if channel is not None and channel.newest == positions[site_id]:
                    channel.push(encode(self.epoch, each) for each in new)
                if len(new) == PAGE_EVENTS:
                    waiting.append(site_id)
