"""Intake: uploads become jobs; commands cancel, delete or retry them; limits of sites. One transaction a record."""

import asyncpg
import msgspec
import structlog

from chassis import logs
from chassis.clock import Clock
from chassis.consume import Invalid
from chassis.records import Record
from events.decode import decode_record_as
from extractor.files.rows import jobs, storage
from extractor.model.options import sampling_of
from tablewatch_schemas import Received, SiteConfig, VideoCommand, VideoUploaded, about

_log = structlog.get_logger("extractor")


class Intake:
    """Handler of group `extractor` on video.uploaded, video.command and site.config."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock) -> None:
        self._pool, self._clock = pool, clock

    async def handle(self, record: Record) -> None:
        """Idempotent: a redelivered record changes nothing. Raises Invalid."""
        async with self._pool.acquire() as conn, conn.transaction():
            if record.topic == VideoUploaded.TOPIC:
                await self._upload(conn, decode_record_as(VideoUploaded, record))
            elif record.topic == SiteConfig.TOPIC:
                await _site_config(conn, decode_record_as(SiteConfig, record))
            else:
                await self._command(conn, decode_record_as(VideoCommand, record).event)

    async def _upload(self, conn: jobs.Connection, received: Received[VideoUploaded]) -> None:
        upload = received.event
        if upload is None:
            return
        logs.bind(**about(upload))
        _check_sampling(upload)
        await _serialize_run(conn, upload.run_id)
        if await jobs.accept(conn, upload, received, self._clock.now()):
            _log.info("job_accepted")

    async def _command(self, conn: jobs.Connection, command: VideoCommand | None) -> None:
        if command is None:
            return
        logs.bind(**about(command))
        await _serialize_run(conn, command.run_id)
        _log.info("job_command", action=command.action)
        if command.action == "cancel":
            await jobs.cancel(conn, command.run_id, self._clock.now())
        elif command.action == "retry":
            await jobs.retry(conn, command.run_id, self._clock.now())
        elif command.action == "delete":
            await jobs.delete(conn, command.run_id, command.site_id)


async def _site_config(conn: jobs.Connection, received: Received[SiteConfig]) -> None:
    site = received.event
    if site is None:
        await storage.forget_limit(conn, received.key or "")
    else:
        await storage.set_limit(conn, site.site_id, site.version, site.picture_bytes)


def _check_sampling(upload: VideoUploaded) -> None:
    try:
        sampling_of(upload)
    except msgspec.ValidationError as error:
        asked = upload.sampling
        raise Invalid("wrong_sampling", f"sampling {asked.mode} with every_ms {asked.every_ms}") from error


async def _serialize_run(conn: jobs.Connection, run_id: str) -> None:
    """An upload and its command come by different partitions: unlocked, neither would see the other's row."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", run_id)
