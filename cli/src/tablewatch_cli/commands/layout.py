"""`cameras layout`: show, export, import, restore and suggest the tables of a camera's picture; list its versions."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import yaml

from tablewatch_cli import layouts, output
from tablewatch_cli.client import Api, Document
from tablewatch_cli.commands.layout_source import source_group
from tablewatch_cli.errors import InputUnreadable, LayoutFileInvalid, NoTables
from tablewatch_cli.parameters import Id, Seconds
from tablewatch_cli.settings import load

FORMATS = click.Choice(["crop", "coco", "frigate"])
TABLE_FIELDS = ("table_id", "label", "seats", "section_id", "corners", "top")
VERSION_FIELDS = ("version", "created_at", "author", "origin", "tables", "kept", "new", "retired")
SUGGESTED_FIELDS = ("label", "confidence", "sat_s", "seen_share", "box", "why")
MOST_BYTES = 1024 * 1024
POLL_S = 1.0


@click.group("layout")
def layout_group() -> None:
    """The tables, the floor and the ignore areas in a camera's picture."""


layout_group.add_command(source_group)


@layout_group.command("show")
@click.argument("camera", type=Id())
@click.option("--version", type=click.IntRange(1), help="An earlier one; else the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print the layout, as `PUT …/layout` takes it.")
def show_command(camera: str, version: int | None, as_json: bool) -> None:
    """The tables of CAMERA's layout."""
    path = f"/v1/cameras/{camera}/layout"
    with Api(load()) as api:
        found = api.get(path if version is None else f"{path}s/{version}")
    if as_json:
        output.as_json(found)
        return
    size = found["reference"]
    output.note(f"version {found['version']} of {found['created_at']}, on {size['width']} x {size['height']} pixels")
    output.table([layouts.table_row(each) for each in found["tables"]], TABLE_FIELDS, "no tables")


@layout_group.command("versions")
@click.argument("camera", type=Id())
@click.option("--diff", type=click.IntRange(1), metavar="VERSION", help="What VERSION changed of the one before.")
@click.option("--from", "from_version", type=click.IntRange(1), metavar="VERSION", help="With --diff: of this one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def versions_command(camera: str, diff: int | None, from_version: int | None, as_json: bool) -> None:
    """The versions of CAMERA's layout, newest first: who made each, how, and what became of its tables."""
    if from_version is not None and diff is None:
        raise click.UsageError("--from is for --diff.")
    path = f"/v1/cameras/{camera}/layouts"
    with Api(load()) as api:
        if diff is not None:
            _show_diff(api.get(f"{path}/{diff}/diff", {"from_version": from_version}), as_json=as_json)
            return
        found = list(api.pages(path))
    if as_json:
        output.as_json(found)
        return
    output.table([layouts.version_row(each) for each in found], VERSION_FIELDS, "no layout")


@layout_group.command("export")
@click.argument("camera", type=Id())
@click.option("--format", "form", type=FORMATS, default="crop", show_default=True, help="Form of the document.")
@click.option("--json", "as_json", is_flag=True, help="It is JSON anyway.")
def export_command(camera: str, form: str, as_json: bool) -> None:
    """Print CAMERA's newest layout in a form of others (docs/layouts.md). It is JSON, which Frigate takes as YAML."""
    with Api(load()) as api:
        output.as_json(api.get(f"/v1/cameras/{camera}/layout/export", {"format": form}))


@layout_group.command("import")
@click.argument("camera", type=Id())
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=str))
@click.option("--format", "form", type=FORMATS, default="crop", show_default=True, help="Form of the document.")
@click.option("--source-camera", metavar="NAME", help="Of a configuration of Frigate with several cameras: which.")
@click.option("--json", "as_json", is_flag=True, help="Print the new layout and what it changed.")
def import_command(camera: str, file: str, form: str, source_camera: str | None, as_json: bool) -> None:
    """Draw CAMERA's layout from FILE, JSON or YAML (- reads standard input). Tables keep their ids where they match.

    What `layout show --json` and `cameras suggest --json` print is taken as it is.
    """
    query = {"format": form} | ({} if source_camera is None else {"source_camera": source_camera})
    document = read_document(file)
    path, is_ours = f"/v1/cameras/{camera}/layout", "reference" in document
    if is_ours and (form != "crop" or source_camera is not None):
        raise click.UsageError("FILE has the form of `layout show --json`: leave --format and --source-camera out.")
    with Api(load()) as api:
        saved = api.put(path if is_ours else f"{path}/import?{urlencode(query)}", document)
    _show_saved(saved, as_json=as_json)


@layout_group.command("restore")
@click.argument("camera", type=Id())
@click.argument("version", type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="Print the new layout and what it changed.")
def restore_command(camera: str, version: int, as_json: bool) -> None:
    """Draw VERSION of CAMERA's layout again, as a new version with the tables that it had."""
    with Api(load()) as api:
        saved = api.post(f"/v1/cameras/{camera}/layouts/{version}/restore", {})
    _show_saved(saved, as_json=as_json)


@click.command("suggest")
@click.argument("camera", type=Id())
@click.option("--minutes", type=click.IntRange(1, 60), default=10, show_default=True,
              help="Pictures of so many minutes are looked at, 40 at most.")  # fmt: skip
@click.option("--wait", type=Seconds(min=0), default=60, show_default=True, metavar="S",
              help="For the looks, at most.")  # fmt: skip
@click.option("--crop", is_flag=True, help="Print them as crop JSON, to be mended and imported.")
@click.option("--save", is_flag=True, help="Draw them, where CAMERA has no layout yet.")
@click.option("--json", "as_json", is_flag=True, help="Print the suggestions, or with --save the new layout.")
def suggest_command(camera: str, minutes: int, wait: float, crop: bool, save: bool, as_json: bool) -> None:
    """Tables for CAMERA: where somebody sat and where dining tables are seen, and why each.

    Best while guests are there: an empty table is suggested only where a dining table is seen. Look at the picture
    before you save them.
    """
    if crop and save:
        raise click.UsageError("Choose between --crop and --save.")
    with Api(load()) as api:
        found = _suggested(api, camera, minutes, wait)
        if (crop or save) and not found["tables"]:
            raise NoTables
        saved = _save(api, camera, found) if save else None
    if saved is not None:
        _show_saved(saved, as_json=as_json)
    elif crop:
        output.as_json(layouts.crop_document(found))
    elif as_json:
        output.as_json(found)
    else:
        output.note(f"{found['looked']} of {found['frames']} pictures were looked at")
        output.table([layouts.suggestion_row(each) for each in found["tables"]], SUGGESTED_FIELDS, "no tables")


def _suggested(api: Api, camera: str, minutes: int, wait_s: float) -> Document:
    """What is suggested once all pictures were looked at, or `wait_s` are over."""
    until = time.monotonic() + wait_s
    path = f"/v1/cameras/{camera}/layout/suggestions"
    found = api.post(path, {"minutes": minutes})
    newest = found["until"]
    while found["looked"] < found["frames"] and time.monotonic() < until:
        time.sleep(POLL_S)
        found = api.get(path, {"minutes": minutes, "until": newest})
    return found


def _save(api: Api, camera: str, found: Document) -> Document:
    """Raises CliError where the camera has a layout already."""
    return api.put(f"/v1/cameras/{camera}/layout", layouts.drawing(found), if_none_match="*")


def read_document(file: str) -> Document:
    """Of a file, as JSON values; YAML reads JSON too. Raises InputUnreadable, LayoutFileInvalid."""
    try:
        text = sys.stdin.read(MOST_BYTES + 1) if file == "-" else _text(Path(file))
        found: Any = yaml.safe_load(text) if len(text) <= MOST_BYTES else None
    except OSError as error:
        raise InputUnreadable(str(error)) from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise LayoutFileInvalid(f"{file} is neither JSON nor YAML: {error}") from error
    if not isinstance(found, dict):
        raise LayoutFileInvalid(f"{file} is no object of JSON or YAML of less than {MOST_BYTES} characters.")
    return found


def _text(file: Path) -> str:
    with file.open(encoding="utf-8") as opened:
        return opened.read(MOST_BYTES + 1)


def _show_saved(saved: Document, *, as_json: bool) -> None:
    if as_json:
        output.as_json(saved)
        return
    output.line(f"version {saved['version']}: {layouts.summary(saved)}")
    for each in layouts.lines(saved):
        output.line(each)
    for warning in saved["warnings"]:
        output.note(f"{warning['label']}: {warning['sentence']}")


def _show_diff(diff: Document, *, as_json: bool) -> None:
    if as_json:
        output.as_json(diff)
        return
    output.line(f"from version {diff['from_version'] or '-'} to {diff['version']}: {layouts.summary(diff)}")
    for each in layouts.diff_lines(diff):
        output.line(each)
