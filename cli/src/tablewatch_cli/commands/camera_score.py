"""`cameras score`: how well the view of a camera serves its tables."""

from __future__ import annotations

import click

from tablewatch_cli import output
from tablewatch_cli.client import Api, Document
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load

PART_FIELDS = ("name", "score", "sentence")
PARTS = ("light", "pixels", "angle", "keyframes", "stability", "doubt")
DAY_FIELDS = ("day", "total", *PARTS, "sentence")


@click.command("score")
@click.argument("camera", type=Id())
@click.option("--history", is_flag=True, help="Of the days before, the newest first, as each was scored at night.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print {total, sentence, looks, parts: [{name, score, sentence}]}, or a"
    " list of such with day and made_at.",
)  # fmt: skip
def score_command(camera: str, *, history: bool, as_json: bool) -> None:
    """How well the view of CAMERA serves its tables, 0 to 100, and what to mend.

    The total is that of the worst part; a part without a number is not known yet.
    """
    with Api(load()) as api:
        if history:
            _show_days(list(api.pages(f"/v1/cameras/{camera}/scores")), as_json=as_json)
        else:
            _show(api.get(f"/v1/cameras/{camera}/score"), as_json=as_json)


def _show(found: Document, *, as_json: bool) -> None:
    if as_json:
        output.as_json(found)
        return
    output.table(found["parts"], PART_FIELDS, "nothing is measured")
    total = "not known" if found["total"] is None else f"{found['total']} of 100"
    output.line(f"total {total}. {found['sentence']}")


def _show_days(days: list[Document], *, as_json: bool) -> None:
    if as_json:
        output.as_json(days)
        return
    rows = [day | {part["name"]: part["score"] for part in day["parts"]} for day in days]
    output.table(rows, DAY_FIELDS, "no day is scored yet: it is done at night, while the camera is switched on")
