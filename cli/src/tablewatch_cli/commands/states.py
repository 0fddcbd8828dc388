"""`states` and `hazards`: the tables and the alerts now."""

from __future__ import annotations

import click

from tablewatch_cli import output
from tablewatch_cli.client import Api
from tablewatch_cli.settings import load

STATE_FIELDS = ("table_id", "label", "state", "unknown_reason", "confidence", "as_of", "expires_at", "run_id")
STATE_DETAILS = ("site_id", "camera_ids", "video_id", "since", "previous_state", "reason", "evidence", "votes")
HAZARD_FIELDS = (
    "hazard_id",
    "kind",
    "status",
    "severity",
    "confidence",
    "opened_at",
    "as_of",
    "near_table_ids",
    "near_table_labels",
    "run_id",
)
HAZARD_DETAILS = ("site_id", "camera_id", "box", "evidence", "actor", "note")


@click.command("states")
@click.option("--site", metavar="ID", help="Only this site.")
@click.option("--camera", metavar="ID", help="Only tables of this camera.")
@click.option(
    "--run",
    metavar="ID",
    help="The states that this run of a video left, instead of those of now.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def states_command(site: str | None, camera: str | None, run: str | None, as_json: bool) -> None:
    """The state of every table now, from its cameras; with --run, as a video shows it."""
    empty = "no table of that run has a state yet" if run else "no table has a live state; of a video: --run ID"
    _list(
        "/v1/states",
        {"site_id": site, "camera_id": camera, "run_id": run},
        STATE_FIELDS,
        STATE_DETAILS,
        empty,
        as_json,
    )


@click.command("hazards")
@click.option("--site", metavar="ID", help="Only this site.")
@click.option("--run", metavar="ID", help="The alerts of this run of a video, instead of those of live cameras.")
@click.option("--status", help="Only alerts in this status, e.g. opened.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def hazards_command(site: str | None, run: str | None, status: str | None, as_json: bool) -> None:
    """The hazard alerts of live cameras; with --run, those of a video."""
    empty = "no hazards in that run" if run else "no live hazards; of a video: --run ID"
    query = {"site_id": site, "run_id": run, "status": status}
    _list("/v1/hazards", query, HAZARD_FIELDS, HAZARD_DETAILS, empty, as_json)


def _list(
    path: str,
    query: dict[str, str | None],
    fields: tuple[str, ...],
    details: tuple[str, ...],
    empty: str,
    as_json: bool,
) -> None:
    """Print `fields` as columns; as JSON also the `details`, which are too long for a line."""
    with Api(load()) as api:
        rows = [{name: row.get(name) for name in (*fields, *details)} for row in api.pages(path, query)]
    if as_json:
        output.as_json(rows)
    else:
        output.table(rows, fields, empty)
