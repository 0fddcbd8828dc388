"""Parts are completed while their uploader ends the upload by another request."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock

import pytest
from tests.integration.ingest.process import claims
from tests.integration.ingest.stage import Stage, token_row

from chassis.clock import SystemClock
from ingest.refusals import PartsInvalid, UploadGone
from ingest.upload.multipart import ClientPart, MultipartService
from objects.multipart import BadParts, SentPart
from objects.store import Gone

SENT = SentPart(1, "tag", 10)
NAMED = [ClientPart(1, "tag")]


def fails(error: Exception) -> Callable[..., Awaitable[Any]]:
    return AsyncMock(side_effect=error)


@pytest.mark.parametrize(
    ("during", "answers"),
    [
        ("parts", AsyncMock(return_value=[])),
        ("parts", fails(Gone("a"))),
        ("complete", fails(Gone("a"))),
        ("complete", fails(BadParts("InvalidPart"))),
    ],
)
async def test_the_answer_is_that_it_was_ended_and_not_what_became_of_its_parts(
    stage: Stage, during: str, answers: Callable[..., Awaitable[Any]]
) -> None:
    token, bucket = token_row(claims()), AsyncMock(parts=AsyncMock(return_value=[SENT]))
    multipart = MultipartService(stage.service, stage.uploads, stage.finisher, bucket, stage.objects, SystemClock())
    await stage.uploads.start(token, 10, "", datetime.now(UTC))
    await stage.uploads.set_multipart(token.video_id, "some")

    async def ended(*arguments: Any) -> Any:
        await stage.service.terminate(await stage.service.find(token.video_id))
        return await answers(*arguments)

    setattr(bucket, during, ended)
    with pytest.raises(UploadGone):
        await multipart.complete(token.video_id, NAMED)


async def test_parts_that_are_not_there_are_still_the_answer_of_an_open_upload(stage: Stage) -> None:
    token, bucket = token_row(claims()), AsyncMock(parts=AsyncMock(return_value=[]))
    multipart = MultipartService(stage.service, stage.uploads, stage.finisher, bucket, stage.objects, SystemClock())
    await stage.uploads.start(token, 10, "", datetime.now(UTC))
    await stage.uploads.set_multipart(token.video_id, "some")
    with pytest.raises(PartsInvalid):
        await multipart.complete(token.video_id, NAMED)
