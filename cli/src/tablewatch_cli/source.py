"""What is uploaded: a file, or a stream that is copied first, because an upload that is resumed reads it twice."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click

from tablewatch_cli.errors import FileChanged, InputUnreadable

STANDARD_INPUT = "-"
MOST_NAME = 500
"""Characters of a file name that the API takes."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes to send, from a file that can be read again; `size_bytes` is what it had when it was opened."""

    stream: BinaryIO
    size_bytes: int
    name: str | None
    """As the API takes it; None for standard input."""
    as_opened: tuple[int, int]
    """Size in bytes and time of the last change in nanoseconds."""

    @property
    def title(self) -> str:
        """For a person."""
        return self.name or "standard input"

    def check(self) -> None:
        """Raises FileChanged when the file is not as it was: half of a recording is no recording."""
        if _state(self.stream) != self.as_opened:
            raise FileChanged(f"It was: {self.title}.")


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The bytes at a path, or of standard input for `-`. Raises InputUnreadable, click.UsageError."""
    name = None if str(path) == STANDARD_INPUT else plain_name(path)
    try:
        with _open(path) as given, _readable_again(given, name or "standard input") as stream:
            state = _state(stream)
            yield Source(stream, state[0], name, state)
    except OSError as error:
        raise InputUnreadable(f"{name or 'standard input'}: {error.strerror or error}") from error


def plain_name(path: Path) -> str:
    r"""The name of a file as the API takes it: bytes that are no UTF-8, and control characters, as `\xe9`.

    Of a name that is too long then the end stays: it tells the format.
    """
    text = os.fsencode(path.name).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)[-MOST_NAME:]


def _open(path: Path) -> BinaryIO:
    if str(path) != STANDARD_INPUT:
        return path.open("rb")
    if os.isatty(0):
        raise click.UsageError("standard input is a terminal: pipe a video into it")
    return open(0, "rb", closefd=False)


@contextmanager
def _readable_again(given: BinaryIO, title: str) -> Iterator[BinaryIO]:
    """The file itself, or a copy of a pipe. A copy has no name and is gone with the process."""
    mode = os.fstat(given.fileno()).st_mode
    if stat.S_ISREG(mode) and given.tell() == 0:
        yield given
    elif stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        with tempfile.TemporaryFile() as copy:
            _copy(given, copy, title)
            yield copy
    else:
        raise click.UsageError(f"{title} is no file and no pipe")


def _copy(given: BinaryIO, copy: BinaryIO, title: str) -> None:
    try:
        shutil.copyfileobj(given, copy, 1024 * 1024)
        copy.flush()
    except OSError as error:
        where = tempfile.gettempdir()
        raise InputUnreadable(f"{title}: {error.strerror}, when it was copied to {where} (TMPDIR).") from error


def _state(stream: BinaryIO) -> tuple[int, int]:
    found = os.fstat(stream.fileno())
    return found.st_size, found.st_mtime_ns
