"""A database in which every list is as long as a page may be, and every document as large as it gets."""

import json
import math
from typing import Any

from tests.integration.api.access import setting
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer

from api.events.snapshot import LIMIT
from api.store.tables import VERSIONS
from tablewatch_schemas.layout import MOST_FLOORS, MOST_IGNORE_AREAS, MOST_POINTS_IN_ALL, MOST_TABLES

PAGE = 1000
VIDEOS = 1200
"""Under way: more than a snapshot shows."""
EVIDENCE = [f"{number:08x}-0000-5000-8000-000000000000" for number in range(20)]
GROUP: dict[str, Any] = {"group_id": "g", "table_ids": EVIDENCE}
STATUS: dict[str, Any] = {"camera_id": "c", "status": "ok", "reasons": EVIDENCE}


def outline(corners: int, x: float, y: float, radius: float = 0.02) -> list[list[float]]:
    """A star around a point."""
    turns = [math.tau * corner / corners for corner in range(corners)]
    reach = [radius * (0.7 if corner % 2 else 1.0) for corner in range(corners)]
    return [
        [round(x + r * math.cos(turn), 6), round(y + r * math.sin(turn), 6)]
        for r, turn in zip(reach, turns, strict=True)
    ]


def largest_layout() -> dict[str, Any]:
    """As many tables and points as are taken, with the longest labels."""
    corners = MOST_POINTS_IN_ALL // (2 * MOST_TABLES + MOST_FLOORS + MOST_IGNORE_AREAS)
    places = [(0.03 + 0.94 * (n % 20) / 20, 0.03 + 0.94 * (n // 20) / 20) for n in range(MOST_TABLES)]
    tables = [
        {
            "label": f"{n:03d}".rjust(200, "x"),
            "seats": 4,
            "polygon": outline(corners, *at),
            "top": outline(corners, *at),
        }
        for n, at in enumerate(places)
    ]
    floor = [outline(corners, *at) for at in places[:MOST_FLOORS]]
    ignore = [outline(corners, *at) for at in places[-MOST_IGNORE_AREAS:]]
    return {"reference": {"width": 1280, "height": 720}, "tables": tables, "floor": floor, "ignore": ignore}


async def fill(stage: Stage) -> dict[str, str]:
    """A site whose lists are full; ids for the parameters of paths."""
    place, _, ids = await setting(stage)
    client = await stage.client()
    drawn = answer(await client.put(f"/v1/cameras/{place.camera_id}/layout", json=largest_layout()), 200)
    ids["{table_id}"] = drawn["tables"][0]["table_id"]
    async with stage.pool.acquire() as conn:
        await conn.execute("ALTER TABLE videos ALTER COLUMN status DROP EXPRESSION")  # a copy may not give it a value
        for statement in _copies(place.site_id):
            await conn.execute(statement, timeout=120)
        await conn.execute("ANALYZE", timeout=120)
    return ids


def _copies(site_id: str) -> list[str]:
    """Statements that copy one row of each table as often as a list may be long."""
    evidence = json.dumps(EVIDENCE)
    row = "row->'document'"
    for name in ("evidence_ids", "frame_ids"):
        row = f"jsonb_set({row}, '{{evidence,{name}}}', '{evidence}')"
    live = f"jsonb_set({row}, '{{run_id}}', 'null')"
    group, status = f"'{json.dumps(GROUP)}'::jsonb", f"'{json.dumps(STATUS)}'::jsonb"
    common = f"SELECT site_id, 1::bigint AS version, false AS gone FROM sites WHERE site_id = '{site_id}'"  # noqa: S608
    every_site = "(SELECT jsonb_agg(site_id) FROM sites)"
    return [
        _copy("sites", PAGE, site_id="'site_' || n"),
        _copy("sections", PAGE, section_id="'section' || n", name="'section' || n"),
        _copy("cameras", PAGE, camera_id="'camera' || n", number="1 + n"),
        _copy("camera_state_history", PAGE, seq="n + 10"),
        _copy("layouts", PAGE, version="n + 10", order="version"),
        _copy("layouts", VERSIONS, version="n + 2000", order="version = 2 DESC"),
        _copy("tables", PAGE, table_id="'table' || n"),
        _copy("states", LIMIT, state_key="'live' || n", document=live, run_id="null::text"),
        _copy("state_history", 2 * PAGE, version="n + 10", document=row),
        _copy("hazards", LIMIT, hazard_id="'haz_' || n", run_id="null::text"),
        _copy("table_groups", LIMIT, source=common, group_key="'group' || n", document=group, run_id="null::text"),
        _copy("camera_statuses", LIMIT, source=common, camera_id="'camera' || n", document=status),
        _copy("videos", VIDEOS, video_id="'vid_' || n", run_id="'run_' || n", finished_at="null::text"),
        _copy("frames", PAGE, index="n + 10"),
        _copy("job_history", PAGE, number="n + 1000"),
        _copy("keys", PAGE, key_id="'key' || n", prefix="'prefix' || n", site_ids=every_site),
    ]


def _copy(table: str, count: int, *, source: str = "", order: str = "1", **values: str) -> str:
    """INSERT of `count` copies of a row; `values` are expressions of new ones, of `row` (its JSON) and `n`."""
    changed = ", ".join(f"'{name}', {value}" for name, value in values.items())
    one = f"{source or f'SELECT * FROM {table}'} ORDER BY {order} LIMIT 1"  # noqa: S608
    new = f"jsonb_populate_record(NULL::{table}, row || jsonb_build_object({changed}))"
    return (  # LATERAL: `(function).*` would call it once for each column
        f"INSERT INTO {table} SELECT made.* FROM (SELECT to_jsonb(each) AS row FROM ({one}) AS each) AS found,"  # noqa: S608
        f" generate_series(1, {count}) AS n, LATERAL {new} AS made"
    )
