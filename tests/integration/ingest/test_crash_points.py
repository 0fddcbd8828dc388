"""ingest killed, or overtaken by another request, between two lines of its own: real rows and files, one process.

`Killed` stands for kill -9: nothing behind it runs, and what a transaction had not committed is not there.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.integration.ingest.process import claims
from tests.integration.ingest.stage import Stage, token_row
from tests.unit.ingest.clips import video_file

from ingest.refusals import Refusal
from ingest.store.partial_file import PartialFile, partial_path
from ingest.store.uploads import ANY, OPEN
from tablewatch_schemas import keys


class Killed(BaseException):
    """kill -9, at this line."""


def killed(*_: Any, **__: Any) -> Any:
    raise Killed


def after(call: Callable[..., Awaitable[Any]], then: Callable[[], Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """`call`, and `then` before the next line of its caller."""

    async def both(*arguments: Any, **named: Any) -> Any:
        answer = await call(*arguments, **named)
        await then()
        return answer

    return both


@pytest.mark.parametrize("of", [ANY, OPEN], ids=["delete", "cancel"])
async def test_an_original_put_after_its_deletion_goes_though_who_put_it_was_killed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, of: Any
) -> None:
    token = await stage.received(video_file(tmp_path / "a.mp4").read_bytes())
    key, prefix = (make("site_test", token["video_id"]) for make in (keys.original, keys.original_prefix))

    async def deleted_while_putting() -> None:
        await stage.uploads.withdraw(token["video_id"], datetime.now(UTC), of=of)

    with monkeypatch.context() as patched:
        patched.setattr(stage.objects, "put", after(stage.objects.put, deleted_while_putting))
        patched.setattr(stage.objects, "delete", killed)
        with pytest.raises(Killed):
            await stage.finisher._finish(token["video_id"])
    assert await stage.objects.stat(key) is not None, "this is what the crash leaves"
    await stage.sweep.clear_withdrawn(datetime.now(UTC))
    assert [each async for each in stage.objects.list(prefix)] == []
    assert await stage.enqueued("video.uploaded") == 0
    await stage.objects.put(key, b"put by a slow replica that outlived the first sweep")
    await stage.sweep.clear_withdrawn(datetime.now(UTC))
    assert await stage.objects.stat(key) is None


async def recently_withdrawn(stage: Stage) -> list[tuple[str, str]]:
    return [each async for each in stage.uploads.recently_withdrawn()]


async def test_what_was_withdrawn_long_ago_is_not_looked_for_any_more(stage: Stage) -> None:
    token = await stage.received(b"x")
    await stage.uploads.withdraw(token["video_id"], datetime.now(UTC), of=ANY)
    assert await recently_withdrawn(stage) == [("site_test", token["video_id"])]
    await stage.sweep.clear_withdrawn(datetime.now(UTC) + stage.uploads.ttl / 2)
    assert len(await recently_withdrawn(stage)) == 1
    await stage.sweep.clear_withdrawn(datetime.now(UTC) + stage.uploads.ttl * 2)
    assert await recently_withdrawn(stage) == []
    assert await stage.uploads.is_withdrawn(token["video_id"])


async def begun_with(stage: Stage, content: bytes) -> dict[str, Any]:
    """An upload of 10 bytes of which `content` came."""
    token = claims()
    await stage.service.begin(token_row(token), 10, "first")
    with PartialFile.open(partial_path(stage.directory, token["video_id"])) as partial:
        partial.append([content])
    return token


async def test_killed_before_old_bytes_are_dropped_they_are_the_old_uploads(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await begun_with(stage, b"0123456789")
    monkeypatch.setattr(PartialFile, "empty", killed)
    with pytest.raises(Killed):
        await stage.service.begin(token_row(token), 10, "second")
    upload = await stage.uploads.find(token["video_id"])
    assert upload is not None and upload.metadata == "first", "the row is as old as the bytes"
    assert partial_path(stage.directory, token["video_id"]).read_bytes() == b"0123456789"


async def test_killed_after_the_new_beginning_was_written_down_no_old_byte_is_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await begun_with(stage, b"0123456789")
    monkeypatch.setattr(stage.uploads, "start", after(stage.uploads.start, killed))
    with pytest.raises(Killed):
        await stage.service.begin(token_row(token), 10, "second")
    upload = await stage.uploads.find(token["video_id"])
    assert upload is not None and upload.metadata == "second"
    assert partial_path(stage.directory, token["video_id"]).read_bytes() == b""
    await stage.finisher._resume_unfinished()  # as the next start does: nothing is complete
    assert (await stage.service.find(token["video_id"])).status == "receiving"


async def test_an_upload_past_receiving_keeps_its_bytes_when_it_is_begun_again(stage: Stage) -> None:
    token = await stage.received(b"0123456789")
    assert (await stage.service.begin(token_row(token), 10, "second")).status == "received"
    assert partial_path(stage.directory, token["video_id"]).read_bytes() == b"0123456789"


@pytest.mark.parametrize("multipart_id", [None, "an-upload-in-stage"])
async def test_ending_an_upload_that_was_stored_meanwhile_does_not_withdraw_it(
    stage: Stage, tmp_path: Path, multipart_id: str | None
) -> None:
    token = await stage.received(video_file(tmp_path / "a.mp4").read_bytes())
    seen = await stage.service.find(token["video_id"])
    await stage.finisher._finish(token["video_id"])  # between the look and the end
    await stage.pool.execute("UPDATE uploads SET multipart_id = $1", multipart_id)
    with pytest.raises(Refusal) as refused:
        await stage.service.terminate(seen)
    assert refused.value.code == "offset_mismatch"
    assert (await stage.service.find(token["video_id"])).status == "stored"
    assert not await stage.uploads.is_withdrawn(token["video_id"])
    assert await stage.objects.stat(keys.original("site_test", token["video_id"])) is not None
    assert (await stage.enqueued("video.uploaded"), await stage.enqueued("video.rejected")) == (1, 0)


async def test_ending_an_upload_that_is_just_being_stored_leaves_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = await stage.received(video_file(tmp_path / "a.mp4").read_bytes())

    async def ended_while_putting() -> None:
        await stage.service.terminate(await stage.service.find(token["video_id"]))

    monkeypatch.setattr(stage.objects, "put", after(stage.objects.put, ended_while_putting))
    await stage.finisher._finish(token["video_id"])
    assert await stage.uploads.is_withdrawn(token["video_id"])
    assert await stage.objects.stat(keys.original("site_test", token["video_id"])) is None
    assert (await stage.enqueued("video.uploaded"), await stage.enqueued("video.rejected")) == (0, 1)
