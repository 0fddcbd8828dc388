"""Which frames of watched cameras are cut: crop.ready from its end on, while somebody watches, without a group."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from chassis.broker import Subscription
from chassis.clock import Clock
from chassis.health import Health
from chassis.records import Record
from events.decode import event_or_none
from tablewatch_schemas import CropReady
from tablewatch_schemas.judgement import judgement_key

POLL_S = 0.2
MOST_RECORDS = 500
RETRY_S = 1.0
PROGRESS_S = 120
_NAME = "views"
Heard = Callable[[str], None]
"""Takes the key of the judgement that a frame will have."""


class TopicEnd(Protocol):
    """A broker whose topics can be read from their end on."""

    waits_for: str | None

    async def read(self, topic: str, *, newest: bool = False) -> Subscription:
        """Every partition, without a group."""
        ...


class CutFollower:
    """Every process of the api follows for its own streams. While nobody watches nothing is read.

    Unready, with the reason, while somebody watches and the topic cannot be followed; not alive when polls end.
    """

    def __init__(self, topics: TopicEnd, health: Health, clock: Clock, log: Any) -> None:
        self._topics, self._health, self._clock, self._log = topics, health, clock, log
        self._heard: dict[bytes, Heard] = {}
        self._wanted = asyncio.Event()
        self._subscription: Subscription | None = None
        self._problem: str | None = None
        self.opened = 0
        """How often it began at the end. What is cut after that is heard of; what was cut before is not."""
        health.add_check(_NAME, self._complaint)

    def follow(self, camera_id: str, heard: Heard) -> None:
        """Call `heard` for every frame of a camera. Call `leave` afterwards."""
        self._heard[camera_id.encode()] = heard
        self._wanted.set()

    def leave(self, camera_id: str) -> None:
        """Nobody watches the camera any more."""
        self._heard.pop(camera_id.encode(), None)
        if not self._heard:
            self._wanted.clear()

    async def run(self) -> None:
        """Follow until it is cancelled."""
        while True:
            await self._wanted.wait()
            try:
                await self._follow()
            except Exception as error:  # noqa: BLE001 (whatever a client of Kafka raises: this process serves more)
                self._problem = f"crop.ready cannot be followed: {error!r}"
                self._log.warning("views_wait_for_broker", error=repr(error))
                await self._clock.sleep(RETRY_S)

    async def _follow(self) -> None:
        subscription = await self._topics.read(CropReady.TOPIC, newest=True)
        self._subscription, self._problem = subscription, None
        self.opened += 1
        self._health.expect(_NAME, PROGRESS_S)
        try:
            while self._heard:
                self._health.beat(_NAME)
                for record in await subscription.poll(POLL_S, MOST_RECORDS):
                    self._take(record)
        finally:
            self._health.forget(_NAME)
            self._subscription = None
            await subscription.close()

    def _take(self, record: Record) -> None:
        heard = self._heard.get(record.key or b"")
        event = None if heard is None else event_or_none(record)  # records that nobody watches are not decoded
        if heard is not None and isinstance(event, CropReady) and event.run_id is None and event.crops_key is not None:
            heard(judgement_key(event))

    def _complaint(self) -> str | None:
        if not self._heard:
            return None
        if self._subscription is not None:
            return self._subscription.complaint
        return self._topics.waits_for or self._problem
