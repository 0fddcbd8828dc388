"""More uploads than one page of rows: what the sweeps walk over reaches each of them in every pass."""

from datetime import UTC, datetime
from unittest.mock import AsyncMock, Mock

from tests.integration.ingest.process import claims
from tests.integration.ingest.stage import Stage, token_row

from chassis.clock import SystemClock
from ingest.store.uploads import PAGE
from ingest.upload.multipart import MultipartSweep

MANY = 2 * PAGE + 1
NONE_OPEN = Mock(list_open=AsyncMock(return_value=[]))
COPY = """
INSERT INTO uploads SELECT (jsonb_populate_record(u, jsonb_build_object(
    'video_id', 'vid_' || n, 'run', u.run || jsonb_build_object('video_id', 'vid_' || n),
    'status', $1::text, 'multipart_id', 's3_' || n))).*
FROM uploads u, generate_series(1, $2::integer) n
"""


async def many(stage: Stage, status: str) -> None:
    """So many multipart uploads, copies of one."""
    token = claims()
    await stage.uploads.start(token_row(token), 1000, "", datetime.now(UTC))
    await stage.pool.execute(COPY, status, MANY)
    await stage.pool.execute("DELETE FROM uploads WHERE video_id = $1", token["video_id"])


async def test_each_is_looked_at_though_none_changes(stage: Stage) -> None:
    service, finisher = AsyncMock(), AsyncMock()
    sweep = MultipartSweep(service, stage.uploads, finisher, NONE_OPEN, 3600)
    await many(stage, "receiving")
    await sweep.sweep(SystemClock())
    assert len({call.args[1] for call in service.check_size.await_args_list}) == MANY

    await stage.pool.execute("UPDATE uploads SET joining_at = now()")
    await sweep.sweep(SystemClock())
    assert len({call.args[0].video_id for call in service.submit_completed.await_args_list}) == MANY

    await stage.pool.execute("UPDATE uploads SET status = 'rejected'")
    await sweep.sweep(SystemClock())
    assert len({call.args[0].video_id for call in finisher.delete_object.await_args_list}) == MANY


async def test_what_was_received_expired_or_withdrawn_is_found_behind_what_stays(stage: Stage) -> None:
    await many(stage, "receiving")
    now = datetime.now(UTC) + 2 * stage.uploads.ttl
    assert len({each async for each in stage.uploads.expired(now)}) == MANY
    assert [each async for each in stage.uploads.expired(datetime.now(UTC))] == []

    await stage.pool.execute("UPDATE uploads SET status = 'received', received_at = now()")
    assert len(set(await stage.uploads.unfinished())) == MANY

    await stage.pool.execute("INSERT INTO withdrawn SELECT video_id, now(), site_id FROM uploads")
    assert len({each async for each in stage.uploads.recently_withdrawn()}) == MANY
