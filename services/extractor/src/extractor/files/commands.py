"""What comes in: uploads become jobs, commands cancel, delete or retry them. One transaction a record."""

from typing import TypeVar

import asyncpg
import structlog

from chassis import logs
from chassis.clock import Clock
from chassis.consume import Invalid
from chassis.records import Record
from extractor.files import jobs
from tablewatch_schemas import ContractError, Received, VideoCommand, VideoUploaded, about, decode_as

E = TypeVar("E")
_log = structlog.get_logger("extractor")


class Intake:
    """Handler of group `extractor` on video.uploaded and video.command."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock) -> None:
        self._pool, self._clock = pool, clock

    async def handle(self, record: Record) -> None:
        """Idempotent: a record that comes again changes nothing. Raises Invalid."""
        async with self._pool.acquire() as conn, conn.transaction():
            if record.topic == VideoUploaded.TOPIC:
                await self._uploaded(conn, _read(VideoUploaded, record))
            else:
                await self._commanded(conn, _read(VideoCommand, record))

    async def _uploaded(self, conn: jobs.Connection, received: Received[VideoUploaded]) -> None:
        if received.event is None:
            return
        sampling = received.event.sampling
        known = sampling.mode in ("cadence", "keyframes", "all")
        if not known or (sampling.mode == "cadence") != bool(sampling.every_ms):
            raise Invalid("wrong_sampling", f"sampling {sampling.mode} with every_ms {sampling.every_ms}")
        await _one_at_a_time(conn, received.event.run_id)
        if await jobs.accept(conn, received, self._clock.now()):
            _log.info("job_accepted")

    async def _commanded(self, conn: jobs.Connection, received: Received[VideoCommand]) -> None:
        command = received.event
        if command is None:
            return
        await _one_at_a_time(conn, command.run_id)
        _log.info("job_command", action=command.action)
        if command.action == "cancel":
            await jobs.cancel(conn, command.run_id, self._clock.now())
        elif command.action == "retry":
            await jobs.retry(conn, command.run_id, self._clock.now())
        elif command.action == "delete":
            await jobs.delete(conn, command.run_id, command.site_id)


async def _one_at_a_time(conn: jobs.Connection, run_id: str) -> None:
    """An upload and its command come by different partitions: unlocked, neither would see the other's row."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", run_id)


def _read(event: type[E], record: Record) -> Received[E]:
    """Raises Invalid for what can never be read."""
    try:
        received = decode_as(event, record.key, record.value, record.headers)
    except ContractError as error:
        raise Invalid(error.code, error.reason) from error
    logs.also(**about(received.event))
    return received
