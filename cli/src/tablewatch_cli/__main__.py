"""The `tablewatch` command."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from contextlib import suppress
from importlib.metadata import version

import click

from lines.visible import on_one_line
from tablewatch_cli import output, streams
from tablewatch_cli.commands.apply import apply_command
from tablewatch_cli.commands.camera_discovery import discover_command
from tablewatch_cli.commands.cameras import cameras_command
from tablewatch_cli.commands.check import check_command
from tablewatch_cli.commands.dlq import dlq_group
from tablewatch_cli.commands.lag import lag_command
from tablewatch_cli.commands.layout import layout_group
from tablewatch_cli.commands.ledger import ledger_command
from tablewatch_cli.commands.proposals import proposal_group
from tablewatch_cli.commands.quota import quota_group
from tablewatch_cli.commands.sites import sites_group
from tablewatch_cli.commands.states import hazards_command, states_command
from tablewatch_cli.commands.tail import tail_command
from tablewatch_cli.commands.topics import schema_command, topics_command
from tablewatch_cli.commands.videos import frames_command, upload_command, videos_command
from tablewatch_cli.commands.why import why_command
from tablewatch_cli.commands.why_stuck import why_stuck_command
from tablewatch_cli.errors import EXITS, CliError, Exit, InternalError, NotText, OutputFailed
from tablewatch_cli.examples import add_examples

NO_OUTPUT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EPIPE})
EPILOG = f"""\b
It finds a local stack by $TABLEWATCH_HOME/run.json (default .local).
Elsewhere set TABLEWATCH_URL, TABLEWATCH_KEY and, for what asks Kafka,
KAFKA_BOOTSTRAP.

\b
Completion: eval "$(_TABLEWATCH_COMPLETE=bash_source tablewatch)", or zsh_source;
for fish: _TABLEWATCH_COMPLETE=fish_source tablewatch | source

Exit codes: {", ".join(f"{code:d} {meaning}" for code, meaning in EXITS.items())}.
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("tablewatch-cli"), prog_name="tablewatch")
def tablewatch() -> None:
    """Videos in, table states and hazards out."""


for command in (
    upload_command, videos_command, frames_command, states_command, hazards_command, cameras_command, sites_group,
    apply_command, tail_command, topics_command, schema_command, lag_command, ledger_command, dlq_group, quota_group,
    why_command, why_stuck_command, check_command,
):  # fmt: skip
    tablewatch.add_command(command)
cameras_command.add_command(layout_group)
cameras_command.add_command(proposal_group)
cameras_command.add_command(discover_command)
add_examples(tablewatch)


def main(arguments: list[str] | None = None) -> None:
    """Run a command line and leave with its exit code. A traceback is for TABLEWATCH_TRACEBACK alone."""
    args = sys.argv[1:] if arguments is None else arguments
    streams.prepare()
    sys.exit(_run(args))


def _run(args: list[str]) -> int:
    """The exit code of a command line, whose errors are shown."""
    as_json = "--json" in args
    try:
        return _execute(args)
    except click.ClickException as usage:
        return _usage(usage, as_json=as_json)
    except (click.exceptions.Abort, KeyboardInterrupt):
        output.note("interrupted")
        return Exit.INTERRUPTED
    except streams.ReaderGone:
        streams.abandon()
        return Exit.OK  # `tablewatch tail … | head` is no error
    except CliError as error:
        return _failed(error, as_json=as_json)


def _execute(args: list[str]) -> int:
    """The exit code of a command line. Raises click's exceptions, CliError and ReaderGone, and nothing else."""
    try:
        code = int(tablewatch.main(args, prog_name="tablewatch", standalone_mode=False) or Exit.OK)
        streams.flush()
    except (click.ClickException, click.exceptions.Abort, CliError, streams.ReaderGone):
        raise
    except Exception as error:
        _show_traceback(error)
        if isinstance(error, UnicodeEncodeError) and (wrong := [each for each in args if not _is_utf8(each)]):
            raise NotText(f"It was: {on_one_line(wrong[0])}.") from error
        if isinstance(error, OSError) and error.errno in NO_OUTPUT and not error.filename:  # click's, of --help
            raise OutputFailed(f"{error.strerror}.") from error
        raise InternalError(f"It was: {on_one_line(f'{type(error).__name__}: {error}')[:300]}") from error
    return code


def _usage(usage: click.ClickException, *, as_json: bool) -> int:
    with suppress(OSError):
        usage.show()
    if as_json:
        output.json_error("usage", usage.format_message())
    return usage.exit_code


def _failed(error: CliError, *, as_json: bool) -> int:
    output.error(error, as_json_too=as_json)
    if isinstance(error, OutputFailed):
        streams.abandon()
    return error.exit_code


def _is_utf8(text: str) -> bool:
    """Whether it was typed as UTF-8: Python gives other bytes as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _show_traceback(error: Exception) -> None:
    if os.environ.get("TABLEWATCH_TRACEBACK"):
        output.note("".join(traceback.format_exception(error)))


if __name__ == "__main__":
    main()
