"""What holds for every command: --json, help, completion."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tablewatch_cli.__main__ import tablewatch
from tablewatch_cli.examples import EXAMPLES


def commands(
    group: click.Group = tablewatch, prefix: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*prefix, name))
        else:
            yield (*prefix, name), command


@pytest.mark.parametrize(
    ("words", "command"), list(commands()), ids=lambda each: " ".join(each) if isinstance(each, tuple) else ""
)
def test_every_command_has_json_and_every_option_a_help(words: tuple[str, ...], command: click.Command) -> None:
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert "--json" in {flag for option in options for flag in option.opts}, words
    assert all(option.help for option in options if not option.hidden) or words == ("tail",)
    assert command.help


@pytest.mark.parametrize(
    ("words", "command"), list(commands()), ids=lambda each: " ".join(each) if isinstance(each, tuple) else ""
)
def test_the_help_of_every_command_has_an_example_that_can_be_typed(
    words: tuple[str, ...], command: click.Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evening.mp4").write_bytes(b"x")
    examples = EXAMPLES[" ".join(words)]
    shown = command.get_help(click.Context(command))
    for example in examples:
        assert f"tablewatch {example}" in shown
        typed = example.partition(" < ")[0].split()
        assert tuple(typed[: len(words)]) == words
        command.make_context(words[-1], typed[len(words) :])


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("tablewatch le", "ledger"),
        ("tablewatch tail table.st", "table.state"),
        ("tablewatch dlq replay crop", "crop.ready.classifier-gateway-dispatch.dlq"),
        ("tablewatch lag --group crop", "cropper"),
        ("tablewatch check --", "--json"),
    ],
)
def test_the_shell_is_offered_names(line: str, offered: str) -> None:
    words = line.split()
    asked = {"_TABLEWATCH_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", "from tablewatch_cli.__main__ import main; main()"],
        env=os.environ | asked, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"plain,{offered}" in done.stdout.splitlines()
