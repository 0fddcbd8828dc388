"""A file in memory for what is fetched: written by us, sealed, and handed to a decoder, which can only read it."""

import fcntl
import os
from types import TracebackType
from typing import Self

_SEALS = fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


class Spool:
    """Closed with its block. Raises OSError where there is no memory for it."""

    def __init__(self, data: bytes = b"") -> None:
        self._file = os.memfd_create("fetched", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self.write(data)

    def write(self, data: bytes) -> None:
        """Append."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def sealed(self) -> int:
        """Its descriptor; nobody can change it from now on."""
        fcntl.fcntl(self._file, *_SEALS)
        return self._file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._file)
