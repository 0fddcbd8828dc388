"""User name and password of a camera: asked for, of the environment, or of standard input.

A password is never an argument, as others see those in the list of processes, and never part of an address.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import click

USER = "TABLEWATCH_CAMERA_USER"
PASSWORD = "TABLEWATCH_CAMERA_PASSWORD"  # noqa: S105 (the name of a variable)
MOST_LINE = 1000
"""Characters of a line of standard input that are read."""


@dataclass(frozen=True, slots=True)
class Login:
    """Of a camera."""

    user: str
    password: str = field(repr=False)


def check_address(address: str) -> None:
    """Raises click.UsageError, which does not repeat it, for one with a user name or password, or that is none."""
    try:
        found = urlsplit(address).netloc
    except ValueError as error:
        raise click.BadParameter(f"The address is no address: {error}.") from error
    if "@" in found:
        raise click.UsageError(f"Leave user name and password out of the address: --user NAME, and ${PASSWORD}.")


def find(user: str | None, *, ask: bool, from_stdin: bool) -> Login | None:
    """The login that the options name; None without any. Raises click.UsageError."""
    if from_stdin:
        if ask:
            raise click.UsageError("Choose one of --login and --login-stdin.")
        return Login(_line("user name"), _line("password"))
    user = click.prompt("User", err=True, default=user) if ask else user
    return None if not user else Login(user, password())


def user() -> str | None:
    """Of the environment."""
    return os.environ.get(USER) or None


def password() -> str:
    """Of the environment, else asked for."""
    given = os.environ.get(PASSWORD)
    if given is not None:
        return given
    asked: str = click.prompt("Password", hide_input=True, err=True, default="", show_default=False)
    return asked


def _line(what: str) -> str:
    text = sys.stdin.readline(MOST_LINE + 2).rstrip("\r\n")
    if len(text) > MOST_LINE or (not text and what == "user name"):
        raise click.UsageError("Standard input has to have two lines: the user name and the password of the camera.")
    return text
