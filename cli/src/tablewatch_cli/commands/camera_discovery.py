"""`cameras discover`: looking for cameras on the network, before any is registered."""

from __future__ import annotations

from contextlib import nullcontext

import click

from tablewatch_cli import devices, login, output
from tablewatch_cli.client import Api, Document
from tablewatch_cli.commands.cameras import answered
from tablewatch_cli.errors import Exit
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load


@click.command("discover")
@click.option("--user", metavar="NAME", help=f"User name; the password is asked for, or ${login.PASSWORD}.")
@click.option("--site", type=Id(), metavar="ID", help="Site, where the key opens several.")
@click.option("--json", "as_json", is_flag=True, help="Print the discovery: {status, devices, error, ...}.")
def discover_command(user: str | None, site: str | None, as_json: bool) -> None:
    """Look for cameras (ONVIF) on the networks of the extractor and print their streams. Nothing is registered.

    It takes up to half a minute. Cameras are sent a digest of the password, never itself. Exits 1 if it fails.
    """
    asked = {"site_id": site, "user": user, "password": None if user is None else login.password()}
    with Api(load()) as api, output.err.status("looking for cameras") if output.is_watched() else nullcontext():
        discovery = api.post("/v1/discoveries", asked)
        discovery = answered(api, discovery, f"/v1/discoveries/{discovery['discovery_id']}")
    _show(discovery, as_json=as_json)
    if discovery["status"] != "done":
        raise click.exceptions.Exit(Exit.REFUSED)


def _show(discovery: Document, *, as_json: bool) -> None:
    if as_json:
        output.as_json(discovery)
    if discovery["status"] != "done":
        error = discovery.get("error") or {"code": "probe_unanswered", "reason": "The discovery is not answered."}
        output.note(f"error: {error.get('code')}: {error.get('reason')}")
    elif not as_json:
        for line in devices.lines(discovery):
            output.line(line)
        for note in devices.notes(discovery):
            output.note(note)
