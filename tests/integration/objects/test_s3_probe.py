"""What keeps a real S3 server from being used has a code of its own, in the check and in every operation."""

import socket
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta

import minio.time
import pytest
from pydantic import SecretStr
from tests.integration.s3 import S3Server

from dependencies.errors import (
    StoreBucketMissing,
    StoreClockSkewed,
    StoreKeyRefused,
    StoreUnavailable,
    StoreUnreachable,
)
from objects.s3 import S3Objects
from objects.s3_probe import S3Probe
from objects.settings import ObjectSettings


def settings_of(s3: S3Server, **changes: object) -> ObjectSettings:
    values = {
        "s3_url": s3.url,
        "s3_access_key": SecretStr(s3.access_key),
        "s3_secret_key": SecretStr(s3.secret_key),
        "s3_bucket": f"probe-{uuid.uuid4().hex[:12]}",
    }
    return ObjectSettings().model_copy(update=values | changes)


def both(settings: ObjectSettings) -> dict[str, Callable[[], Awaitable[object]]]:
    """The check, and an operation of the store."""
    return {"check": S3Probe(settings), "put": lambda: S3Objects.from_settings(settings).put("a/b", b"x")}


async def test_a_store_that_can_be_used_passes_and_gets_its_bucket(s3: S3Server) -> None:
    settings = settings_of(s3)
    probe = S3Probe(settings)
    await probe()
    await probe()
    objects = S3Objects.from_settings(settings)
    await objects.put("a/b", b"x")
    assert [info.key async for info in objects.list("a/")] == ["a/b"]


@pytest.mark.parametrize("what", ["check", "put"])
@pytest.mark.parametrize("wrong", ["s3_access_key", "s3_secret_key"])
async def test_a_wrong_key(s3: S3Server, wrong: str, what: str) -> None:
    await S3Probe(good := settings_of(s3))()
    settings = good.model_copy(update={wrong: SecretStr("wrong-key-0123456")})
    with pytest.raises(StoreKeyRefused, match="Correct S3_ACCESS_KEY and S3_SECRET_KEY"):
        await both(settings)[what]()


async def test_a_bucket_that_is_gone_is_not_made_anew(s3: S3Server) -> None:
    settings = settings_of(s3)
    probe, objects = S3Probe(settings), S3Objects.from_settings(settings)
    await probe()
    await objects.put("a/b", b"x")
    client = objects.client()
    for found in list(client.list_objects(settings.s3_bucket, recursive=True)):
        client.remove_object(settings.s3_bucket, str(found.object_name))
    client.remove_bucket(settings.s3_bucket)
    for call in (probe, lambda: objects.put("a/b", b"x")):
        with pytest.raises(StoreBucketMissing, match="correct S3_BUCKET"):
            await call()
    assert not client.bucket_exists(settings.s3_bucket)


async def test_a_clock_an_hour_off(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(s3)
    probe = S3Probe(settings)
    await probe()
    right: Callable[[], datetime] = minio.time.utcnow
    monkeypatch.setattr(minio.time, "utcnow", lambda: right() + timedelta(hours=1))
    with pytest.raises(StoreClockSkewed, match="Set both, for example by NTP"):
        await probe()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of something that takes connections and never answers, as a frozen server does."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


async def test_a_frozen_server_and_none_at_all(s3: S3Server, silent: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"
    for url in (silent, nobody):
        with pytest.raises(StoreUnreachable) as raised:
            await S3Probe(settings_of(s3, s3_url=url))()
        assert url in str(raised.value)
        assert isinstance(raised.value, StoreUnavailable)
