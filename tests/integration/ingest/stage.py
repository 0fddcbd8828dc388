"""ingest's stage on real rows and files, in the process of the test: it stops and goes on between two lines."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import asyncpg
from tests.integration.ingest.process import claims

from chassis.clock import Clock, SystemClock
from chassis.database import connect
from chassis.metrics import Metrics
from chassis.migrations import migrate
from ingest.__main__ import MIGRATIONS, SCHEMA
from ingest.admission.probe import ProbeOptions
from ingest.store.partial_file import partial_path
from ingest.store.uploads import Uploads
from ingest.tokens import UploadToken
from ingest.upload.commands import Commands
from ingest.upload.finish import Finisher
from ingest.upload.room import Room
from ingest.upload.service import UploadService
from ingest.upload.sweep import Sweep
from objects.multipart import S3Multipart
from objects.space import StoreSpace
from objects.testing import MemoryObjects
from tablewatch_schemas.manifest import RunSpec


@dataclass
class Stage:
    """Its parts, and what it logged."""

    pool: asyncpg.Pool
    uploads: Uploads
    objects: MemoryObjects
    finisher: Finisher
    service: UploadService
    sweep: Sweep
    commands: Commands
    directory: Path
    log: Mock
    metrics: Metrics

    async def received(self, content: bytes) -> dict[str, Any]:
        """An upload whose bytes are all here, and that nobody finishes yet."""
        token, now = claims(), datetime.now(UTC)
        await self.uploads.start(token_row(token), len(content), "", now)
        partial_path(self.directory, token["video_id"]).write_bytes(content)
        await self.uploads.set_received(token["video_id"], len(content), now)
        return token

    async def enqueued(self, topic: str) -> int:
        found: int = await self.pool.fetchval("SELECT count(*) FROM outbox WHERE topic = $1", topic)
        return found


def token_row(token: dict[str, Any]) -> UploadToken:
    limits = {name: token[name] for name in ("max_bytes", "max_duration_ms")}
    return UploadToken(run=RunSpec.from_dict(token), size_bytes=token.get("size_bytes"), **limits)


@asynccontextmanager
async def open_stage(
    dsn: str,
    directory: Path,
    clock: Clock | None = None,
    space: StoreSpace | None = None,
    bucket: S3Multipart | None = None,
) -> AsyncIterator[Stage]:
    await migrate(dsn, SCHEMA, MIGRATIONS)
    pool, clock, objects, log = await connect(dsn, SCHEMA, size=4), clock or SystemClock(), MemoryObjects(), Mock()
    metrics = Metrics()
    directory.mkdir()
    uploads = Uploads(pool, 3600)
    room = Room(directory, space or StoreSpace(None, 0, clock), pool, min_free=0, clock=clock)
    finisher = Finisher(
        *(uploads, objects, directory, room),
        probe=ProbeOptions(30, 2048),
        max_pixels=1 << 24,
        max_streams=8,
        at_once=2,
        clock=clock,
        metrics=metrics,
        log=log,
        bucket=bucket,
    )
    service = UploadService(*(uploads, finisher, directory, room), idle_s=5, clock=clock)
    sweep = Sweep(uploads, finisher, directory, clock, Mock(), objects)
    commands = Commands(uploads, objects, directory, clock)
    yield Stage(pool, uploads, objects, finisher, service, sweep, commands, directory, log, metrics)
    await pool.close()
