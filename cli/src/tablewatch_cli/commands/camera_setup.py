"""`cameras add`, `update`, `pause`, `resume` and `remove`."""

from __future__ import annotations

from typing import Any

import click

from tablewatch_cli import asking, camera_source, hours, output
from tablewatch_cli.client import Api, Document
from tablewatch_cli.commands.camera_options import (
    check_zone,
    given_identity,
    given_settings,
    given_source,
    hours_option,
    identity_options,
    setting_options,
    source_options,
)
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print the camera as JSON.")
zone_option = click.option(
    "--timezone", metavar="ZONE", help="The clock that --hours are meant by; refused where the site has another."
)


@click.command("add")
@click.argument("address", required=False)
@click.option("--name", required=True, help="What people call it.")
@identity_options
@click.option("--site", type=Id(), metavar="ID", help="Its site, where the key opens several.")
@source_options
@setting_options
@hours_option
@click.option("--always-open", is_flag=True, help="Pictures at all times, whatever the hours of the site.")
@zone_option
@click.option("--paused", is_flag=True, help="Take no pictures yet: `cameras resume` begins.")
@as_json_option
def add_command(
    address: str | None, name: str, site: str | None, timezone: str | None, *, paused: bool, as_json: bool, **more: Any
) -> None:
    """Register the camera at ADDRESS: rtsp://, rtsps://, http://, https://, or a path of a local file.

    Without an ADDRESS it takes uploaded videos only. Without hours it has those of its site, without a number the next
    free one. Try the address first, with `cameras probe`; then draw its tables.
    """
    source = camera_source.new(given_source(address, more))
    fields: Document = {"name": name, "source": source, "enabled": not paused, **given_settings(more)}
    week = _week(more)
    with Api(load()) as api:
        site = site or _only_site(api, needed=timezone is not None or more["section"] is not None)
        check_zone(api, str(site), timezone)
        fields |= given_identity(api, str(site), more)
        camera = api.post("/v1/cameras", fields | {"site_id": site, "opening_hours": week})
    drawing, resuming = "draw its tables, then: tablewatch cameras status", "then: tablewatch cameras resume"
    then = resuming if paused else drawing
    _show(camera, f"is registered; {then}", as_json=as_json)


@click.command("update")
@click.argument("camera", type=Id())
@click.option("--name", help="What people call it.")
@identity_options
@click.option("--no-section", is_flag=True, help="In no section any more.")
@click.option("--address", metavar="ADDRESS", help="Another address. A password has to be given again.")
@source_options
@click.option("--no-login", is_flag=True, help="Forget user name and password.")
@setting_options
@click.option("--default-detector", is_flag=True, help="The detector of its site again.")
@hours_option
@click.option("--always-open", is_flag=True, help="Pictures at all times, whatever the hours of the site.")
@click.option("--site-hours", is_flag=True, help="The hours of its site again.")
@zone_option
@as_json_option
def update_command(
    camera: str, address: str | None, timezone: str | None, *, no_login: bool, as_json: bool, **more: Any
) -> None:
    """Change what is named of CAMERA; everything else stays as it is."""
    given, change = given_source(address, more, forget=no_login), _change(more)
    if not change and given.nothing and not any(more[name] is not None for name in ("number", "section", "notes")):
        raise click.UsageError("Name what is to be changed; --help lists it.")
    with Api(load()) as api:
        current, tag = api.tagged(f"/v1/cameras/{camera}")
        check_zone(api, current["site_id"], timezone)
        change |= given_identity(api, current["site_id"], more)
        if not given.nothing:
            change["source"] = camera_source.changed(current["source"], given)
        # A source is sent whole: what somebody else made of it meanwhile must not be taken back
        changed = api.patch(f"/v1/cameras/{camera}", change, if_match=tag if "source" in change else None)
    _show(changed, "is changed", as_json=as_json)


def _change(options: Document) -> Document:
    """Fields of the API but for the source; null where a choice is taken back. Raises click.UsageError."""
    change = given_settings(options)
    if options["default_detector"]:
        change["detector"] = None
    if options["name"] is not None:
        change["name"] = options["name"]
    if options["no_section"]:
        change["section_id"] = None
    week = _week(options, also=options["site_hours"])
    if week is not None or options["site_hours"]:
        change["opening_hours"] = week
    return change


@click.command("pause")
@click.argument("camera", type=Id())
@as_json_option
def pause_command(camera: str, *, as_json: bool) -> None:
    """Take no more pictures of CAMERA; its tables become unknown. `cameras resume` goes on."""
    _switch(camera, enabled=False, words="is paused", as_json=as_json)


@click.command("resume")
@click.argument("camera", type=Id())
@as_json_option
def resume_command(camera: str, *, as_json: bool) -> None:
    """Take pictures of CAMERA again."""
    _switch(camera, enabled=True, words="is resumed", as_json=as_json)


@click.command("remove")
@click.argument("camera", type=Id())
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print {camera_id}.")
def remove_command(camera: str, *, yes: bool, as_json: bool) -> None:
    """Take CAMERA out for good. Its tables are retired; videos that were uploaded for it stay."""
    with Api(load()) as api:
        found = api.get(f"/v1/cameras/{camera}")
        if not yes:
            asking.confirm(f"Remove {found['name']} ({camera}) for good?")
        api.delete(f"/v1/cameras/{camera}")
    if as_json:
        output.as_json({"camera_id": camera})
    else:
        output.line(f"{camera} {found['name']} is removed")


def _week(options: Document, *, also: bool = False) -> Document | None:
    """The hours that are given. Raises click.UsageError for more than one choice."""
    if sum((options["week"] is not None, options["always_open"], also)) > 1:
        raise click.UsageError("Choose one of --hours, --always-open and --site-hours.")
    if options["always_open"]:
        return {day: list(intervals) for day, intervals in hours.ALWAYS.items()}
    week: Document | None = options["week"]
    return week


def _only_site(api: Api, *, needed: bool) -> str | None:
    """The one site of the key, where it has to be known; the API chooses it itself."""
    if not needed:
        return None
    sites = list(api.pages("/v1/sites"))
    if len(sites) != 1:
        raise click.UsageError("The key opens several sites: --site ID.")
    return str(sites[0]["site_id"])


def _switch(camera: str, *, enabled: bool, words: str, as_json: bool) -> None:
    with Api(load()) as api:
        changed = api.patch(f"/v1/cameras/{camera}", {"enabled": enabled})
    _show(changed, words, as_json=as_json)


def _show(camera: Document, words: str, *, as_json: bool) -> None:
    if as_json:
        output.as_json(camera)
        return
    output.line(f"{camera['camera_id']} {camera['name']} {words}")
    if reason := camera["capture"]["reason"]:
        output.note(str(reason))
