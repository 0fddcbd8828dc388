"""The original goes to a real S3 server when the settings ask for it."""

from collections.abc import Callable
from pathlib import Path

from minio import Minio
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims
from tests.integration.ingest.test_tus_upload import create, patch
from tests.integration.s3 import S3Server
from tests.unit.ingest.clips import padded_video

from tablewatch_schemas import VideoUploaded


async def test_the_original_is_put_into_the_bucket(
    own_ingest: Callable[..., Ingest], published: Published, s3: S3Server, tmp_path: Path
) -> None:
    ingest = own_ingest(
        S3_URL=s3.url, S3_ACCESS_KEY=s3.access_key, S3_SECRET_KEY=s3.secret_key, S3_BUCKET="ingest-test"
    )
    content, token = padded_video(tmp_path / "a.mp4", 6_000_000).read_bytes(), claims()
    create(ingest, token, len(content))
    patch(ingest, token, 0, content)
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    client = Minio(
        s3.url.removeprefix("http://"),
        access_key=s3.access_key,
        secret_key=s3.secret_key,
        secure=False,
        region="us-east-1",
    )
    assert client.get_object("ingest-test", event.object_key).read() == content
    assert not (ingest.home / "objects").exists()
