"""Options that commands of cameras and sites share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from tablewatch_cli import login
from tablewatch_cli.camera_source import Given
from tablewatch_cli.client import Api, Document
from tablewatch_cli.hours import HoursParam
from tablewatch_cli.parameters import Seconds

Command = TypeVar("Command", bound=Callable[..., Any])
TYPES = ("rtsp", "hls", "snapshot", "file", "none")
SETTINGS = {"cadence": "cadence_ms", "look_every": "look_every_ms", "max_age": "max_age_ms"}
"""Options in seconds, and the fields in milliseconds that they set."""


def source_options(command: Command) -> Command:
    """What says how a camera is reached."""
    for option in reversed((
        click.option("--type", "kind", type=click.Choice(TYPES),
                     help="Kind of source; else by the address: of http, what ends with .m3u8 is a playlist."),
        click.option("--user", metavar="NAME", help=f"User name of the camera, or ${login.USER}; its password is asked"
                     f" for, or ${login.PASSWORD}."),
        click.option("--login", "ask", is_flag=True, help="Ask for user name and password."),
        click.option("--login-stdin", is_flag=True, help="Read them from standard input, a line each."),
        click.option("--transport", type=click.Choice(["tcp", "udp"]),
                     help="Of rtsp: how the camera is to send; else tcp."),
    )):  # fmt: skip
        command = option(command)
    return command


def identity_options(command: Command) -> Command:
    """What people know a camera by, beside its name."""
    for option in reversed((
        click.option("--number", type=click.IntRange(1, 9999), help="Its number, unique in its site."),
        click.option("--section", metavar="NAME", help="The section that it hangs in, by name or id."),
        click.option("--notes", metavar="TEXT", help="For people: where the ladder is. Empty: none."),
    )):  # fmt: skip
        command = option(command)
    return command


def setting_options(command: Command) -> Command:
    """How often pictures are taken and looked at, in seconds."""
    for option in reversed((
        click.option("--cadence", type=Seconds(min=0.1, max=3600), metavar="S", help="One picture every S seconds."),
        click.option("--look-every", type=Seconds(min=0, max=3600), metavar="S", help="While nothing changes at its"
                     " tables, a classifier looks once in S seconds; 0: at every picture."),
        click.option("--max-age", type=Seconds(min=0.001, max=86400), metavar="S",
                     help="Pictures that wait for longer are dropped."),
        click.option("--detector", metavar="NAME", help="Detector that looks at its pictures."),
    )):  # fmt: skip
        command = option(command)
    return command


def hours_option(command: Command) -> Command:
    """`--hours`, as `week`."""
    shown = "Opening hours: 'mon-fri 10:00-23:00, sat 11:00-02:00'; one that ends before it begins ends the next day."
    return click.option("--hours", "week", type=HoursParam(), metavar="HOURS", help=shown)(command)


def given_source(address: str | None, options: Mapping[str, Any], *, forget: bool = False) -> Given:
    """Of the values of `source_options`. Raises click.UsageError."""
    user = options["user"]
    if forget and (user or options["ask"] or options["login_stdin"]):
        raise click.UsageError("Choose one of --no-login and a login.")
    if address is not None:
        login.check_address(address)
        user = user or (None if forget else login.user())
    found = login.find(user, ask=options["ask"], from_stdin=options["login_stdin"])
    return Given(address, options["kind"], options["transport"], found, forget)


def given_settings(options: Mapping[str, Any]) -> Document:
    """Fields of the API, of the values of `setting_options`; those that were left out are not in it."""
    fields = {field: options[name] for name, field in SETTINGS.items() if options[name] is not None}
    whole = {field: round(seconds * 1000) for field, seconds in fields.items()}
    return whole if options["detector"] is None else whole | {"detector": options["detector"]}


def given_identity(api: Api, site_id: str, options: Mapping[str, Any]) -> Document:
    """Of the values of `identity_options`; a section is looked up in the site. Raises click.UsageError."""
    given = {"number": options["number"], "notes": options["notes"]}
    found: Document = {field: value for field, value in given.items() if value is not None}
    if "notes" in found:
        found["notes"] = found["notes"] or None
    if options["section"] is not None:
        found["section_id"] = _section_id(api, site_id, options["section"])
    return found


def _section_id(api: Api, site_id: str, section: str) -> str:
    sections = list(api.pages(f"/v1/sites/{site_id}/sections"))
    for each in sections:
        if section in (each["section_id"], each["name"]):
            return str(each["section_id"])
    known = ", ".join(str(each["name"]) for each in sections) or "it has none"
    raise click.UsageError(f"The site has no section {section}: {known}.")


def check_zone(api: Api, site_id: str, zone: str | None) -> None:
    """Hours are by the clock of the site. Raises click.UsageError where that is another than was meant."""
    if zone is None:
        return
    site = api.get(f"/v1/sites/{site_id}")
    if site["timezone"] != zone:
        raise click.UsageError(
            f"Hours are by the clock of the site, {site['timezone']}; another one: tablewatch sites update {site_id}"
            f" --timezone {zone}"
        )
