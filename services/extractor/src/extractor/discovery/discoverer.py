"""Looks for cameras: asks all networks who is there, then each that answers for its streams."""

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chassis.clock import Clock
from credentials import Credentials
from extractor.discovery.listening import listened
from extractor.discovery.onvif import Known, ask, by_announcement
from extractor.model.discovery import AT_ONCE, DEVICE_S, MOST_STREAMS, Device, TooManyStreams
from extractor.model.probes import DiscoveryOff
from outbound import Policy

OFF = "none"


@dataclass(frozen=True, slots=True)
class Discovered:
    """`others`: devices that are no cameras; `left_out`: devices that were one too many."""

    devices: tuple[Known, ...]
    interfaces: tuple[str, ...]
    others: int
    left_out: int


class Discoverer:
    """`interfaces` is the setting CAMERA_DISCOVERY_INTERFACES; `authority`: whom certificates are checked against."""

    def __init__(self, policy: Policy, authority: ssl.SSLContext, interfaces: str, *, clock: Clock, log: Any) -> None:
        self._policy, self._tls, self._interfaces = policy, authority, interfaces
        self._clock, self._log = clock, log

    async def discover(self, credentials: Credentials | None, until: float) -> Discovered:
        """What is known at `until` of the monotonic clock. Raises NoInterface, DiscoveryOff."""
        if self._interfaces.strip() == OFF:
            raise DiscoveryOff
        sightings, used = await listened(self._interfaces, self._clock, self._log)
        known = await self._asked(sightings.devices(), credentials, until)
        cameras = within_limit(each for each in known if each.is_camera)
        return Discovered(tuple(cameras), tuple(used), len(known) - len(cameras), sightings.left_out)

    async def _asked(self, devices: list[Device], credentials: Credentials | None, until: float) -> list[Known]:
        known, room = [by_announcement(each) for each in devices], asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            for each in known:
                tasks.create_task(self._ask(each, credentials, until, room))
        return known

    async def _ask(self, known: Known, credentials: Credentials | None, until: float, room: asyncio.Semaphore) -> None:
        """A device that takes too long keeps what it said until then."""
        try:
            async with asyncio.timeout(until - self._clock.monotonic()), room, asyncio.timeout(DEVICE_S):
                await ask(known, self._policy, self._tls, credentials)
        except TimeoutError:
            self._log.info("device_not_asked_in_time", address=str(known.device.senders[0]))


def within_limit(cameras: Iterable[Known]) -> list[Known]:
    """Those that have too many streams together lose theirs, the last first."""
    found, streams = list(cameras), 0
    for each in found:
        if streams + len(each.streams) > MOST_STREAMS:
            each.streams, each.failure = [], TooManyStreams()
        streams += len(each.streams)
    return found
