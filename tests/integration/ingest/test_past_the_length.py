"""A body whose size nobody said, and that goes on past the length of its upload."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.integration.ingest.process import claims
from tests.integration.ingest.stage import Stage, token_row

from ingest.refusals import LengthExceeded


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def resumed(stage: Stage) -> tuple[str, int]:
    """Status and offset, after what is done for uploads whose last byte arrived just before a crash."""
    await stage.finisher._resume_unfinished()
    await asyncio.gather(*stage.finisher._running.values())
    [row] = await stage.pool.fetch("SELECT video_id FROM uploads")
    upload = await stage.service.find(row["video_id"])
    return upload.status, stage.service.offset(upload)


async def bytes_of_the_day(stage: Stage) -> int:
    counted: int = await stage.pool.fetchval("SELECT sum(bytes)::bigint FROM site_days")
    return counted


async def test_of_a_request_that_goes_on_past_the_length_nothing_is_kept(stage: Stage) -> None:
    token = token_row(claims())
    await stage.service.begin(token, 10, "")
    await stage.service.append(token.video_id, 0, chunks(b"1234"), None, 4)
    for counted in (10, 16):
        with pytest.raises(LengthExceeded):
            await stage.service.append(token.video_id, 4, chunks(b"567890", b"1"), None, None)
        assert await resumed(stage) == ("receiving", 4)
        assert await bytes_of_the_day(stage) == counted, "what is dropped has arrived, and counts"


async def test_of_a_whole_file_that_goes_on_past_the_length_nothing_is_kept(stage: Stage) -> None:
    token = token_row(claims(size_bytes=10))
    for _ in range(2):
        upload = await stage.service.begin(token, None, "")
        with pytest.raises(LengthExceeded):
            await stage.service.receive_whole(upload, chunks(b"1234567890", b"1"))
        assert await resumed(stage) == ("receiving", 0)
    assert await bytes_of_the_day(stage) == 20
