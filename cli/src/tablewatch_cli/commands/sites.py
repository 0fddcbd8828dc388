"""`sites`: which there are, and their names, clocks and opening hours."""

from __future__ import annotations

import click

from tablewatch_cli import hours, output
from tablewatch_cli.client import Api, Document
from tablewatch_cli.commands.camera_options import hours_option
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load

FIELDS = ("site_id", "name", "timezone", "opening_hours", "detector")
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print the site as JSON.")
zone_option = click.option("--timezone", metavar="ZONE", help="Its clock, as Europe/Berlin: hours are by it.")
always_option = click.option("--always-open", is_flag=True, help="Pictures at all times.")


@click.group("sites")
def sites_group() -> None:
    """The sites that the key opens."""


@sites_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_command(*, as_json: bool) -> None:
    """Sites with their clocks and opening hours."""
    with Api(load()) as api:
        found = list(api.pages("/v1/sites"))
    if as_json:
        output.as_json(found)
        return
    output.table([_row(each) for each in found], FIELDS, "no sites")


@sites_group.command("show")
@click.argument("site", type=Id())
@as_json_option
def show_command(site: str, *, as_json: bool) -> None:
    """One site."""
    with Api(load()) as api:
        _show(api.get(f"/v1/sites/{site}"), as_json=as_json)


@sites_group.command("add")
@click.argument("name")
@zone_option
@hours_option
@as_json_option
def add_command(name: str, timezone: str | None, week: hours.Week | None, *, as_json: bool) -> None:
    """Make a site, with a key that opens all sites. Without hours it is always open; its clock is UTC."""
    with Api(load()) as api:
        made = api.post("/v1/sites", {"name": name, "timezone": timezone, "opening_hours": week})
    _show(made, as_json=as_json)


@sites_group.command("update")
@click.argument("site", type=Id())
@click.option("--name", help="What people call it.")
@zone_option
@hours_option
@always_option
@click.option("--detector", metavar="NAME", help="Detector that looks at the pictures of its cameras.")
@click.option("--default-detector", is_flag=True, help="The detector of the installation again.")
@as_json_option
def update_command(
    site: str, name: str | None, timezone: str | None, week: hours.Week | None, detector: str | None, *,
    always_open: bool, default_detector: bool, as_json: bool,
) -> None:  # fmt: skip
    """Change what is named of SITE, with a key of scope admin. Its hours hold for cameras without their own."""
    if (week is not None and always_open) or (detector is not None and default_detector):
        raise click.UsageError("Choose one of --hours and --always-open, one of --detector and --default-detector.")
    named = {"name": name, "timezone": timezone, "opening_hours": week, "detector": detector}
    change: Document = {field: value for field, value in named.items() if value is not None}
    change |= ({"opening_hours": None} if always_open else {}) | ({"detector": None} if default_detector else {})
    if not change:
        raise click.UsageError("Name what is to be changed; --help lists it.")
    with Api(load()) as api:
        _show(api.patch(f"/v1/sites/{site}", change), as_json=as_json)


def _show(site: Document, *, as_json: bool) -> None:
    if as_json:
        output.as_json(site)
    else:
        output.table([_row(site)], FIELDS, "")


def _row(site: Document) -> Document:
    return {**site, "opening_hours": hours.text(site["opening_hours"])}
