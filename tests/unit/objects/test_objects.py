"""The object stores that need no server."""

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr
from tests.support.doubles import ManualClock
from tests.unit.objects.object_suite import ObjectStoreSuite

from chassis.metrics import Metrics
from dependencies.errors import DependencyError, StoreDirectoryMissing
from objects.links import LinkSigner
from objects.local import ABANDONED_S, LOOK_S, TEMPORARY, LocalObjects
from objects.observed import ObservedObjects
from objects.open import open_objects
from objects.settings import ObjectSettings
from objects.store import Gone, ObjectStore
from objects.testing import MemoryObjects

SIGNER = LinkSigner(SecretStr("secret"), "http://api")


class TestMemoryObjects(ObjectStoreSuite):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return MemoryObjects()


class TestLocalObjects(ObjectStoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return LocalObjects(tmp_path / "objects", SIGNER)


class TestObservedObjects(ObjectStoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return ObservedObjects(LocalObjects(tmp_path / "objects", SIGNER), Metrics())


async def test_a_full_disk_is_an_unavailable_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = LocalObjects(tmp_path / "objects", SIGNER)
    await store.put("a", b"before")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ConnectionError, match="No space left") as raised:
            await store.put("a", b"now")
    assert raised.value.errno == errno.ENOSPC
    assert await store.get("a") == b"before"
    assert list((tmp_path / "objects" / TEMPORARY).iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EMFILE, "descriptors_exhausted"), (errno.EIO, "store_failing"), (errno.EACCES, "store_read_only")],
)
async def test_a_disk_that_cannot_be_read_is_an_unavailable_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    async def listed() -> None:
        pytest.fail(f"what cannot be listed is not empty: {[each async for each in store.list('a')]}")

    store = LocalObjects(tmp_path / "objects", SIGNER)
    await store.put("a", b"before")
    for owner, name in ((Path, "open"), (Path, "stat"), (Path, "unlink"), (os, "scandir")):
        monkeypatch.setattr(owner, name, failing)
    calls = (lambda: store.get("a"), lambda: store.get_range("a", 0, 1), lambda: store.stat("a"), listed)
    for call in (*calls, lambda: store.delete("a"), lambda: store.delete_prefix("a")):
        with pytest.raises(DependencyError) as raised:
            await call()
        assert (raised.value.code, raised.value.errno) == (code, number)
    monkeypatch.undo()
    assert await store.get("a") == b"before"


class Broken(MemoryObjects):
    """A store that is down."""

    async def put(self, *_: Any, **__: Any) -> None:
        raise ConnectionError("503")


async def test_errors_of_a_store_are_counted_and_a_missing_object_is_none() -> None:
    metrics = Metrics()
    store = ObservedObjects(Broken(), metrics)
    with pytest.raises(ConnectionError):
        await store.put("a", b"1")
    with pytest.raises(Gone):
        await store.get("a")
    with pytest.raises(Gone):
        async with store.local_path("a"):
            pass
    assert metrics.value("object_errors_total", operation="put", error="ConnectionError") == 1
    assert b'object_errors_total{error="Gone"' not in metrics.exposition()


async def test_empty_directories_do_not_pile_up(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path, SIGNER)
    await store.put("a/b/c/d", b"1")
    await store.delete_prefix("a/")
    assert [path.name for path in tmp_path.iterdir()] == [TEMPORARY]


async def test_a_failed_put_leaves_nothing(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path, SIGNER)
    with pytest.raises(FileNotFoundError):
        await store.put("a/b", tmp_path / "missing")
    assert list((tmp_path / TEMPORARY).iterdir()) == []
    assert await store.stat("a/b") is None


async def test_what_a_killed_process_left_of_an_object_is_deleted_a_day_later(tmp_path: Path) -> None:
    clock = ManualClock(datetime.now(UTC))
    store = LocalObjects(tmp_path / "objects", SIGNER, clock)
    await store.put("a", b"1")
    upload, incoming = tmp_path / "upload", tmp_path / "objects" / TEMPORARY
    upload.write_bytes(b"2")
    os.utime(upload, (0, 0))
    (incoming / "half").write_bytes(b"half of a video")
    os.link(upload, incoming / "just_linked")  # by another process, which is about to move it; the upload is old
    clock.advance(LOOK_S)
    await store.put("b", b"3")
    assert len(list(incoming.iterdir())) == 2
    clock.advance(ABANDONED_S)
    await store.put("c", b"4")
    assert list(incoming.iterdir()) == []
    assert [await store.get(key) for key in "abc"] == [b"1", b"3", b"4"]


async def test_a_final_file_is_linked_and_not_copied(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path / "objects", SIGNER)
    source = tmp_path / "source.bin"
    source.write_bytes(b"x")
    await store.put("o/1", source, final=True)
    assert (tmp_path / "objects/o/1").stat().st_ino == source.stat().st_ino


async def test_object_and_directories_are_synced_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    sync = os.fsync

    def remember(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", remember)
    await LocalObjects(tmp_path, SIGNER).put("a/b/c", b"1")
    assert TEMPORARY in synced[0]
    assert {str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a/b")} <= set(synced[1:])


async def test_link_opens_that_object(tmp_path: Path) -> None:
    clock = ManualClock()
    url = urlsplit(await LocalObjects(tmp_path, SIGNER, clock).link("frames/s/r/000000001.jpg", 60))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert int(query["expires"]) == clock.now().timestamp() + 60
    SIGNER.verify("frames/s/r/000000001.jpg", int(query["expires"]), query["signature"], int(query["expires"]) - 1)


def test_settings_choose_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLEWATCH_HOME", str(tmp_path))
    local = open_objects(ObjectSettings())
    assert isinstance(local, LocalObjects) and local.root == tmp_path / "objects"
    monkeypatch.setenv("S3_URL", "http://127.0.0.1:1")
    assert type(open_objects(ObjectSettings())).__name__ == "S3Objects"


def test_a_killed_put_leaves_the_old_object(tmp_path: Path) -> None:
    """kill -9 at the rename: the object is the old one, whole."""
    program = f"""
import asyncio, os, pathlib, signal
from objects.links import LinkSigner
from objects.local import LocalObjects
from pydantic import SecretStr
store = LocalObjects(pathlib.Path({str(tmp_path)!r}), LinkSigner(SecretStr("s"), ""))
asyncio.run(store.put("k", b"old"))
pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(store.put("k", b"new"))
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert (tmp_path / "k").read_bytes() == b"old"


async def test_below_a_directory_that_is_not_mounted_nothing_is_written_or_called_gone(tmp_path: Path) -> None:
    root = tmp_path / "mount" / "objects"
    store = LocalObjects(root, SIGNER, root_must_exist=True)

    async def opened() -> None:
        async with store.local_path("a/b"):
            pytest.fail("there is nothing")

    calls = (lambda: store.put("a/b", b"x"), lambda: store.get("a/b"), lambda: store.stat("a/b"), opened)
    for call in calls:
        with pytest.raises(StoreDirectoryMissing, match="correct OBJECTS_DIR"):
            await call()
    assert list(tmp_path.iterdir()) == []
    root.mkdir(parents=True)
    await store.put("a/b", b"x")
    assert await store.get("a/b") == b"x"
    with pytest.raises(Gone):
        await store.get("a/c")
