"""`why`: why a table is in its state, by what was seen in the frames behind it."""

from __future__ import annotations

import click

from tablewatch_cli import output
from tablewatch_cli.client import Api
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import load

FIELDS = ("captured_at", "camera_id", "verdict", "confidence", "people", "reason", "why", "rule", "frame_id")


@click.command("why")
@click.argument("table", type=Id())
@click.option("--run", metavar="ID", help="Its state in this run of a video, instead of that of now.")
@click.option("--json", "as_json", is_flag=True, help="Print {table_id, state, looks}; looks have boxes.")
def why_command(table: str, run: str | None, as_json: bool) -> None:
    """Why TABLE is in its state: what was seen in the newest frames behind it."""
    with Api(load()) as api:
        document = api.get(f"/v1/tables/{table}/why", {"run_id": run})
    if as_json:
        output.as_json(document)
        return
    state = document["state"]
    if state is None:
        output.note("no camera has reported on it" + ("" if run else " live; of a video: --run ID"))
        return
    reason = f" ({state['unknown_reason']})" if state.get("unknown_reason") else ""
    output.note(f"{state['label'] or table} is {state['state']}{reason} since {state['since']}, as of {state['as_of']}")
    rows = [{name: look.get(name) for name in FIELDS} for look in document["looks"]]
    output.table(rows, FIELDS, "nothing is stored of the frames behind it")
