"""`cameras dry-run`: what would be said of the tables of a camera, before anybody else hears of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from tablewatch_cli import dry_runs, output
from tablewatch_cli.client import Api, Document
from tablewatch_cli.commands.layout import read_document
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load

POLL_S = 2.0
LATE_S = 180.0
"""So long after the end of the pictures the api waits for no look any more, and a little."""


@click.command("dry-run")
@click.argument("camera", type=Id())
@click.option("--file", type=click.Path(dir_okay=False, allow_dash=True, path_type=str),
              help="Tables as `layout show --json` prints them; else those of CAMERA.")  # fmt: skip
@click.option("--seconds", type=click.IntRange(10, 300), default=60, show_default=True, help="How long pictures count.")
@click.option("--json", "as_json", is_flag=True, help="Print what has come of it, with the newest picture, as JSON.")
def dry_run_command(camera: str, file: str | None, seconds: int, *, as_json: bool) -> None:
    """What tablewatch would say of the tables of CAMERA in the next minute. Nobody else hears of it.

    Transitions are printed as they come, and at the end the state of each table. Neither states nor layout of CAMERA
    change.
    """
    asked: Document = {"seconds": seconds} | ({} if file is None else {"layout": read_document(file)})
    shown: set[str] = set()
    with Api(load()) as api:
        for found in _followed(api, camera, asked, seconds):
            if not as_json:
                _show_new(found, shown)
    if as_json:
        output.as_json(found)
        return
    output.table(list(dry_runs.rows(found)), dry_runs.STATE_FIELDS, "no tables")
    output.note(found["sentence"])


def _followed(api: Api, camera: str, asked: Document, seconds: int) -> Iterator[Document]:
    """As it is begun, and then whenever it was read again, up to its end."""
    path = f"/v1/cameras/{camera}/dry-runs"
    found = api.post(path, asked)
    until = time.monotonic() + seconds + LATE_S
    yield found
    while found["status"] != "done" and time.monotonic() < until:
        time.sleep(POLL_S)
        found = api.get(f"{path}/{found['dry_run_id']}")
        yield found


def _show_new(found: Document, shown: set[str]) -> None:
    """Transitions that were not shown yet, and how far it is where a person watches."""
    new = [(key, line) for key, line in dry_runs.transitions(found) if key not in shown]
    for key, line in new:
        output.line(line)
        shown.add(key)
    progress = f"{found['looked']} of {found['pictures']} pictures were looked at, until {found['until']}"
    if output.is_watched() and progress not in shown:
        output.note(progress)
        shown.add(progress)
