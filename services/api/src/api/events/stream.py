"""One client's event stream: where it begins, what it is sent, when it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import orjson

from api.events.hub import PAGE, Channel, Hub, encode
from api.events.snapshot import snapshot
from api.store import Json, site_events
from api.store.site_events import Event
from chassis.clock import Clock

RETRY_MS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which events a client wants; None leaves that open. Snapshots are filtered alike."""

    run_id: str | None = None
    camera_id: str | None = None
    table_id: str | None = None

    def wants(self, event: Event) -> bool:
        """Whether an event of the log passes."""
        return (
            self.run_id in (None, event.run_id)
            and self.camera_id in (None, event.camera_id)
            and self.table_id in (None, event.table_id)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Times of a stream, seconds; `still_allowed` is asked as often as a heartbeat is due."""

    heartbeat_s: float
    longest_s: float
    still_allowed: Callable[[], Awaitable[bool]]


def read_position(text: str | None, epoch: str, pruned: int, newest: int) -> int | None:
    """The seq in a Last-Event-ID `epoch-seq`; None when it cannot be resumed from, and a snapshot is due. Pure."""
    given, _, seq = (text or "").rpartition("-")
    if given != epoch or not (seq.isascii() and seq.isdecimal()):
        return None
    return int(seq) if pruned <= int(seq) <= newest else None


class Stream:
    """Iterates over the bytes to send."""

    def __init__(
        self, hub: Hub, pool: asyncpg.Pool, clock: Clock, site_id: str, wanted: Filter, options: Options
    ) -> None:
        self._hub, self._pool, self._clock = hub, pool, clock
        self._site_id, self._filter, self._options = site_id, wanted, options
        self._position = 0

    async def run(self, last_event_id: str | None) -> AsyncIterator[bytes]:
        """Retry hint, snapshot or resumption, then deltas and heartbeats until the stream is old or not allowed."""
        yield f"retry: {RETRY_MS}\n\n".encode()
        first = await self._begin(last_event_id)
        if first:
            yield first
        channel = self._hub.watch(self._site_id, self._position)
        try:
            async for chunk in self._follow(channel):
                yield chunk
        finally:
            self._hub.leave(self._site_id)

    async def _begin(self, last_event_id: str | None) -> bytes:
        async with self._pool.acquire() as conn:
            epoch = await site_events.epoch(conn)
            self._hub.epoch = epoch
            pruned, newest = await site_events.span(conn, self._site_id)
        resumed = read_position(last_event_id, epoch, pruned, newest)
        if resumed is not None:
            self._position = resumed
            return b""
        return await self._snapshot("reset" if last_event_id else "start")

    async def _snapshot(self, reason: str) -> bytes:
        """The whole state at one seq, as an event with that id. `reason` reset: forget what was before."""
        document = await snapshot(self._pool, self._site_id, self._filter.run_id, self._clock.now())
        self._position = document["seq"]
        return self._message("snapshot", self._cut(document) | {"reason": reason})

    def _cut(self, document: Json) -> Json:
        """The snapshot as the filter wants it."""
        wanted = self._filter
        camera, table = wanted.camera_id, wanted.table_id
        return document | {
            "states": [
                s for s in document["states"]
                if camera in (None, *s["camera_ids"]) and table in (None, s["table_id"])
            ],
            "videos": [v for v in document["videos"] if camera in (None, v["camera_id"])],
            "hazards": [h for h in document["hazards"] if camera in (None, h["camera_id"])],
            "cameras": [c for c in document["cameras"] if camera in (None, c["camera_id"])],
        }  # fmt: skip

    def _message(self, kind: str, document: Json) -> bytes:
        text = orjson.dumps(document).decode()
        return encode(self._hub.epoch, Event(self._site_id, self._position, kind, None, None, None, text)).data

    async def _follow(self, channel: Channel) -> AsyncIterator[bytes]:
        opened = checked = self._clock.monotonic()
        while not self._hub.closed:
            changed = channel.changed
            moved, chunk = await self._next(channel)
            if chunk:
                yield chunk
            idle = not moved and await self._quiet(changed)
            now = self._clock.monotonic()
            if now - opened >= self._options.longest_s:
                return
            if now - checked >= self._options.heartbeat_s:
                if not await self._options.still_allowed():
                    return
                checked = now
            if idle:
                yield self._heartbeat()

    async def _next(self, channel: Channel) -> tuple[bool, bytes]:
        """(whether the position moved, what to send) of what is new."""
        if channel.covers(self._position):
            new = channel.after(self._position)
        else:
            async with self._pool.acquire() as conn:
                pruned, _ = await site_events.span(conn, self._site_id)
                if self._position < pruned:
                    return True, await self._snapshot("reset")
                rows = await site_events.after(conn, {self._site_id: self._position}, PAGE)
            new = [encode(self._hub.epoch, row) for row in rows]
        if not new:
            return False, b""
        self._position = new[-1].event.seq
        return True, b"".join(each.data for each in new if self._filter.wants(each.event))

    def _heartbeat(self) -> bytes:
        """A comment that keeps proxies awake; its id moves the client past what the filter left out."""
        return f": still here\nid: {self._hub.epoch}-{self._position}\n\n".encode()

    async def _quiet(self, changed: asyncio.Event) -> bool:
        """Wait for news; True when there was none for the time of a heartbeat."""
        try:
            async with asyncio.timeout(self._options.heartbeat_s):
                await changed.wait()
        except TimeoutError:
            return True
        return False
