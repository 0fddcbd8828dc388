"""Objects on local disk: temporary file, fsync, rename, fsync of the directory."""

import asyncio
import errno
import os
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from chassis.links import LinkSigner
from chassis.objects import Gone, ObjectInfo, checked_key, checked_prefix

TEMPORARY = ".incoming"  # starts with a dot, as no key may
RENAME_ATTEMPTS = 5


class LocalObjects:
    """`ObjectStore` below `root`. Links are made by `links` and opened by the api."""

    def __init__(self, root: Path, links: LinkSigner) -> None:
        self.root, self._links = root, links

    async def put(
        self, key: str, data: bytes | Path, content_type: str = "application/octet-stream", *, final: bool = False
    ) -> None:
        try:
            await asyncio.to_thread(self._put, checked_key(key), data, final)
        except FileNotFoundError:  # the source's
            raise
        except OSError as error:  # a full or failing disk is to everyone what a store that is away is: it passes
            raise ConnectionError(error.errno, f"object store: {error}") from error

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread(self._read, key, 0, -1)

    async def get_range(self, key: str, offset: int, length: int) -> bytes:
        return await asyncio.to_thread(self._read, key, offset, length)

    async def stat(self, key: str) -> ObjectInfo | None:
        return await asyncio.to_thread(_stat, key, self._path(key))

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._delete, self._path(key))

    async def delete_prefix(self, prefix: str) -> int:
        return await asyncio.to_thread(self._delete_prefix, checked_prefix(prefix))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        for path in await asyncio.to_thread(lambda: sorted(self._walk(checked_prefix(prefix)))):
            info = await asyncio.to_thread(_stat, path, self.root / path)
            if info is not None:
                yield info

    @asynccontextmanager
    async def local_path(self, key: str) -> AsyncIterator[Path]:
        path = self._path(key)
        if not await asyncio.to_thread(path.is_file):
            raise Gone(key)
        yield path

    async def link(self, key: str, expires_s: int, filename: str | None = None) -> str:
        return self._links.sign(checked_key(key), int(time.time()) + expires_s, filename)

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)

    def _put(self, key: str, data: bytes | Path, final: bool) -> None:
        temporary = self.root / TEMPORARY / uuid.uuid4().hex
        try:
            try:
                _fill(temporary, data, final)
            except FileNotFoundError:  # the first object here; or the source is gone, which the second try says
                temporary.parent.mkdir(parents=True, exist_ok=True)
                _fill(temporary, data, final)
            self._move(temporary, self._path(key))
        finally:
            temporary.unlink(missing_ok=True)

    def _move(self, temporary: Path, target: Path) -> None:
        """Parents are made when they are missed: a thousand frames go into one directory."""
        created: list[Path] = []
        for attempt in range(RENAME_ATTEMPTS):
            try:
                temporary.replace(target)
                break
            except FileNotFoundError:  # no such directory yet, or a delete pruned the empty one under us
                if attempt == RENAME_ATTEMPTS - 1:
                    raise
                created += _make_parents(target, self.root)
        for directory in (target.parent, *created):
            _sync_directory(directory)

    def _read(self, key: str, offset: int, length: int) -> bytes:
        try:
            with self._path(key).open("rb", buffering=0) as file:
                file.seek(offset)
                return file.read(length)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise Gone(key) from None

    def _delete(self, path: Path) -> None:
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            path.unlink()
        for parent in path.parents:
            if parent == self.root or not _remove_if_empty(parent):
                return

    def _delete_prefix(self, prefix: str) -> int:
        keys = list(self._walk(prefix))
        for key in keys:
            self._delete(self.root / key)
        return len(keys)

    def _walk(self, prefix: str) -> Iterator[str]:
        top = self.root / prefix if prefix.endswith("/") else (self.root / prefix).parent
        for directory, names, files in os.walk(top):
            relative = Path(directory).relative_to(self.root).as_posix()
            below = "" if relative == "." else f"{relative}/"
            names[:] = [name for name in names if f"{below}{name}".startswith(prefix[: len(below) + len(name)])]
            keys = (f"{below}{name}" for name in files if not name.startswith("."))
            yield from (key for key in keys if key.startswith(prefix))


def _fill(temporary: Path, data: bytes | Path, final: bool) -> None:
    if isinstance(data, bytes):
        _written(temporary, data)
        return
    if not (final and _linked(data, temporary)):
        shutil.copyfile(data, temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())


def _written(temporary: Path, data: bytes) -> None:
    with temporary.open("wb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())


def _linked(data: Path, temporary: Path) -> bool:
    try:
        temporary.hardlink_to(data)
    except OSError as error:
        if error.errno in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP}:  # then it is copied
            return False
        raise
    return True


def _stat(key: str, path: Path) -> ObjectInfo | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not path.is_file():
        return None
    return ObjectInfo(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _make_parents(target: Path, root: Path) -> list[Path]:
    """Create missing directories; returns those whose entries changed, so that they can be synced."""
    missing = [parent for parent in target.parents if parent.is_relative_to(root) and not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    return [directory.parent for directory in missing]


def _sync_directory(directory: Path) -> None:
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:  # emptied and pruned since: nothing is left to be durable
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_if_empty(directory: Path) -> bool:
    try:
        directory.rmdir()
    except OSError:  # not empty, or gone
        return False
    return True
