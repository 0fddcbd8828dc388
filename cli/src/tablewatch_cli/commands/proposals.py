"""`cameras proposal`: the layout that is proposed for a camera that was moved, and what was decided about others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from tablewatch_cli import layouts, output
from tablewatch_cli.client import Api, Document
from tablewatch_cli.commands.layout import read_document
from tablewatch_cli.errors import CliError
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load

DECISION_FIELDS = ("decided_at", "decision", "by", "proposal_id", "layout_version", "new_version", "note")
NOTE = click.option("--note", metavar="TEXT", help="For people: why.")


@click.group("proposal")
def proposal_group() -> None:
    """Where the tables of a camera are since it was moved: what is proposed for its layout."""


@proposal_group.command("show")
@click.argument("camera", type=Id())
@click.option("--json", "as_json", is_flag=True, help="Print the proposal as JSON.")
def show_command(camera: str, *, as_json: bool) -> None:
    """What is proposed for CAMERA, or why nothing is, with links to its pictures before and after."""
    with Api(load()) as api:
        proposal = api.get(_path(camera))
    if as_json:
        output.as_json(proposal)
        return
    for text in _proposed(proposal):
        output.line(text)


@proposal_group.command("accept")
@click.argument("camera", type=Id())
@click.option("--layout", "file", type=click.Path(dir_okay=False, allow_dash=True, path_type=str), metavar="FILE",
              help="Mended: draw this layout instead, as `layout show --json` prints one.")  # fmt: skip
@NOTE
@click.option("--json", "as_json", is_flag=True, help="Print the new layout as JSON.")
def accept_command(camera: str, file: str | None, note: str | None, *, as_json: bool) -> None:
    """Draw CAMERA's tables where they are proposed, unless somebody has drawn them meanwhile.

    Look at both pictures first. Whoever accepted it, when, and both pictures are kept.
    """
    mended = {} if file is None else {"layout": _drawing(read_document(file))}
    with Api(load()) as api:
        proposal = api.get(_path(camera))
        if not mended and proposal["code"] is not None:
            raise CliError(proposal["code"], proposal["reason"])
        saved = api.post(f"{_path(camera)}/accept", {"proposal_id": proposal["proposal_id"], "note": note} | mended)
    if as_json:
        output.as_json(saved)
        return
    output.line(f"version {saved['version']} of {camera}: {layouts.summary(saved)}")


@proposal_group.command("dismiss")
@click.argument("camera", type=Id())
@NOTE
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
def dismiss_command(camera: str, note: str | None, *, as_json: bool) -> None:
    """Do not take what is proposed for CAMERA. Its tables stay unknown until it is turned back, or they are drawn."""
    with Api(load()) as api:
        proposal_id = api.get(_path(camera))["proposal_id"]
        decided = api.post(f"{_path(camera)}/dismiss", {"proposal_id": proposal_id, "note": note})
    if as_json:
        output.as_json(decided)
        return
    output.line(f"{decided['proposal_id']} dismissed")


@proposal_group.command("history")
@click.argument("camera", type=Id())
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, with links to both pictures of each.")
def history_command(camera: str, *, as_json: bool) -> None:
    """What was decided about earlier proposals for CAMERA, newest first: by whom, when, with which pictures."""
    with Api(load()) as api:
        found = list(api.pages(f"/v1/cameras/{camera}/proposals"))
    if as_json:
        output.as_json(found)
        return
    output.table(
        [{name: each.get(name) for name in DECISION_FIELDS} for each in found], DECISION_FIELDS, "none decided"
    )


def _path(camera: str) -> str:
    return f"/v1/cameras/{camera}/layout/proposal"


def _drawing(document: Document) -> dict[str, Any]:
    """What a layout is drawn by; one that was read has more fields."""
    return {name: document[name] for name in ("reference", "tables", "floor", "ignore") if name in document}


def _proposed(proposal: Document) -> Iterator[str]:
    yield f"proposal   {proposal['proposal_id']}, made at {proposal['made_at']} of layout {proposal['layout_version']}"
    yield f"result     {proposal['code'] or 'proposed'}: {proposal['reason']}"
    if proposal["tables"] is not None:
        yield f"tables     {', '.join(table['label'] for table in proposal['tables'])}"
    if proposal["lost_table_ids"]:
        yield f"lost       {', '.join(proposal['lost_table_ids'])}: out of the picture; accepting retires them"
    yield f"before     {proposal['before_url']}"
    yield f"after      {proposal['after_url']}"
