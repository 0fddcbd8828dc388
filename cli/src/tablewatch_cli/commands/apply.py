"""`apply`: sites, sections, cameras and layouts as a file has them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from tablewatch_cli import output, sites_plan
from tablewatch_cli.client import Api
from tablewatch_cli.errors import CliError, InputUnreadable, PasswordMissing, SitesFileInvalid
from tablewatch_cli.settings import load
from tablewatch_cli.sites_file import Camera, Document, Site, parse
from tablewatch_cli.sites_plan import AmbiguousSite, Change

MOST_CHARACTERS = 8 * 1024 * 1024
MOST_SHOWN = 20
"""Faults of a file."""


@click.command("apply")
@click.option("-f", "--file", "path", required=True, type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
              help="YAML; - is standard input. examples/sites.yaml shows all of it.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of {action, what, method, path, fields}.")
def apply_command(path: Path, *, dry_run: bool, as_json: bool) -> None:
    """Make sites, sections, cameras, layouts and hours as a file has them, and show each change.

    What the file does not name stays as it is; nothing is removed. Applied again it changes nothing. A site is known by
    its name or site_id, a camera by its number, a section by its name. Stops at the first error, with its line; what
    was changed before stands.
    """
    sites = _sites(path)
    with Api(load()) as api:
        made = _run(path, sites, api, dry_run=True, silent=as_json or not dry_run)
        if not dry_run:  # nothing is changed of a file that cannot be applied to its end, as far as that can be known
            made = _run(path, sites, api, dry_run=False, silent=as_json)
    if as_json:
        output.as_json([_document(each) for each in made])
        return
    added = sum(each.adds for each in made)
    done = "would be " if dry_run else ""
    output.note(f"sites in the file: {len(sites)}; {done}added: {added}, changed: {len(made) - added}")


def _sites(path: Path) -> list[Site]:
    """Raises InputUnreadable, SitesFileInvalid."""
    sites, faults = parse(_text(path))
    for line, sentence in faults.found[:MOST_SHOWN]:
        output.note(f"{path}:{line}: {sentence}")
    if faults.found:
        line, sentence = faults.found[0]
        raise SitesFileInvalid(f"It has {len(faults.found)} faults, the first is {path}:{line}: {sentence}.")
    return sites


def _text(path: Path) -> str:
    try:
        with sys.stdin if str(path) == "-" else path.open(encoding="utf-8") as stream:
            text = stream.read(MOST_CHARACTERS + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise InputUnreadable(f"{path}: {error}") from error
    if len(text) > MOST_CHARACTERS:
        raise InputUnreadable(f"{path} is longer than {MOST_CHARACTERS} characters.")
    return text


def _run(path: Path, sites: list[Site], api: Api, *, dry_run: bool, silent: bool) -> list[Change]:
    """The changes, each of which is shown once it is made. Raises CliError with the line of the file."""
    made: list[Change] = []
    write, secret = partial(_expect if dry_run else _write, path, api), partial(_secret, path)
    try:
        for change in sites_plan.reconcile(sites, api, write, secret):
            made.append(change)
            if not silent:
                for text in sites_plan.lines(change):
                    output.line(text)
    except AmbiguousSite as error:
        raise SitesFileInvalid(f"{path}:{error.line}: {error.reason}.") from error
    return made


def _expect(path: Path, api: Api, change: Change) -> Document:
    """What a change would make. Raises CliError for a layout that cannot be drawn."""
    if (drawing := sites_plan.drawing(change)) is not None:
        with _at_its_line(path, change):
            api.check("/v1/layouts/check", drawing)
    return sites_plan.expected(change)


def _write(path: Path, api: Api, change: Change) -> Document:
    """Raises CliError."""
    with _at_its_line(path, change):
        return api.send(change.method, change.path, change.body)


@contextmanager
def _at_its_line(path: Path, change: Change) -> Iterator[None]:
    """An error with the line of the file that it is about."""
    try:
        yield
    except CliError as error:
        raise CliError(error.code, f"{path}:{change.line}: {change.what}: {error.reason}", error.exit_code) from error


def _secret(path: Path, camera: Camera) -> Document:
    """User and password of a camera. Raises PasswordMissing."""
    if camera.login is None:
        return {}
    variable = camera.login.password_env
    password = "" if variable is None else os.environ.get(variable)
    if password is None:
        raise PasswordMissing(f"{path}:{camera.line}: camera {camera.number}: set {variable}.")
    return {"user": camera.login.user, "password": password}


def _document(change: Change) -> dict[str, Any]:
    fields = {
        name: {"from": sites_plan.value(name, old), "to": sites_plan.value(name, new)}
        for name, (old, new) in change.fields.items()
    }
    action = "add" if change.adds else "change"
    return {"action": action, "what": change.what, "method": change.method, "path": change.path, "fields": fields}
