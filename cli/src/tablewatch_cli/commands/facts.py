"""`states` and `hazards`: what is true now."""

from __future__ import annotations

import click

from tablewatch_cli import output
from tablewatch_cli.client import Api
from tablewatch_cli.settings import load

STATE_FIELDS = ("table_id", "state", "confidence", "as_of", "expires_at", "run_id")
HAZARD_FIELDS = (
    "hazard_id",
    "kind",
    "status",
    "severity",
    "confidence",
    "opened_at",
    "as_of",
    "near_table_ids",
    "run_id",
)


@click.command("states")
@click.option("--site", metavar="ID", help="Only this site.")
@click.option("--camera", metavar="ID", help="Only tables of this camera.")
@click.option(
    "--run",
    metavar="ID",
    help="Only this run of a video; without it, every run that the key may see and the live tables.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def states_command(site: str | None, camera: str | None, run: str | None, as_json: bool) -> None:
    """The state of every table."""
    _list(
        "/v1/states",
        {"site_id": site, "camera_id": camera, "run_id": run},
        STATE_FIELDS,
        "no table has a state yet",
        as_json,
    )


@click.command("hazards")
@click.option("--site", metavar="ID", help="Only this site.")
@click.option("--run", metavar="ID", help="Only this run of a video.")
@click.option("--status", help="Only alerts in this status, e.g. opened.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def hazards_command(site: str | None, run: str | None, status: str | None, as_json: bool) -> None:
    """The hazard alerts."""
    _list("/v1/hazards", {"site_id": site, "run_id": run, "status": status}, HAZARD_FIELDS, "no hazards", as_json)


def _list(path: str, query: dict[str, str | None], fields: tuple[str, ...], empty: str, as_json: bool) -> None:
    with Api(load()) as api:
        rows = [{name: row.get(name) for name in fields} for row in api.pages(path, query)]
    if as_json:
        output.as_json(rows)
    else:
        output.table(rows, fields, empty)
