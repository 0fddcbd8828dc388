"""Objects on local disk: temporary file, fsync, rename, fsync of the directory."""

import asyncio
import errno
import math
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

from chassis.clock import Clock, SystemClock
from dependencies.errors import (
    DependencyError,
    StoreDirectoryMissing,
    StoreFailing,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
    exhausted,
)
from objects.links import LinkSigner
from objects.store import Gone, ObjectInfo, checked_key, checked_prefix

P = ParamSpec("P")
T = TypeVar("T")
TEMPORARY = ".incoming"  # starts with a dot, as no key may
RENAME_ATTEMPTS = 5
ABANDONED_S, LOOK_S = 86400.0, 3600.0
"""Without a change for a day, a temporary file is one that a killed process left: it may be as large as a video. How
often that is looked for."""


class LocalObjects:
    """`ObjectStore` below `root`. Links are signed by `signer` and opened by the api."""

    def __init__(
        self, root: Path, signer: LinkSigner, clock: Clock | None = None, *, root_must_exist: bool = False
    ) -> None:
        self.root, self._signer, self._clock = root, signer, clock or SystemClock()
        self._root_must_exist = root_must_exist
        self._clear_at = -math.inf

    async def put(
        self, key: str, data: bytes | Path, content_type: str = "application/octet-stream", *, final: bool = False
    ) -> None:
        await _on_disk(self._put, checked_key(key), data, final)

    async def get(self, key: str) -> bytes:
        return await _on_disk(self._read, key, 0, -1)

    async def get_range(self, key: str, offset: int, length: int) -> bytes:
        return await _on_disk(self._read, key, offset, length)

    async def stat(self, key: str) -> ObjectInfo | None:
        found = await _on_disk(_stat, key, self._path(key))
        if found is None:
            self._check_root()
        return found

    async def delete(self, key: str) -> None:
        await _on_disk(self._delete, self._path(key))

    async def delete_prefix(self, prefix: str) -> int:
        return await _on_disk(self._delete_prefix, checked_prefix(prefix))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        for path in await _on_disk(lambda: sorted(self._walk(checked_prefix(prefix)))):
            info = await _on_disk(_stat, path, self.root / path)
            if info is not None:
                yield info

    @asynccontextmanager
    async def local_path(self, key: str) -> AsyncIterator[Path]:
        path = self._path(key)
        if not await _on_disk(path.is_file):
            self._check_root()
            raise Gone(key)
        yield path

    async def link(self, key: str, expires_s: int, filename: str | None = None) -> str:
        return self._signer.sign(checked_key(key), int(self._clock.now().timestamp()) + expires_s, filename)

    def _check_root(self) -> None:
        if self._root_must_exist and not self.root.is_dir():
            raise StoreDirectoryMissing(f"({self.root})")

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)

    def _put(self, key: str, data: bytes | Path, final: bool) -> None:
        self._clear_abandoned()
        temporary = self.root / TEMPORARY / uuid.uuid4().hex
        try:
            try:
                _fill(temporary, data, final)
            except FileNotFoundError:  # the first object here; or the source is missing: then the retry raises
                self._check_root()  # or objects would lie below a mount point
                temporary.parent.mkdir(parents=True, exist_ok=True)
                _fill(temporary, data, final)
            self._move(temporary, self._path(key))
        finally:
            temporary.unlink(missing_ok=True)

    def _clear_abandoned(self) -> None:
        """Delete the temporary files that nobody will move into place: only their age tells them from others."""
        if self._clock.monotonic() < self._clear_at:
            return
        self._clear_at = self._clock.monotonic() + LOOK_S
        before = self._clock.now().timestamp() - ABANDONED_S
        with suppress(OSError):  # a directory that is not there, or cannot be used, is for the write to say
            for path in (self.root / TEMPORARY).iterdir():
                # Not st_mtime: one that is linked in has the time of the upload, a write and a link both set this one
                if path.lstat().st_ctime < before:
                    path.unlink(missing_ok=True)

    def _move(self, temporary: Path, target: Path) -> None:
        """Rename into place. Parents are created only when they are missing: a thousand frames share a directory."""
        created: list[Path] = []
        for attempt in range(RENAME_ATTEMPTS):
            try:
                temporary.replace(target)
                break
            except FileNotFoundError:  # no such directory yet, or a delete removed the empty one meanwhile
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
            self._check_root()  # or what lies on a disk that is not mounted would count as gone
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
        for directory, names, files in os.walk(top, onerror=_unlisted):
            relative = Path(directory).relative_to(self.root).as_posix()
            below = "" if relative == "." else f"{relative}/"
            names[:] = [name for name in names if f"{below}{name}".startswith(prefix[: len(below) + len(name)])]
            keys = (f"{below}{name}" for name in files if not name.startswith("."))
            yield from (key for key in keys if key.startswith(prefix))


async def _on_disk(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `call` in a thread. A full or failing disk, or a process that is out of descriptors, is to callers an
    unavailable store, which they wait for: it may pass."""
    try:
        return await asyncio.to_thread(call, *args, **kwargs)
    except (FileNotFoundError, DependencyError):  # the first is of a source file that is put
        raise
    except OSError as error:
        raise disk_error(error) from error


def disk_error(error: OSError) -> DependencyError:
    """An error of the operating system as an unavailable store, or as what it is of the process; the errno stays."""
    if (none_left := exhausted(error)) is not None:
        none_left.errno = error.errno
        return none_left
    kind: type[StoreUnavailable] = StoreFailing
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        kind = StoreFull
    elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        kind = StoreReadOnly
    unavailable = kind(f"({error})")
    unavailable.errno = error.errno
    return unavailable


def _fill(temporary: Path, data: bytes | Path, final: bool) -> None:
    if isinstance(data, bytes):
        _write_bytes(temporary, data)
        return
    if not (final and _link_to(data, temporary)):
        shutil.copyfile(data, temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())


def _write_bytes(temporary: Path, data: bytes) -> None:
    with temporary.open("wb", buffering=0) as file:
        remaining = memoryview(data)
        while remaining:
            remaining = remaining[file.write(remaining) :]
        os.fsync(file.fileno())


def _link_to(data: Path, temporary: Path) -> bool:
    """Hard-link instead of copying; False where the file system cannot."""
    try:
        temporary.hardlink_to(data)
    except OSError as error:
        if error.errno in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP}:
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


def _unlisted(error: OSError) -> None:
    """A directory that is gone has nothing below it; one that cannot be listed does not count as empty."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _make_parents(target: Path, root: Path) -> list[Path]:
    """Create missing directories; returns those whose entries changed, so that they can be synced."""
    missing = [parent for parent in target.parents if parent.is_relative_to(root) and not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    return [directory.parent for directory in missing]


def _sync_directory(directory: Path) -> None:
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:  # removed since because it was empty: nothing is left to be durable
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_if_empty(directory: Path) -> bool:
    try:
        directory.rmdir()
    except OSError:  # not empty, or removed already
        return False
    return True
