"""Asking a person before something is done for good."""

from __future__ import annotations

import sys

import click


def confirm(question: str) -> None:
    """Raises click.Abort for a no, and click.UsageError where standard input ends without an answer."""
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("Standard input has no answer; --yes does it without asking.") from None
    if not agreed:
        raise click.Abort
