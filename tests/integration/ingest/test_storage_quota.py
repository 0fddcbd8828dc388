"""The quota of originals of a site: before an upload, while it comes, by a limit of its own, and after a deletion."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims
from tests.integration.ingest.test_commands import command
from tests.integration.ingest.test_site_limits import deferred, site
from tests.integration.ingest.test_tus_upload import create, head, headers_of, patch
from tests.unit.ingest.clips import padded_video

from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from tablewatch_schemas import SiteConfig, encode

LIMIT = 3_000_000


@pytest.fixture
async def producer(kafka_bootstrap: str) -> AsyncIterator[KafkaProducer]:
    producer = KafkaProducer(kafka_bootstrap, "test", 6, Metrics())
    await producer.start()
    yield producer
    await producer.stop()


async def begun(ingest: Ingest, site_id: str, length: int, status: int) -> httpx.Response:
    """Wait until an upload of the site is answered with a status."""
    for _ in range(150):
        answer = await asyncio.to_thread(create, ingest, claims(site_id=site_id), length)
        if answer.status_code == status:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError(f"never answered {status}: {answer.text}")


async def test_originals_of_a_site_never_take_more_than_its_quota(
    own_ingest: Callable[..., Ingest], producer: KafkaProducer, published: Published, tmp_path: Path
) -> None:
    ingest = own_ingest(SITE_ORIGINAL_BYTES=str(LIMIT))
    site_id, content = site(), padded_video(tmp_path / "a.mp4", 1_600_000).read_bytes()
    stored = claims(site_id=site_id)

    def send(token: dict[str, Any]) -> httpx.Response:
        url = f"{ingest.url}/{token['video_id']}/content"
        return httpx.put(url, content=content, headers=headers_of(token), timeout=60)

    assert (await asyncio.to_thread(send, stored)).status_code == 201
    tokens = [claims(site_id=site_id) for _ in range(4)]
    with ThreadPoolExecutor(4) as many:
        answers = list(many.map(lambda token: create(ingest, token, 1_000_000), tokens))
    assert sorted(answer.status_code for answer in answers) == [201, 413, 413, 413]
    refused = next(answer for answer in answers if answer.status_code == 413)
    assert (refused.json()["code"], refused.json()["retryable"]) == ("site_storage_full", True)
    assert "of 3000000 for originals, 400000 are left" in refused.json()["detail"]

    ingest.kill()  # between any two lines: what is reserved is a sum over rows
    ingest.start()
    unknown = claims(site_id=site_id)
    assert deferred(ingest, unknown).status_code == 201
    over = patch(ingest, unknown, 0, b"x" * 600_000)
    assert (over.status_code, over.json()["code"]) == (413, "site_storage_full")
    assert int(head(ingest, unknown).headers["upload-offset"]) <= 400_000
    told = (await published.of(unknown["video_id"], topic="upload.refused")).event
    assert (told.code, told.run_id, told.site_id) == ("site_storage_full", unknown["run_id"], site_id)
    assert told.reason == over.json()["detail"]
    for length in (1_000_000, 1_000_000, 900_000):  # the same answer again is no news
        create(ingest, unknown | {"video_id": "vid_" + site_id, "run_id": "run_" + site_id}, length)
    await published.all_of("vid_" + site_id)
    assert len(await published.all_of("vid_" + site_id)) == 2
    assert create(ingest, claims(site_id=site()), 2_000_000).status_code == 201, "another site is not held up"
    httpx.delete(f"{ingest.url}/{unknown['video_id']}", headers=headers_of(unknown))
    assert create(ingest, claims(site_id=site_id), 400_001).status_code == 413
    assert create(ingest, claims(site_id=site_id), 400_000).status_code == 201

    await command(producer, stored, "delete")
    await begun(ingest, site_id, 1_600_000, 201)


async def test_an_admin_gives_a_site_a_limit_of_its_own(
    own_ingest: Callable[..., Ingest], producer: KafkaProducer
) -> None:
    ingest, site_id = own_ingest(SITE_ORIGINAL_BYTES=str(LIMIT)), site()

    async def limit(version: int, original_bytes: int | None) -> None:
        now = datetime.now(UTC)
        event = SiteConfig(
            site_id=site_id, version=version, original_bytes=original_bytes, picture_bytes=None, updated_at=now
        )
        await producer.send(encode(event, source="tablewatch/api", time=now))

    assert (await asyncio.to_thread(create, ingest, claims(site_id=site_id), LIMIT + 1)).status_code == 413
    await limit(2, 2 * LIMIT)
    await begun(ingest, site_id, LIMIT + 1, 201)
    await limit(1, 3 * LIMIT)  # an older version: changes nothing
    await limit(3, 0)
    refused = await begun(ingest, site_id, 1, 413)
    assert refused.json()["code"] == "site_storage_full"
