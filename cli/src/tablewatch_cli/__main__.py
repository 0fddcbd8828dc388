"""The `tablewatch` command."""

from __future__ import annotations

import sys
from importlib.metadata import version

import click

from tablewatch_cli import output
from tablewatch_cli.commands.check import check_command
from tablewatch_cli.commands.dlq import dlq_group
from tablewatch_cli.commands.facts import hazards_command, states_command
from tablewatch_cli.commands.lag import lag_command
from tablewatch_cli.commands.ledger import ledger_command
from tablewatch_cli.commands.tail import tail_command
from tablewatch_cli.commands.topics import schema_command, topics_command
from tablewatch_cli.commands.videos import frames_command, upload_command
from tablewatch_cli.commands.why_stuck import why_stuck_command
from tablewatch_cli.errors import CliError, Exit

EPILOG = """\b
It finds a local stack by $TABLEWATCH_HOME/run.json (default .local).
Elsewhere set TABLEWATCH_URL, TABLEWATCH_KEY and, for what asks Kafka,
KAFKA_BOOTSTRAP.

\b
Completion: eval "$(_TABLEWATCH_COMPLETE=bash_source tablewatch)", or zsh_source;
for fish: _TABLEWATCH_COMPLETE=fish_source tablewatch | source

\b
Exit codes: 0 fine, 1 refused or failed, 2 wrong usage,
3 something cannot be reached, 4 check, ledger or why-stuck found something wrong.
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("tablewatch-cli"), prog_name="tablewatch")
def tablewatch() -> None:
    """Videos in, table states and hazards out."""


for command in (
    upload_command, frames_command, states_command, hazards_command, tail_command, topics_command, schema_command,
    lag_command, ledger_command, dlq_group, why_stuck_command, check_command,
):  # fmt: skip
    tablewatch.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run a command line and leave with its exit code."""
    args = sys.argv[1:] if arguments is None else arguments
    try:
        sys.exit(tablewatch.main(args, prog_name="tablewatch", standalone_mode=False) or Exit.OK)
    except click.ClickException as usage:
        usage.show()
        sys.exit(usage.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)  # Ctrl-C: 128 + SIGINT, as shells have it
    except BrokenPipeError:
        sys.exit(Exit.OK)  # `tablewatch tail … | head` is no error
    except CliError as problem:
        output.error(problem, json_wanted="--json" in args)
        sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
