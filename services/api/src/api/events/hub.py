"""One tail of the event log for all streams of a process, and one encoding of each event for all of them.

Each watched site has a ring of encoded events. A stream holds nothing but its position: what it has not sent yet is
joined from the ring, once for all streams that stand at one place with one filter. A slow client costs no memory.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any, Protocol

import asyncpg

from api.store import site_events
from api.store.site_events import SITE_DELETED, Event
from chassis.clock import Clock
from chassis.database import DISCONNECTED
from chassis.metrics import Metrics

RING = 4096
PAGE = 1000
POLL_S = 1.0

MOST = 500
"""Events that are joined into one write, so that a reader who is far behind holds half a megabyte and not the ring."""


class Filter(Protocol):
    """Which events a reader wants; alike ones share what is joined for them."""

    def wants(self, event: Event) -> bool:
        """Whether an event passes."""
        ...

    def __hash__(self) -> int: ...


class Listener(Protocol):
    """Somebody who waits for news of a site."""

    def wake(self) -> None:
        """There is news, or it is time to end."""
        ...


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event as every stream sends it."""

    event: Event
    data: bytes


@dataclass(slots=True)
class Channel:
    """The newest events of one site. Everything after `start` up to `newest` is in the ring."""

    start: int
    newest: int
    ring: deque[Encoded] = field(default_factory=deque)
    seqs: deque[int] = field(default_factory=deque)
    listeners: set[Listener] = field(default_factory=set)
    ended: bool = False  # the site is deleted, nothing follows
    _joined: dict[tuple[int, Filter], tuple[int, bytes]] = field(default_factory=dict)

    def push(self, events: Iterable[Encoded]) -> None:
        """Add events in order and wake the readers."""
        for each in events:
            self.ring.append(each)
            self.seqs.append(each.event.seq)
            self.newest = each.event.seq
            self.ended = self.ended or each.event.type == SITE_DELETED
            if len(self.ring) > RING:
                self.start = self.ring.popleft().event.seq
                self.seqs.popleft()
        self._joined.clear()
        self.wake()

    def wake(self) -> None:
        """Let every reader look again."""
        for listener in self.listeners:
            listener.wake()

    def covers(self, position: int) -> bool:
        """Whether the ring has everything after `position`."""
        return position >= self.start

    def after(self, position: int) -> list[Encoded]:
        """Events after a position that the ring covers, at most MOST."""
        first = bisect_right(self.seqs, position)
        return list(islice(self.ring, first, first + MOST))

    def joined(self, position: int, wanted: Filter) -> tuple[int, bytes]:
        """(new position, what to send) of the events after a position that the ring covers.

        Joined once for all readers that stand at one place with one filter, which after each push is nearly all.
        """
        if position >= self.newest:
            return position, b""
        found = self._joined.get((position, wanted))
        if found is None:
            new = self.after(position)
            reached = new[-1].event.seq if new else self.newest
            found = reached, b"".join(each.data for each in new if wanted.wants(each.event))
            self._joined[position, wanted] = found
        return found


def encode(epoch: str, event: Event) -> Encoded:
    """An event in the form of https://html.spec.whatwg.org/#server-sent-events; its JSON has no line breaks."""
    text = f"id: {epoch}-{event.seq}\nevent: {event.type}\ndata: {event.document}\n\n"
    return Encoded(event, text.encode())


class Hub:
    """Tails the log for all sites that somebody watches."""

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
        """End every stream; the clients come back with their last id."""
        self.closed = True
        self._wake.set()
        for channel in self._channels.values():
            channel.wake()

    def watch(self, site_id: str, position: int, listener: Listener) -> Channel:
        """Join a site's channel; the first one begins it at `position`. Call `leave` afterwards."""
        channel = self._channels.setdefault(site_id, Channel(start=position, newest=position))
        channel.listeners.add(listener)
        self._count(1)
        self._wake.set()
        return channel

    def leave(self, site_id: str, listener: Listener) -> None:
        """Leave it; without readers a site is not tailed."""
        channel = self._channels[site_id]
        channel.listeners.discard(listener)
        self._count(-1)
        if not channel.listeners:
            del self._channels[site_id]

    def _count(self, change: int) -> None:
        self._open += change
        self._metrics.gauge("open_streams", self._open)

    async def _close_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.close()

    async def _listen(self, stop: asyncio.Event) -> None:
        async with self._pool.acquire() as conn:
            self.epoch = await site_events.epoch(conn)
            await conn.add_listener(site_events.CHANNEL, self._notified)
            try:
                while not stop.is_set():
                    self._wake.clear()
                    await self._pull(conn)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_S):
                            await self._wake.wait()
            finally:
                if not conn.is_closed():
                    await conn.remove_listener(site_events.CHANNEL, self._notified)

    def _notified(self, *_: object) -> None:
        self._wake.set()

    async def _pull(self, conn: Any) -> None:
        """Everything new of the watched sites, page by page."""
        while positions := {site_id: channel.newest for site_id, channel in self._channels.items()}:
            events = await site_events.after(conn, positions, PAGE)
            for site_id, new in groupby(events, key=lambda each: each.site_id):
                # The channel may be a new one since we asked: take only what follows where it stands now
                channel = self._channels.get(site_id)
                if channel is not None and channel.newest == positions[site_id]:
                    channel.push(encode(self.epoch, each) for each in new)
            if len(events) < PAGE:
                return
