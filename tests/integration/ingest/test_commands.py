"""`video.command` on the real topic: cancel and delete, before, during and after an upload."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims
from tests.integration.ingest.test_tus_upload import create, head, open_patch, patch, wait_for_offset
from tests.support.consumed import until_consumed
from tests.unit.ingest.clips import video_file

from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from tablewatch_schemas import VideoCommand, VideoUploaded, encode, keys, new_id


@pytest.fixture
async def producer(kafka_bootstrap: str) -> AsyncIterator[KafkaProducer]:
    producer = KafkaProducer(kafka_bootstrap, "test", 6, Metrics())
    await producer.start()
    yield producer
    await producer.stop()


async def command(producer: KafkaProducer, token: dict[str, Any], action: str) -> None:
    event = VideoCommand(
        command_id=new_id("cmd"),
        video_id=token["video_id"],
        run_id=token["run_id"],
        site_id=token["site_id"],
        camera_id=None,
        action=action,
        actor="key_test",
        requested_at=datetime.now(UTC),
    )
    await producer.send(encode(event, source="tablewatch/api", time=event.requested_at))


async def wait_for_status(ingest: Ingest, token: dict[str, Any], status: int) -> None:
    for _ in range(150):
        if (await asyncio.to_thread(head, ingest, token)).status_code == status:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"HEAD never answered {status}")


async def test_cancel_ends_a_running_upload(ingest: Ingest, published: Published, producer: KafkaProducer) -> None:
    token = claims()
    create(ingest, token, 10_000_000)
    with open_patch(ingest, token, 0, 10_000_000, b"x" * 1_200_000) as connection:
        wait_for_offset(ingest, token, 1_000_000)
        await command(producer, token, "cancel")
        await wait_for_status(ingest, token, 410)
        connection.sendall(b"x" * 2_000_000)
        connection.settimeout(10)
        assert b" 410 " in (await asyncio.to_thread(connection.recv, 1000)).split(b"\r\n")[0]
    assert not (ingest.home / "uploads" / f"{token['video_id']}.part").exists()
    assert create(ingest, token, 10).json()["code"] == "upload_gone"
    assert await published.all_of(token["video_id"]) == []


async def test_delete_removes_object_and_row_and_may_come_twice(
    ingest: Ingest, published: Published, producer: KafkaProducer, tmp_path: Path
) -> None:
    content, token = video_file(tmp_path / "a.mp4").read_bytes(), claims()
    create(ingest, token, len(content))
    patch(ingest, token, 0, content)
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    assert (ingest.home / "objects" / event.object_key).exists()
    for _ in range(2):
        await command(producer, token, "delete")
        await wait_for_status(ingest, token, 410)
        assert not (ingest.home / "objects" / event.object_key).exists()


async def test_cancel_leaves_a_stored_original(
    ingest: Ingest, published: Published, producer: KafkaProducer, tmp_path: Path
) -> None:
    content, token, after = video_file(tmp_path / "a.mp4").read_bytes(), claims(), claims()
    create(ingest, token, len(content))
    patch(ingest, token, 0, content)
    await published.of(token["video_id"])
    await command(producer, token, "cancel")
    await command(producer, after | {"video_id": token["video_id"]}, "retry")
    settings = ingest.environment
    await until_consumed(settings["KAFKA_BOOTSTRAP"], settings["INGEST_GROUP"], "video.command")
    assert head(ingest, token).status_code == 200
    assert (ingest.home / "objects" / keys.original(token["site_id"], token["video_id"])).exists()


async def test_delete_before_the_upload_began_keeps_it_from_beginning(ingest: Ingest, producer: KafkaProducer) -> None:
    token = claims()
    await command(producer, token, "delete")
    await wait_for_status(ingest, token, 410)
    assert create(ingest, token, 10).json()["code"] == "upload_gone"
