"""Migration 0011: videos of the old form give the same job document, and old and new code share the table."""

import shutil
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from api.model.job import Run, Video
from api.settings import MIGRATIONS
from api.store import row_security, videos
from chassis.database import connect
from chassis.migrations import Parts, migrate
from tablewatch_schemas.manifest import Picture, Sampling

NOW = datetime(2026, 11, 28, 12, 0, 0, 125_000, tzinfo=UTC)
STARTED_AT = datetime(2026, 11, 27, 18, 30, 0, 250_000, tzinfo=UTC)
PICTURE = {"format": "png", "quality": None, "long_side": 640}
RUN = Run(
    run_id="run_1",
    video_id="vid_1",
    site_id="site_1",
    camera_id="cam_1",
    layout_key="layouts/site_1/cam_1/3.json",
    sampling=Sampling(mode="cadence", every_ms=1000),
    make=("frames", "tables"),
    started_at=STARTED_AT,
    picture=Picture(format="png", long_side=640),
    filename="evening.mp4",
    tables_expected=("tbl_1", "tbl_2"),
    created_at=NOW,
)
# As the api wrote a row before migration 0011
_INSERT = """
INSERT INTO videos (video_id, run_id, site_id, camera_id, layout_key, manifest_key, filename, sampling, make,
    started_at, tables_expected, created_at, updated_at, created_by, facts, picture)
VALUES ('vid_1', 'run_1', 'site_1', 'cam_1', 'layouts/site_1/cam_1/3.json', 'manifests/site_1/run_1.json',
    'evening.mp4', '{"mode":"cadence","every_ms":1000}', '{frames,tables}', $2, '{tbl_1,tbl_2}', $1, $1,
    'key_1', '{}', $3)
"""
_COLUMNS = """
SELECT layout_key, manifest_key, filename, sampling, make, started_at, tables_expected, created_at, picture FROM videos
"""


@pytest.fixture
async def old(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[asyncpg.Pool, str]]:
    """A schema as the old code left it, with one site."""
    schema = f"t{uuid.uuid4().hex[:12]}"
    for file in MIGRATIONS.glob("00*.sql"):
        if file.name < "0011":
            shutil.copy(file, tmp_path)
    await migrate(database_url, schema, tmp_path, settings=row_security.OWNER)
    pool = await connect(database_url, schema, size=2, settings=row_security.OWNER)
    await pool.execute("INSERT INTO sites (site_id, name, timezone, created_at) VALUES ('site_1', 'a', 'UTC', $1)", NOW)
    yield pool, schema
    await pool.execute(f"DROP SCHEMA {schema} CASCADE")
    await pool.close()


async def found(pool: asyncpg.Pool) -> Video:
    async with pool.acquire() as conn:
        return await videos.get(conn, None, "vid_1")


@pytest.mark.parametrize("parts", ["before", "all"])
async def test_a_row_of_the_old_form_is_the_same_run(
    old: tuple[asyncpg.Pool, str], database_url: str, parts: Parts
) -> None:
    pool, schema = old
    await pool.execute(_INSERT, NOW, STARTED_AT, orjson.dumps(PICTURE).decode())
    await migrate(database_url, schema, MIGRATIONS, parts=parts, settings=row_security.OWNER)
    assert (await found(pool)).run == RUN


async def test_old_code_beside_new_code_inserts_a_row_that_new_code_reads(
    old: tuple[asyncpg.Pool, str], database_url: str
) -> None:
    pool, schema = old
    await migrate(database_url, schema, MIGRATIONS, parts="before", settings=row_security.OWNER)
    await pool.execute(_INSERT, NOW, STARTED_AT, orjson.dumps(PICTURE).decode())
    assert (await found(pool)).run == RUN


async def test_new_code_beside_old_code_inserts_a_row_that_old_code_reads(
    old: tuple[asyncpg.Pool, str], database_url: str
) -> None:
    pool, schema = old
    await migrate(database_url, schema, MIGRATIONS, parts="before", settings=row_security.OWNER)
    async with pool.acquire() as conn:
        await videos.add(conn, RUN, created_by="key_1")
    assert (await found(pool)).run == RUN
    row: dict[str, Any] = dict(await pool.fetchrow(_COLUMNS) or {})
    assert orjson.loads(row.pop("sampling")) == {"mode": "cadence", "every_ms": 1000}
    assert orjson.loads(row.pop("picture")) == PICTURE
    assert row == {
        "layout_key": RUN.layout_key,
        "manifest_key": "manifests/site_1/run_1.json",
        "filename": "evening.mp4",
        "make": ["frames", "tables"],
        "started_at": STARTED_AT,
        "tables_expected": ["tbl_1", "tbl_2"],
        "created_at": NOW,
    }
