"""`cameras score`: how well the view of a camera serves its tables."""

from __future__ import annotations

import click

from tablewatch_cli import output
from tablewatch_cli.client import Api
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load

PART_FIELDS = ("name", "score", "sentence")


@click.command("score")
@click.argument("camera", type=Id())
@click.option(
    "--json", "as_json", is_flag=True, help="Print {total, sentence, looks, parts: [{name, score, sentence}]}."
)
def score_command(camera: str, *, as_json: bool) -> None:
    """How well the view of CAMERA serves its tables, 0 to 100, and what to mend.

    The total is that of the worst part; a part without a number is not known yet.
    """
    with Api(load()) as api:
        found = api.get(f"/v1/cameras/{camera}/score")
    if as_json:
        output.as_json(found)
        return
    output.table(found["parts"], PART_FIELDS, "nothing is measured")
    total = "not known" if found["total"] is None else f"{found['total']} of 100"
    output.line(f"total {total}. {found['sentence']}")
