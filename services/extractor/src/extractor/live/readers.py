"""The readers of a process: a camera goes to one that has room, or to a new one; one that ended is replaced."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from chassis.clock import SYSTEM_CLOCK, Clock
from extractor.live.reader import Channel, Opening, Reader

CAMERAS_PER_READER = 8
"""A crash costs so many cameras a second or two; a process of its own costs 90 MiB."""
IDLE_S = 60.0
"""Without a camera, after which a reader is ended: its camera may only be between two sessions, 30 s at most."""
END_S = 5.0
"""For a session whose connection was cut, until its reader reports the end."""


class Readers:
    """`memory_bytes` is the address space of one reader."""

    def __init__(self, memory_bytes: int, slots: int = CAMERAS_PER_READER, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._memory, self._slots, self._clock = memory_bytes, slots, clock
        self._readers: list[Reader] = []
        self._starting = asyncio.Lock()
        self._lonely: set[Reader] = set()
        self._idle_since: dict[Reader, float] = {}

    @asynccontextmanager
    async def session(
        self, opening: Opening, dropped: Callable[[], None], *, alone: bool = False
    ) -> AsyncIterator[Channel]:
        """A session with a camera, closed with the block. Raises ReaderCrashed if no reader comes up.

        `alone`: in a reader without other cameras. Where a camera gives no sign of life its connection is cut, which
        ends a thread that waits for it. If even that does not, the thread hangs, and its reader is killed.
        """
        reader, channel = await self._open(opening, dropped, alone)
        try:
            yield channel
        finally:
            reader.close(channel)
            if channel.hangs and not await channel.ends_within(END_S):
                await reader.kill()

    async def end_idle(self) -> None:
        """End those that have had no camera for IDLE_S; to be called now and then."""
        if self._starting.locked():  # for a camera, which may go to an idle one next
            return
        async with self._starting:
            now = self._clock.monotonic()
            idle = [each for each in self._readers if each.is_idle]
            self._idle_since = {each: self._idle_since.get(each, now) for each in idle}
            for reader in [each for each in idle if now - self._idle_since[each] >= IDLE_S]:
                await reader.kill()
                self._readers.remove(reader)
                del self._idle_since[reader]

    async def close(self) -> None:
        """Kill them all."""
        for reader in self._readers:
            await reader.kill()
        self._readers = []

    @property
    def pids(self) -> list[int]:
        return [reader.pid for reader in self._readers]

    async def _open(self, opening: Opening, dropped: Callable[[], None], alone: bool) -> tuple[Reader, Channel]:
        async with self._starting:
            for reader in [each for each in self._readers if each.ended]:
                await reader.kill()
                self._readers.remove(reader)
            self._lonely = {each for each in self._lonely if not each.ended and not each.is_idle}
            found = next((each for each in self._readers if self._takes(each, alone)), None)
            if found is None:
                found = await Reader.start(self._slots, self._memory)
                self._readers.append(found)
            if alone:
                self._lonely.add(found)
            return found, found.open(opening, dropped)

    def _takes(self, reader: Reader, alone: bool) -> bool:
        return reader.has_room and reader not in self._lonely and (reader.is_idle or not alone)
