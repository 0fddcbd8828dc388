"""The three standard streams, whatever the caller's shell made of them: closed, full, without a reader, ASCII only."""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lines.visible import on_one_line
from tablewatch_cli.errors import OutputFailed

ESCAPES = "tablewatch_escapes"
"""The error handler of what a stream's encoding lacks: JSON escapes, which people can read too."""


class ReaderGone(Exception):
    """Standard output is a pipe that nobody reads any more, as with `| head`. That is no error."""


def prepare() -> None:
    """Make the streams ready for any text.

    A descriptor that the caller closed is opened in the wrong direction, so that the next socket does not get its
    number, and that writing to it fails as writing to a closed one does; standard error is thrown away instead.
    """
    for number, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        if _is_closed(number):
            os.open(os.devnull, flags)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115 (it lives as long as the process)
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(OneLine())
    codecs.register_error(ESCAPES, _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ESCAPES)


class OneLine(logging.Formatter):
    """What libraries warn of, without the traceback that aiokafka and asyncio log of a peer that is not Kafka."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        error = record.exc_info[1] if record.exc_info else None
        return on_one_line(record.getMessage().partition("\n")[0] + (f": {error!r}" if error else ""))


@contextmanager
def writing() -> Iterator[None]:
    """For what writes to standard output. Raises ReaderGone, OutputFailed."""
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGone from error
    except OSError as error:
        raise OutputFailed(f"{error.strerror}.") from error


def flush() -> None:
    """Write what is still buffered. Raises ReaderGone, OutputFailed."""
    with writing():
        sys.stdout.flush()


def abandon() -> None:
    """Throw away what standard output still buffers: the interpreter would try, and complain, once more at its end."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError, AttributeError):  # no file, as in tests
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def _is_closed(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return True
    return False


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)), error.end
