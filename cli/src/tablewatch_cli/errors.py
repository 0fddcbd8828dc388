"""What can go wrong at the terminal: a stable code, a sentence, an exit code."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes, listed in `tablewatch --help`."""

    OK = 0
    REFUSED = 1  # the request or the video was refused, or the job failed
    USAGE = 2  # click's own code for a command line that cannot be understood
    UNREACHABLE = 3  # a part could not be reached
    UNHEALTHY = 4  # `check`, `ledger` or `why-stuck` found something wrong


class CliError(Exception):
    """Ends the command with `error: CODE: reason` on standard error (or as JSON with --json)."""

    def __init__(self, code: str, reason: str, exit_code: Exit = Exit.REFUSED) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.exit_code = exit_code


def no_stack(home: str) -> CliError:
    return CliError(
        "no_stack",
        f"no running stack found: {home}/run.json is not there. Start one with `make run`, "
        "or set TABLEWATCH_URL and TABLEWATCH_KEY.",
        Exit.UNREACHABLE,
    )
