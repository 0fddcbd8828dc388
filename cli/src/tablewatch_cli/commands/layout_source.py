"""`cameras layout source`: the external cropper that a camera's layout is pulled from."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import click

from tablewatch_cli import layouts, login, output
from tablewatch_cli.client import Api, Document
from tablewatch_cli.errors import Exit
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load

TOKEN = "TABLEWATCH_CROPPER_TOKEN"  # noqa: S105 (the name of a variable)
POLL_S = 1.0
DONE_S = 60.0
WELL = frozenset({"layout_pulled", "layout_unchanged"})


@click.group("source")
def source_group() -> None:
    """The external cropper that a camera's layout is pulled from (docs/layouts.md)."""


@source_group.command("show")
@click.argument("camera", type=Id())
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, with what the newest pulled version changed.")
def show_command(camera: str, *, as_json: bool) -> None:
    """From where CAMERA's layout is pulled, when next, and what came of it last."""
    with Api(load()) as api:
        source = api.get(_path(camera))
    _show(source, as_json=as_json)


@source_group.command("set")
@click.argument("camera", type=Id())
@click.argument("url")
@click.option("--every", "every_s", type=click.IntRange(60, 7 * 86_400), metavar="S", help="Seconds; else an hour.")
@click.option("--send-picture", is_flag=True, help="Send the last good snapshot with each question.")
@click.option("--token", "ask", is_flag=True, help=f"Ask for a bearer token, or take ${TOKEN}; else the stored one.")
@click.option("--no-token", "forget", is_flag=True, help="Delete the stored token.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def set_command(
    camera: str, url: str, every_s: int | None, *, send_picture: bool, ask: bool, forget: bool, as_json: bool
) -> None:
    """Have CAMERA's layout pulled from URL, at once and from then on."""
    if ask and forget:
        raise click.UsageError("Choose one of --token and --no-token.")
    login.check_address(url)
    body: Document = {"url": url, "send_picture": send_picture}
    body |= {} if every_s is None else {"every_s": every_s}
    body |= {"token": _token()} if ask else {"token": ""} if forget else {}
    with Api(load()) as api:
        source = api.put(_path(camera), body)
    _show(source, as_json=as_json)


@source_group.command("remove")
@click.argument("camera", type=Id())
@click.option("--json", "as_json", is_flag=True, help="Print {camera_id}.")
def remove_command(camera: str, *, as_json: bool) -> None:
    """Pull CAMERA's layout no more. The layout stays."""
    with Api(load()) as api:
        api.delete(_path(camera))
    if as_json:
        output.as_json({"camera_id": camera})
    else:
        output.note(f"{camera} is not pulled any more")


@source_group.command("pull")
@click.argument("camera", type=Id())
@click.option("--json", "as_json", is_flag=True, help="Print the layout source as JSON when it is done.")
def pull_command(camera: str, *, as_json: bool) -> None:
    """Pull CAMERA's layout now, and wait for what comes of it. Exits 1 if that is no layout."""
    path = _path(camera)
    with Api(load()) as api:
        before = api.post(f"{path}/pull", {})
        source = _done(api, path, before)
    _show(source, as_json=as_json)
    if source["pulls"] == before["pulls"] or source["last"]["code"] not in WELL:
        raise click.exceptions.Exit(Exit.REFUSED)


def _path(camera: str) -> str:
    return f"/v1/cameras/{camera}/layout-source"


def _token() -> str:
    asked: str = os.environ.get(TOKEN) or click.prompt("Token", hide_input=True, err=True)
    return asked


def _done(api: Api, path: str, before: Document) -> Document:
    """As it is after the next pull, or after DONE_S."""
    until, source = time.monotonic() + DONE_S, before
    while source["pulls"] == before["pulls"] and time.monotonic() < until:
        time.sleep(POLL_S)
        source = api.get(path)
    return source


def _show(source: Document, *, as_json: bool) -> None:
    if as_json:
        output.as_json(source)
        return
    for name, value in _lines(source):
        output.line(f"{name:<10} {value}")
    for warning in (source["made"] or {"warnings": []})["warnings"]:
        output.note(f"{warning['label']}: {warning['sentence']}")


def _lines(source: Document) -> Iterator[tuple[str, str]]:
    sent = "with a picture" if source["send_picture"] else "without a picture"
    token = ", with a token" if source["has_token"] else ""
    yield "url", f"{source['url']} every {source['every_s']} s, {sent}{token}"
    yield "next", source["next_at"]
    last, made = source["last"], source["made"]
    if last is None:
        yield "last", "not pulled yet"
    else:
        yield "last", f"{last['at']} {last['code']}: {last['sentence']}"
    if made is not None:
        yield "version", f"{made['version']} of {made['at']}: {layouts.summary(made)}"
        yield from (("", line) for line in layouts.lines(made))
