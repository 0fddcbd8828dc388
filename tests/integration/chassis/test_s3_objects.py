"""The same suite on a real S3 server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from tests.integration.s3 import S3Server, installed, running
from tests.unit.chassis.object_suite import ObjectStoreSuite

from chassis.objects import ObjectStore, open_objects
from chassis.settings import ServiceSettings


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    program = installed()
    if program is None:
        pytest.skip("no Go to build an S3 server with")
    with running(program, tmp_path_factory.mktemp("s3") / "buckets") as found:
        yield found


@pytest.fixture
async def store(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ObjectStore]:
    monkeypatch.setenv("S3_URL", server.url)
    monkeypatch.setenv("S3_ACCESS_KEY", server.access_key)
    monkeypatch.setenv("S3_SECRET_KEY", server.secret_key)
    yield open_objects(ServiceSettings())


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
