"""What can go wrong at the terminal. Each class is one code; its docstring is the sentence, here and in the docs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """Exit codes; `EXITS` has their words."""

    OK = 0
    REFUSED = 1  # the request or the video was refused, or the job failed
    USAGE = 2  # click's own code for a command line that cannot be understood
    UNREACHABLE = 3  # a service could not be reached
    UNHEALTHY = 4  # `check`, `ledger` or `why-stuck` found something wrong
    LOCAL_IO = 5  # a file could not be read to its end, or the output could not be written
    FAULT = 70  # a fault of tablewatch itself: sysexits.h has it as EX_SOFTWARE
    INTERRUPTED = 130  # Ctrl-C: 128 + SIGINT, as shells have it


EXITS: Mapping[Exit, str] = {
    Exit.OK: "fine",
    Exit.REFUSED: "refused or failed",
    Exit.USAGE: "wrong usage",
    Exit.UNREACHABLE: "something cannot be reached",
    Exit.UNHEALTHY: "check, ledger or why-stuck found something wrong",
    Exit.LOCAL_IO: "a file cannot be read or the output not written",
    Exit.FAULT: "a fault of tablewatch",
    Exit.INTERRUPTED: "interrupted by Ctrl-C",
}
"""What each means, in `tablewatch --help` and in docs/errors-and-retries.md."""


class CliError(Exception):
    """Ends the command with `error: CODE: reason` on standard error (or as JSON with --json)."""

    code: str
    exit_code: Exit = Exit.REFUSED

    def __init__(self, code: str, reason: str, exit_code: Exit = Exit.REFUSED) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.exit_code = exit_code


class LocalError(CliError):
    """An error that the command line found itself; a class is one code, as with chassis' CodedError in the services.

    `detail` follows the sentence.
    """

    sentence: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.sentence = inspect.cleandoc(cls.__doc__ or "")

    def __init__(self, detail: str = "") -> None:
        super().__init__(self.code, f"{self.sentence} {detail}".rstrip(), self.exit_code)


class NoStack(LocalError):
    """No running stack was found: start one with `make run`, or set TABLEWATCH_URL and TABLEWATCH_KEY."""

    exit_code = Exit.UNREACHABLE


class BadSetting(LocalError):
    """An address, key or other setting of the environment or of run.json cannot be used."""

    exit_code = Exit.USAGE


class NoKafka(LocalError):
    """Kafka's address is not known: set KAFKA_BOOTSTRAP."""

    exit_code = Exit.UNREACHABLE


class ApiUnreachable(LocalError):
    """The API does not answer: `tablewatch check` shows what is down."""

    exit_code = Exit.UNREACHABLE


class NoAnswer(LocalError):
    """What answered is not the API, or a proxy answered for it: TABLEWATCH_URL sets its address."""

    exit_code = Exit.UNREACHABLE


class KafkaUnreachable(LocalError):
    """Kafka does not answer: `tablewatch check` shows what else is down, KAFKA_BOOTSTRAP sets its address."""

    exit_code = Exit.UNREACHABLE


class UploadInterrupted(LocalError):
    """The upload service did not answer for too long; the upload can be resumed until it expires."""

    exit_code = Exit.UNREACHABLE


class InputUnreadable(LocalError):
    """The file, or standard input, could not be read to its end; nothing was made of it."""

    exit_code = Exit.LOCAL_IO


class FileChanged(LocalError):
    """The file changed while it was sent: send it when its recording has ended, or a copy; nothing was made of it."""

    exit_code = Exit.LOCAL_IO


class OutputFailed(LocalError):
    """The output could not be written."""

    exit_code = Exit.LOCAL_IO


class NotText(LocalError):
    """An argument is no UTF-8; only the name of a file may be."""

    exit_code = Exit.USAGE


class InternalError(LocalError):
    """A fault of tablewatch itself: please report it, with what TABLEWATCH_TRACEBACK=1 prints."""

    exit_code = Exit.FAULT


class UnknownTopic(LocalError):
    """There is no such topic: `tablewatch topics --all` lists them."""


class UnknownRun(LocalError):
    """No frame of that run is on the topics (any more)."""


class UnknownOffset(LocalError):
    """The dead-letter topic has no such offset (any more)."""


class NotDeadLetters(LocalError):
    """The topic is no dead-letter topic: `tablewatch dlq list` lists them."""


class NoOrigin(LocalError):
    """The dead letter has no headers that name its origin, and cannot be replayed."""


class SitesFileInvalid(LocalError):
    """The file cannot be applied, and nothing was changed."""

    exit_code = Exit.USAGE


class LayoutFileInvalid(LocalError):
    """The file has no layout, and nothing was drawn."""

    exit_code = Exit.USAGE


class PasswordMissing(LocalError):
    """The environment does not have the password of a camera that the file names."""

    exit_code = Exit.USAGE


class NoTables(LocalError):
    """No table is suggested: ask again while guests sit there, or draw them."""


class NoSnapshot(LocalError):
    """No picture of the camera is stored, or not any more: `tablewatch cameras status` says how it is."""
