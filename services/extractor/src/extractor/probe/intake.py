"""camera.command into rows."""

import asyncpg
import structlog

from chassis.clock import SYSTEM_CLOCK, Clock
from chassis.consume import Invalid
from chassis.records import Record
from events.decode import decode_record_as
from extractor.model.probes import is_forgotten
from extractor.probe import rows
from extractor.probe.prober import Prober
from tablewatch_schemas import CameraCommand

ACTIONS = ("probe", "discover")
_log = structlog.get_logger("extractor")


class ProbeIntake:
    """Handler of group `extractor-probes`."""

    def __init__(self, pool: asyncpg.Pool, prober: Prober, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._pool, self._prober, self._clock = pool, prober, clock

    async def handle(self, record: Record) -> None:
        """Store what is asked for; redelivered it changes nothing. What a later api asks for is left to a later
        extractor. Raises Invalid."""
        received = decode_record_as(CameraCommand, record)
        command = received.event
        if command is None:
            raise Invalid("no_value", "a tombstone on camera.command")
        if command.action not in ACTIONS or (command.action == "probe" and command.source is None):
            _log.warning("probe_not_known", probe_id=command.probe_id, action=command.action)
            return
        if is_forgotten(command.requested_at, self._clock.now()):
            _log.warning("probe_forgotten", probe_id=command.probe_id, requested_at=command.requested_at.isoformat())
            return
        async with self._pool.acquire() as conn, conn.transaction():
            is_new = await rows.add(conn, received, command)
        if is_new:
            _log.info("probe_asked", probe_id=command.probe_id, site_id=command.site_id, action=command.action)
            self._prober.look()
