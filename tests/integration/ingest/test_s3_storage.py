"""The original goes to a real S3 server when the settings say so."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from minio import Minio
from tests.integration.ingest.conftest import Told
from tests.integration.ingest.process import Ingest, claims
from tests.integration.ingest.test_tus_upload import create, patch
from tests.integration.s3 import S3Server, installed, running
from tests.unit.ingest.clips import padded_video

from tablewatch_schemas import VideoUploaded


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    program = installed()
    if program is None:
        pytest.skip("no Go to build an S3 server with")
    with running(program, tmp_path_factory.mktemp("s3") / "buckets") as found:
        yield found


async def test_the_original_is_put_into_the_bucket(
    own_ingest: Callable[..., Ingest], told: Told, server: S3Server, tmp_path: Path
) -> None:
    ingest = own_ingest(
        S3_URL=server.url, S3_ACCESS_KEY=server.access_key, S3_SECRET_KEY=server.secret_key, S3_BUCKET="ingest-test"
    )
    content, token = padded_video(tmp_path / "a.mp4", 6_000_000).read_bytes(), claims()
    create(ingest, token, len(content))
    patch(ingest, token, 0, content)
    event = (await told.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    client = Minio(
        server.url.removeprefix("http://"),
        access_key=server.access_key,
        secret_key=server.secret_key,
        secure=False,
        region="us-east-1",
    )
    assert client.get_object("ingest-test", event.object_key).read() == content
    assert not (ingest.home / "objects").exists()
