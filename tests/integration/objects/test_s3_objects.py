"""The same suite on a real S3 server."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.integration.s3 import S3Server, versitygw
from tests.unit.objects.object_suite import ObjectStoreSuite

from objects.open import open_objects
from objects.settings import ObjectSettings
from objects.store import ObjectStore


@pytest.fixture
async def store(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ObjectStore]:
    monkeypatch.setenv("S3_URL", s3.url)
    monkeypatch.setenv("S3_ACCESS_KEY", s3.access_key)
    monkeypatch.setenv("S3_SECRET_KEY", s3.secret_key)
    yield open_objects(ObjectSettings())


NANIO_LACKS = {
    "test_ranges": "nanio answers 416 to a range that ends past the object, where RFC 9110 14.1.2 clamps it",
    "test_presigned_link_reads_and_cannot_be_changed": "nanio ignores response-content-disposition",
}


@pytest.fixture(autouse=True)
def known_gaps(request: pytest.FixtureRequest) -> None:
    """Without Go nanio is used instead; what it lacks is named, and fails here when it has it."""
    gap = NANIO_LACKS.get(request.node.originalname)
    if gap and versitygw() is None:
        request.applymarker(pytest.mark.xfail(reason=gap, strict=True))


class TestS3Objects(ObjectStoreSuite):
    async def test_presigned_link_reads_and_cannot_be_changed(self, store: ObjectStore, prefix: str) -> None:
        await store.put(f"{prefix}/a.jpg", b"0123456789", "image/jpeg")
        url = await store.link(f"{prefix}/a.jpg", 60, "table 7.jpg")
        async with httpx.AsyncClient() as client:
            response = await client.get(url, headers={"Range": "bytes=2-4"})
            assert response.content == b"234"
            assert response.headers["content-disposition"] == 'attachment; filename="table 7.jpg"'
            assert (await client.get(url.replace("a.jpg", "b.jpg"))).status_code == 403

    async def test_a_large_file_goes_in_parts(self, store: ObjectStore, prefix: str, tmp_path: Path) -> None:
        source = tmp_path / "large"
        source.write_bytes(bytes(range(256)) * 70_000)
        await store.put(f"{prefix}/large", source)
        assert await store.get_range(f"{prefix}/large", 256 * 69_999, 256) == bytes(range(256))
