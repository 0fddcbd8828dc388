"""Migration 0006: uploads in every stage of the old form go on, and old and new code share the table."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from tests.integration.ingest.conftest import environment
from tests.integration.ingest.process import claims
from tests.integration.ingest.stage import token_row

from chassis.database import connect
from chassis.migrations import Parts, migrate
from ingest import events
from ingest.__main__ import MIGRATIONS, SCHEMA
from ingest.admission.facts import Video
from ingest.store.uploads import Uploads
from tablewatch_schemas import VideoUploaded, from_json

NOW = datetime(2026, 11, 28, 12, 0, 0, 125_000, tzinfo=UTC)
STARTED_AT = datetime(2026, 11, 27, 18, 30, 0, 250_000, tzinfo=UTC)
VIDEO = Video(
    container="mp4", codec="h264", width=64, height=48, rotation_degrees=0, duration_ms=1000, fps=25.0, created_at=None
)
# As ingest wrote a row before migration 0006
_INSERT = """
INSERT INTO uploads (video_id, run_id, site_id, camera_id, layout_key, manifest_key, sampling, make, started_at,
                     max_bytes, max_duration_ms, metadata, length, created_at, expires_at, picture, status, received_at)
VALUES ($1, 'run_1', 'site_1', $2, $3, 'manifests/site_1/run_1.json', $4, $5, $6, 1000, 60000, 'name a', 10, $7, $8,
        $9, $10, $7)
"""
_COLUMNS = """
SELECT run_id, site_id, camera_id, layout_key, manifest_key, sampling::jsonb, make, started_at, picture::jsonb
FROM uploads WHERE video_id = $1
"""


@dataclass
class Old:
    """A database as the old code left it, in a directory of migrations that ends with 0005."""

    dsn: str
    pool: asyncpg.Pool

    async def insert(self, video_id: str, status: str, picture: str | None, **more: Any) -> None:
        row: dict[str, Any] = {"camera_id": "cam_1", "layout_key": "layouts/1.json", "started_at": STARTED_AT} | more
        sampling, make = '{"mode":"cadence","every_ms":1000}', ["frames", "tables"]
        until = NOW + timedelta(days=1)
        await self.pool.execute(
            *(_INSERT, video_id, row["camera_id"], row["layout_key"], sampling, make, row["started_at"]),
            *(NOW, until, picture, status),
        )


@pytest.fixture
async def old(database_url: str, tmp_path: Path) -> AsyncIterator[Old]:
    dsn = (await asyncio.to_thread(environment, "", database_url))["DATABASE_URL"]
    for file in MIGRATIONS.glob("000[1-5]_*.sql"):
        shutil.copy(file, tmp_path)
    await migrate(dsn, SCHEMA, tmp_path)
    pool = await connect(dsn, SCHEMA, size=2)
    yield Old(dsn, pool)
    await pool.close()


async def uploaded(pool: asyncpg.Pool, video_id: str) -> VideoUploaded:
    """The event that would follow from the row now."""
    upload = await Uploads(pool, 3600).find(video_id)
    assert upload is not None
    return from_json(VideoUploaded, events.video_uploaded_event(upload, VIDEO, "0" * 64, NOW).value or b"")


@pytest.mark.parametrize("parts", ["before", "all"])
@pytest.mark.parametrize("status", ["receiving", "received", "stored", "rejected"])
async def test_a_row_of_the_old_form_leads_to_the_same_event(old: Old, status: str, parts: Parts) -> None:
    await old.insert("vid_1", status, '{"format":"png","quality":null,"long_side":640}')
    await old.insert("vid_2", status, None, camera_id=None, layout_key=None, started_at=None)
    await migrate(old.dsn, SCHEMA, MIGRATIONS, parts=parts)
    full, bare = await uploaded(old.pool, "vid_1"), await uploaded(old.pool, "vid_2")
    assert (full.site_id, full.run_id, full.camera_id) == ("site_1", "run_1", "cam_1")
    assert (full.manifest_key, full.layout_key) == ("manifests/site_1/run_1.json", "layouts/1.json")
    assert (full.sampling.mode, full.sampling.every_ms, full.make) == ("cadence", 1000, ("frames", "tables"))
    assert (full.started_at, full.uploaded_at) == (STARTED_AT, NOW)
    assert full.picture is not None and (full.picture.format, full.picture.long_side) == ("png", 640)
    assert (bare.camera_id, bare.layout_key, bare.started_at) == (None, None, None)
    assert bare.picture is not None and (bare.picture.format, bare.picture.quality) == ("jpeg", None)


async def test_an_upload_begun_by_old_code_is_gone_on_with(old: Old) -> None:
    token = claims(video_id="vid_1", run_id="run_1", site_id="site_1")
    await old.insert("vid_1", "receiving", None)
    await migrate(old.dsn, SCHEMA, MIGRATIONS, parts="before")
    uploads = Uploads(old.pool, 3600)
    await uploads.record_progress("vid_1", 4, NOW)
    begun = await uploads.start(token_row(token), 10, "", NOW)
    assert begun is not None and begun.run.make == ("frames", "tables"), "the run of an upload never changes"
    await uploads.set_received("vid_1", 10, NOW)
    assert await uploads.unfinished() == ["vid_1"]


async def test_old_code_beside_new_code_inserts_a_row_that_new_code_reads(old: Old) -> None:
    await migrate(old.dsn, SCHEMA, MIGRATIONS, parts="before")
    await old.insert("vid_1", "received", '{"format":"jpeg","quality":40,"long_side":null}')
    event = await uploaded(old.pool, "vid_1")
    assert event.picture is not None and event.picture.quality == 40
    assert (event.started_at, event.make) == (STARTED_AT, ("frames", "tables"))


async def test_new_code_beside_old_code_inserts_a_row_that_old_code_reads(old: Old) -> None:
    await migrate(old.dsn, SCHEMA, MIGRATIONS, parts="before")
    token = claims(
        camera_id="cam_1",
        layout_key="layouts/1.json",
        make=["frames", "tables"],
        started_at="2026-11-27T18:30:00.250Z",
        picture={"format": "png", "quality": None, "long_side": 640},
    )
    await Uploads(old.pool, 3600).start(token_row(token), 10, "", NOW)
    row = dict(await old.pool.fetchrow(_COLUMNS, token["video_id"]) or {})
    assert orjson.loads(row.pop("sampling")) == token["sampling"]
    assert orjson.loads(row.pop("picture")) == token["picture"]
    assert row == {
        "run_id": token["run_id"],
        "site_id": "site_test",
        "camera_id": "cam_1",
        "layout_key": "layouts/1.json",
        "manifest_key": f"manifests/site_test/{token['run_id']}.json",
        "make": ["frames", "tables"],
        "started_at": STARTED_AT,
    }
