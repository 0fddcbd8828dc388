"""camera.config into rows: every process reads the whole topic, and the newest version of a camera stands."""

import asyncio
from typing import Any

import asyncpg

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.outcomes import Invalid
from chassis.records import Record
from events.decode import decode_record_as
from extractor.live import rows
from extractor.live.sources.open import OPENERS
from extractor.model.camera_status import DELETED, PAUSED, RESTING, Finding
from extractor.model.opening import hours_of
from tablewatch_schemas import CameraConfig

INTERVAL_S = 0.5
SOURCES = ("rtsp", *OPENERS)
"""Kinds that are captured; others are stored and wait."""
LEAST_CADENCE_MS, MOST_MS = 100, 86_400_000
"""The contract's least cadence; a day, the most that the API takes of cadence and age."""
UNSOUND = "wrong_schema"


class Configs:
    """`apply_record` is for a TableReader; `run` stores what it heard."""

    def __init__(self, pool: asyncpg.Pool, *, clock: Clock, log: Any) -> None:
        self._pool, self._clock, self._log = pool, clock, log
        self._heard: dict[str, tuple[int, CameraConfig | None]] = {}

    def apply_record(self, record: Record) -> None:
        """Remember the newest of each camera until it is stored. What cannot be decoded is logged and ignored."""
        try:
            received = decode_record_as(CameraConfig, record)
        except Invalid as error:
            self._log.warning("camera_config_ignored", code=error.code)
            return
        if received.key is None or received.version is None:
            return
        if received.event is not None and not is_sound(received.event):
            self._log.warning("camera_config_ignored", code=UNSOUND)
            return
        if received.event is not None and not are_hours_sound(received.event):
            self._log.warning("opening_hours_ignored", camera_id=received.key)
        if received.version >= self._heard.get(received.key, (0, None))[0]:
            self._heard[received.key] = received.version, received.event

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; while the database is unreachable it waits."""
        while not stop.is_set():
            try:
                await self.store()
            except DISCONNECTED as error:
                self._log.warning("database_away", error=type(error).__name__)
            await wait_or_stop(self._clock, INTERVAL_S, stop)

    async def store(self) -> None:
        """Write what was heard since the last time."""
        for camera_id, (version, config) in list(self._heard.items()):
            try:
                async with self._pool.acquire() as conn, conn.transaction():
                    if config is None:
                        await rows.delete(conn, camera_id, version)
                    else:
                        await rows.apply(conn, version, config, is_captured(config))
                    await rows.rest(conn, camera_id, version, resting(config), self._clock.now())
            except asyncpg.DataError:  # a text with a zero byte, a version past 64 bits
                self._log.warning("camera_config_ignored", code=UNSOUND)
            if self._heard.get(camera_id) == (version, config):
                del self._heard[camera_id]


def is_sound(config: CameraConfig) -> bool:
    """Whether it can be reckoned with: readers of events are tolerant, and one record must not stop all cameras."""
    return LEAST_CADENCE_MS <= config.cadence_ms <= MOST_MS and 0 < config.max_age_ms <= MOST_MS


def are_hours_sound(config: CameraConfig) -> bool:
    """Whether its opening hours can be read; else it is always open."""
    return config.opening_hours is None or hours_of(config.opening_hours) is not None


def resting(config: CameraConfig | None) -> Finding:
    """Why frames are not taken of a camera, where they are not."""
    if config is None:
        return DELETED
    return RESTING if config.enabled else PAUSED


def is_captured(config: CameraConfig) -> bool:
    """Whether frames are to be taken of it."""
    return config.enabled and config.source.type in SOURCES and bool(config.source.address)
