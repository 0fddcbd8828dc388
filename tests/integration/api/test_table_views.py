"""Migration 0016 over tables of before: each is seen by the camera that it belonged to, unless it is retired."""

import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path

from api.settings import MIGRATIONS
from api.store import row_security
from chassis.database import connect
from chassis.migrations import migrate

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


async def test_tables_of_before_are_seen_by_their_camera(database_url: str, tmp_path: Path) -> None:
    schema = f"t{uuid.uuid4().hex[:12]}"
    for file in MIGRATIONS.glob("00*.sql"):
        if file.name < "0016":
            shutil.copy(file, tmp_path)
    await migrate(database_url, schema, tmp_path, settings=row_security.OWNER)
    pool = await connect(database_url, schema, size=1, settings=row_security.OWNER)
    try:
        await pool.execute("INSERT INTO sites (site_id, name, timezone, created_at) VALUES ('s', 'a', 'UTC', $1)", NOW)
        await pool.execute(
            "INSERT INTO cameras (camera_id, site_id, name, enabled, source_type, cadence_ms, max_age_ms, version,"
            " created_at, updated_at) VALUES ('cam', 's', 'door', true, 'none', 1000, 1000, 1, $1, $1)",
            NOW,
        )
        await pool.execute(
            "INSERT INTO tables (table_id, site_id, camera_id, label, created_at, retired_at)"
            " VALUES ('now', 's', 'cam', '1', $1, NULL), ('gone', 's', 'cam', '2', $1, $1)",
            NOW,
        )
        await migrate(database_url, schema, MIGRATIONS, settings=row_security.OWNER, parts="before")
        rows = await pool.fetch("SELECT table_id, camera_id, site_id FROM table_views")
        assert [tuple(row) for row in rows] == [("now", "cam", "s")]
    finally:
        await pool.execute(f"DROP SCHEMA {schema} CASCADE")
        await pool.close()
