"""`cameras show`, `status` and `snapshot`: what is known of cameras."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import httpx

from tablewatch_cli import hours, output, streams, times, web
from tablewatch_cli.client import Api, Document
from tablewatch_cli.errors import ApiUnreachable, CliError, Exit, NoSnapshot, OutputFailed
from tablewatch_cli.parameters import Id, Seconds
from tablewatch_cli.settings import load

STATUS_FIELDS = ("camera_id", "name", "status", "code", "since", "observed_at", "last_frame_at", "reason")
SHOWN_FIELDS = ("camera_id", "name", "status", "code", "since", "heard_ago", "last_frame_at", "reason")
STATES = {
    "draft": "draft: it was not switched on yet, or has no source",
    "verifying": "verifying: its first picture is waited for",
    "verified": "verified: pictures come; draw its tables",
    "live": "live: pictures come, and its tables are drawn",
    "paused": "paused: tablewatch cameras resume",
}
WELL = frozenset({"live", "verified"})
POLL_S = 1.0
PICTURE_TIMEOUT_S = 30.0


@click.command("show")
@click.argument("camera", type=Id())
@click.option("--json", "as_json", is_flag=True, help="Print the camera as JSON, with its status.")
def show_command(camera: str, *, as_json: bool) -> None:
    """How CAMERA is set up, and how it is."""
    with Api(load()) as api:
        found = api.get(f"/v1/cameras/{camera}")
        site = api.get(f"/v1/sites/{found['site_id']}")
    if as_json:
        output.as_json(found)
        return
    for name, value in setup(found, site):
        output.line(f"{name:<10} {value}")


def setup(camera: Document, site: Document) -> Iterator[tuple[str, str]]:
    """A line for each thing of a camera that somebody set, and its status."""
    source, status = camera["source"], camera.get("status")
    yield "camera", f"{camera['camera_id']}, {camera['name']}"
    yield "number", "none" if camera.get("number") is None else str(camera["number"])
    yield "site", f"{site['site_id']}, {site['name']}"
    if camera.get("section_id"):
        yield "section", camera["section_id"]
    if camera.get("notes"):
        yield "notes", camera["notes"]
    yield "source", _source(source)
    yield "cadence", f"every {_seconds(camera['cadence_ms'])}, dropped after {_seconds(camera['max_age_ms'])}"
    yield "looks", "at every picture" if not camera["look_every_ms"] else f"every {_seconds(camera['look_every_ms'])}"
    yield "detector", camera["detector"] or "that of the site"
    yield "hours", _hours(camera, site)
    version = camera["layout_version"]
    yield "layout", "none: draw its tables" if version is None else f"version {version}"
    state = str(camera.get("state") or "")
    if state:
        yield "state", STATES.get(state, state)
    yield "pictures", "taken" if camera["enabled"] else "paused: tablewatch cameras resume"
    if status is not None:
        yield "status", f"{status['status']} since {status['since']}. {status['reason']}"


def _source(source: Document) -> str:
    if source["type"] == "none":
        return "none: uploaded videos only"
    over = f" over {source['transport']}" if source.get("transport") else ""
    return f"{source['type']} {source['address']}{over}" + (", with a password" if source["secret_ref"] else "")


def _hours(camera: Document, site: Document) -> str:
    own = camera["opening_hours"]
    week, whose = (site["opening_hours"], "of the site: ") if own is None else (own, "")
    return f"{whose}{hours.text(week)} ({site['timezone']})"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:g} s"


@click.command("status")
@click.argument("cameras", type=Id(), nargs=-1, metavar="[CAMERA]...")
@click.option("--wait", type=Seconds(min=0), metavar="S", help="Until all of them are live, for S seconds at most.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of {camera_id, name, status, code, ...}.")
def status_command(cameras: Sequence[str], wait: float | None, *, as_json: bool) -> None:
    """How each CAMERA is, or all whose pictures are taken: live, or what is wrong, since when, and what to do.

    It is confirmed every ten minutes while pictures are taken: one that was heard of longer ago may not hold any more.
    Exits 4 if one of them is not well.
    """
    until = time.monotonic() + (wait or 0)
    with Api(load()) as api:
        named = cameras or [each["camera_id"] for each in api.pages("/v1/cameras") if _is_read(each)]
        rows = _statuses(api, named)
        while not all(map(_is_well, rows)) and time.monotonic() < until:
            time.sleep(POLL_S)
            rows = _statuses(api, named)
    if as_json:
        output.as_json(rows)
    else:
        now = datetime.now(UTC)
        shown = [row | {"heard_ago": times.age(row["observed_at"], now) or None} for row in rows]
        output.table(shown, SHOWN_FIELDS, "no camera that pictures are taken of")
    if not all(map(_is_well, rows)):
        raise click.exceptions.Exit(Exit.UNHEALTHY)


def _is_read(camera: Document) -> bool:
    return bool(camera["enabled"]) and camera["capture"]["state"] == "captured"


def _is_well(row: Document) -> bool:
    return row["status"] in WELL or row["code"] == "outside_opening_hours"


def _statuses(api: Api, cameras: Sequence[str]) -> list[Document]:
    return [_status_row(api.get(f"/v1/cameras/{each}")) for each in cameras]


def _status_row(camera: Document) -> Document:
    status = dict(camera["status"] or {"reason": _unheard(camera)})
    return {name: status.get(name) for name in STATUS_FIELDS} | {
        "camera_id": camera["camera_id"],
        "name": camera["name"],
    }


def _unheard(camera: Document) -> str:
    """Why nothing has been heard of a camera."""
    if camera["source"]["type"] == "none":
        return "It has no source: give it an address with `cameras update`."
    if not camera["enabled"]:
        return "It was not switched on yet: `cameras resume` does it."
    return "Nothing has been heard of it yet."


@click.command("snapshot")
@click.argument("camera", type=Id())
@click.option("-o", "--output", "path", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
              help="Write the picture here; - is standard output.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print {camera_id, captured_at, url}.")
def snapshot_command(camera: str, path: Path | None, *, as_json: bool) -> None:
    """The newest picture of CAMERA that was looked at, else the last one that was well: a link, or the picture."""
    with Api(load()) as api:
        found = _snapshot(api, camera)
    if path is not None:
        _write(path, _picture(found["url"]))
    if as_json:
        output.as_json(found)
    elif path is None:
        output.note(f"captured at {found['captured_at']}")
        output.line(found["url"])
    elif str(path) != "-":
        output.note(f"{path}: captured at {found['captured_at']}")


def _snapshot(api: Api, camera: str) -> Document:
    """{camera_id, captured_at, url}. Raises NoSnapshot."""
    try:
        view = api.get(f"/v1/cameras/{camera}/view")
    except CliError as error:
        if error.code != "view_not_found":
            raise
    else:
        return {"camera_id": camera, "captured_at": view["captured_at"], "url": view["url"]}
    status = api.get(f"/v1/cameras/{camera}")["status"]
    if status is None or not status["snapshot_key"]:
        raise NoSnapshot
    link = api.post("/v1/links", {"object_key": status["snapshot_key"]})
    return {"camera_id": camera, "captured_at": status["last_frame_at"], "url": link["url"]}


def _picture(url: str) -> bytes:
    """What a link opens; it needs no key, and gets none. Raises ApiUnreachable, NoSnapshot."""
    try:
        response = web.get(url, timeout=PICTURE_TIMEOUT_S)
    except httpx.HTTPError as error:
        raise ApiUnreachable(f"The link to the picture: {error or type(error).__name__}") from error
    if response.status_code != httpx.codes.OK:
        raise NoSnapshot(f"The link to it is answered with {response.status_code}.")
    return response.content


def _write(path: Path, picture: bytes) -> None:
    if str(path) == "-":
        with streams.writing():
            sys.stdout.buffer.write(picture)
            sys.stdout.buffer.flush()
        return
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror}.") from error
