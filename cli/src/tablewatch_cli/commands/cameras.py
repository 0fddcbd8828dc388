"""`cameras`: which there are and how they are; and opening one once, before it is registered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import click

from tablewatch_cli import login, output, probes
from tablewatch_cli.client import Api, Document
from tablewatch_cli.commands import camera_score, camera_setup, camera_views, dry_run
from tablewatch_cli.commands.layout import suggest_command
from tablewatch_cli.errors import Exit
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load

CAMERA_FIELDS = ("camera_id", "number", "name", "state", "enabled", "source", "capture", "layout_version", "status")
POLL_S = 1.0
ANSWER_S = 60.0
"""The server says after 35 s that nobody answered."""


@click.group("cameras", invoke_without_command=True)
@click.option("--site", metavar="ID", help="Only this site.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_context
def cameras_command(context: click.Context, site: str | None, as_json: bool) -> None:
    """The cameras, whether their pictures are taken, and how those are that should be live."""
    if context.invoked_subcommand is None:
        _list({"site_id": site}, as_json=as_json)
    elif site is not None or as_json:
        raise click.UsageError(f"--site and --json go behind {context.invoked_subcommand}.")


@cameras_command.command("list")
@click.option("--site", metavar="ID", help="Only this site.")
@click.option("--state", metavar="STATE", help="Only those that are draft, verifying, verified, live or paused.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_command(site: str | None, state: str | None, *, as_json: bool) -> None:
    """The same as `cameras` alone; with --state those that have come so far."""
    _list({"site_id": site, "state": state}, as_json=as_json)


def _list(wanted: dict[str, str | None], *, as_json: bool) -> None:
    with Api(load()) as api:
        cameras = [_with_status(api, camera) for camera in api.pages("/v1/cameras", wanted)]
    rows = [{name: camera.get(name) for name in CAMERA_FIELDS} for camera in cameras]
    if as_json:
        output.as_json(rows)
        return
    short = [
        row
        | {"source": _part(row, "source").get("type"), "capture": _part(row, "capture").get("state")}
        | {"status": _part(row, "status").get("status")}
        for row in rows
    ]
    output.table(short, CAMERA_FIELDS, "no cameras")
    for reason in sorted({str(reason) for row in rows if (reason := _part(row, "capture").get("reason"))}):
        output.note(reason)
    for row in rows:
        status = _part(row, "status")
        if status.get("status") not in (None, "live"):
            output.note(f"{row['name']}: {status['status']} since {status.get('since')}. {status.get('reason')}")


def _part(row: dict[str, Any], name: str) -> dict[str, Any]:
    """An object inside a row; an empty one where the server has none, or something else."""
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def _with_status(api: Api, camera: dict[str, Any]) -> dict[str, Any]:
    """A list of cameras does not have their status; only those that are read have one that says something."""
    if not camera.get("enabled") or _part(camera, "capture").get("state") != "captured":
        return camera
    found: dict[str, Any] = api.get(f"/v1/cameras/{camera['camera_id']}")
    return found


@cameras_command.command("probe")
@click.argument("address")
@click.option("--type", "kind", type=click.Choice(["rtsp", "hls", "snapshot", "file"]),
              help="Kind of source; else by the address: of http, what ends with .m3u8 is a playlist.")  # fmt: skip
@click.option("--user", metavar="NAME", help=f"User name; the password is asked for, or ${login.PASSWORD}.")
@click.option("--transport", type=click.Choice(["tcp", "udp"]), help="Of rtsp: how the camera is to send; else tcp.")
@click.option("--site", type=Id(), metavar="ID", help="Site, where the key opens several.")
@click.option("--json", "as_json", is_flag=True, help="Print the probe: {status, found, error, snapshot_url, ...}.")
def probe_command(
    address: str, kind: str | None, user: str | None, transport: str | None, site: str | None, as_json: bool
) -> None:
    """Open the camera at ADDRESS once and print what it sends, or why it cannot be read. Nothing is registered.

    It takes up to half a minute. Exits 1 if the camera cannot be read.
    """
    login.check_address(address)
    source = {"type": kind or probes.kind_of(address), "address": address, "user": user, "password": None}
    source["transport"] = transport
    if user is not None:
        source["password"] = login.password()
    given = {name: value for name, value in source.items() if value is not None}
    with Api(load()) as api, _shown_waiting() if output.is_watched() else nullcontext():
        probe = api.post("/v1/probes", {"site_id": site, "source": given})
        probe = answered(api, probe, f"/v1/probes/{probe['probe_id']}")
    _show(probe, as_json=as_json)
    if probe["status"] != "done":
        raise click.exceptions.Exit(Exit.REFUSED)


@contextmanager
def _shown_waiting() -> Iterator[None]:
    with output.err.status("opening the camera, up to half a minute"):
        yield


def answered(api: Api, asked: Document, path: str) -> Document:
    """A probe or discovery with its answer, or as it is after ANSWER_S."""
    until = time.monotonic() + ANSWER_S
    while asked["status"] == "waiting" and time.monotonic() < until:
        time.sleep(POLL_S)
        asked = api.get(path)
    return asked


def _show(probe: Document, *, as_json: bool) -> None:
    if as_json:
        output.as_json(probe)
    if probe["status"] != "done":
        error = probe.get("error") or {"code": "probe_unanswered", "reason": "The probe is not answered."}
        output.note(f"error: {error.get('code')}: {error.get('reason')}")
    elif not as_json:
        for line in probes.lines(probe["found"], probe.get("snapshot_url")):
            output.line(line)


for command in (
    camera_setup.add_command, camera_setup.update_command, camera_setup.pause_command, camera_setup.resume_command,
    camera_setup.remove_command, camera_views.show_command, camera_views.status_command,
    camera_views.snapshot_command, camera_score.score_command, dry_run.dry_run_command, suggest_command,
):  # fmt: skip
    cameras_command.add_command(command)
