"""Files of a site, below the folder that the operator names: opened name by name, so that no link leads out of it."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.model.camera_failures import FilesOff, NoSuchFile

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Without waiting, as opening a pipe would."""


@dataclass(frozen=True, slots=True)
class Version:
    """By what a file that was rewritten is known."""

    inode: int
    modified_ns: int
    size: int

    @classmethod
    def of(cls, file: int) -> "Version":
        found = os.fstat(file)
        return cls(found.st_ino, found.st_mtime_ns, found.st_size)


def open_file(root: Path | None, site_id: str, names: Sequence[str]) -> int:
    """Descriptor of `root`/`site_id`/names, read only. Raises FilesOff, NoSuchFile: also for a link, a pipe, a folder.

    The root itself may be a link: it is the operator's.
    """
    if root is None:
        raise FilesOff
    try:
        file = _opened(root, [site_id, *names])
    except OSError as error:
        raise NoSuchFile(os.strerror(error.errno or 0)) from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise NoSuchFile("no regular file")
    return file


def _opened(root: Path, names: Sequence[str]) -> int:
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names[:-1]:
            inner = os.open(name, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(names[-1], _FILE, dir_fd=folder)
    finally:
        os.close(folder)
