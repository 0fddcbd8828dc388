"""How cameras come from draft to live, on a real Postgres: by requests, and by what camera.status reports."""

import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, START, answer, decoded_record, outbox_events

from api.project.apply import apply
from api.settings import MIGRATIONS
from api.store import row_security
from chassis.database import connect
from chassis.migrations import migrate
from tablewatch_schemas import CameraStatus

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
SOURCE = {"type": "rtsp", "address": "rtsp://192.168.1.20/stream1"}
EMPTY = {"reference": LAYOUT["reference"], "tables": []}


class House:
    """One camera, and a client whose key is called `test`."""

    def __init__(self, stage: Stage, client: httpx.AsyncClient, camera: Any) -> None:
        self.stage, self.client, self.camera = stage, client, camera
        self.path = f"/v1/cameras/{camera['camera_id']}"
        self._offset = 0

    @classmethod
    async def build(cls, stage: Stage, **fields: Any) -> "House":
        client = await stage.client()
        site = answer(await client.post("/v1/sites", json={"name": "Café"}), 201)
        body = {"site_id": site["site_id"], "name": "Bar", "source": SOURCE} | fields
        return cls(stage, client, answer(await client.post("/v1/cameras", json=body), 201))

    async def change(self, **fields: Any) -> Any:
        return answer(await self.client.patch(self.path, json=fields), 200)

    async def draw(self, layout: Any = LAYOUT) -> None:
        answer(await self.client.put(f"{self.path}/layout", json=layout), 200)

    async def state(self) -> str:
        return str(answer(await self.client.get(self.path), 200)["state"])

    async def source_version(self) -> int | None:
        """As the extractor was given it last."""
        events = await outbox_events(self.stage.pool, "camera.config")
        version: int | None = events[-1].event.source_version
        return version

    async def report(self, *statuses: tuple[str, int | None], offset: int | None = None) -> None:
        """camera.status, each with the version of the source that it is of; `offset` of the first, to replay it."""
        self._offset = self._offset if offset is None else offset
        records = []
        for status, source_version in statuses:
            self._offset += 1
            event = CameraStatus(
                camera_id=self.camera["camera_id"], site_id=self.camera["site_id"], version=self._offset,
                status=status, reason="A sentence.", since=START, observed_at=START, last_frame_at=START,
                snapshot_key=None, source_version=source_version,
            )  # fmt: skip
            records.append(decoded_record(event, self._offset))
        await apply(self.stage.pool, records)

    async def history(self) -> list[tuple[str | None, str, str, str]]:
        """Oldest first: from, to, why, who."""
        items = answer(await self.client.get(f"{self.path}/state/history"), 200)["items"]
        assert [each["seq"] for each in items] == list(range(len(items), 0, -1))
        return [(each["previous_state"], each["state"], each["why"], each["who"]) for each in reversed(items)]

    async def events(self) -> list[Any]:
        """camera.state of the event log."""
        rows = await self.stage.pool.fetch("SELECT document FROM site_events WHERE type = 'camera.state' ORDER BY seq")
        return [orjson.loads(row["document"]) for row in rows]


async def test_from_its_address_to_live_and_what_takes_it_back(stage: Stage) -> None:
    house = await House.build(stage)
    assert house.camera["state"] == "verifying"
    await house.report(("offline", 1), ("live", 1))
    assert await house.state() == "verified"
    await house.draw()
    assert await house.state() == "live"
    await house.report(("offline", 1), ("live", 1))
    await house.change(name="The bar", cadence_ms=2000)
    assert await house.state() == "live"
    await house.change(enabled=False)
    await house.report(("paused", None))
    await house.change(enabled=True)
    await house.report(("degraded", await house.source_version()))
    await house.draw(EMPTY)
    await house.change(source=SOURCE | {"address": "rtsp://192.168.1.21/"})
    await house.change(source={"type": "none"})
    assert await house.history() == [
        (None, "verifying", "switched_on", "key"),
        ("verifying", "verified", "first_picture", "camera"),
        ("verified", "live", "tables_drawn", "key"),
        ("live", "paused", "paused", "key"),
        ("paused", "verifying", "resumed", "key"),
        ("verifying", "live", "first_picture", "camera"),
        ("live", "verified", "tables_removed", "key"),
        ("verified", "verifying", "address_changed", "key"),
        ("verifying", "draft", "source_removed", "key"),
    ]
    items = answer(await house.client.get(f"{house.path}/state/history"), 200)["items"]
    sent = await house.events()
    named = [each.pop("name") for each in sent]
    assert sent == list(reversed(items)) and named == [house.camera["name"]] * 3 + ["The bar"] * 6
    assert {each["key_name"] for each in items} == {"test", None}


async def test_a_camera_that_was_never_on_stays_a_draft(stage: Stage) -> None:
    house = await House.build(stage, enabled=False)
    await house.draw()
    await house.change(enabled=False)
    await house.change(source=SOURCE | {"address": "rtsp://192.168.1.21/"})
    assert await house.history() == [(None, "draft", "registered", "key")]
    await house.change(enabled=True)
    await house.report(("live", await house.source_version()))
    assert (await house.history())[1:] == [
        ("draft", "verifying", "switched_on", "key"),
        ("verifying", "live", "first_picture", "camera"),
    ]


async def test_a_picture_of_the_address_before_does_not_verify_the_new_one(stage: Stage) -> None:
    house = await House.build(stage)
    await house.report(("live", 1))
    await house.change(source=SOURCE | {"address": "rtsp://192.168.1.21/"})
    await house.report(("live", 1), ("live", None))
    assert await house.state() == "verifying"
    await house.report(("live", await house.source_version()))
    assert await house.state() == "verified"


async def test_records_that_come_again_or_late_change_nothing(stage: Stage) -> None:
    house = await House.build(stage)
    await house.report(("live", 1), ("live", 1))
    before = await house.history(), await house.events()
    await house.report(("live", 1), ("live", 1), offset=0)
    await stage.pool.execute("DELETE FROM projector_offsets")
    await house.report(("live", 1), ("frozen", 1), offset=0)
    assert (await house.history(), await house.events()) == before
    await house.change(enabled=False)
    await house.report(("live", 1))
    assert await house.state() == "paused"


async def test_a_deleted_camera_and_one_of_another_site_are_left_alone(stage: Stage) -> None:
    house = await House.build(stage)
    other = await House.build(stage)
    house.camera["site_id"] = other.camera["site_id"]
    await house.report(("live", 1))
    assert await house.state() == "verifying"
    answer(await other.client.delete(other.path), 204)
    other._offset = 10
    await other.report(("live", 1))
    assert len(await other.events()) == 2


async def test_lists_by_state_and_pages_of_the_history(stage: Stage) -> None:
    house = await House.build(stage)
    for enabled in (False, True, False):
        await house.change(enabled=enabled)

    async def listed(state: str) -> list[str]:
        items = answer(await house.client.get(f"/v1/cameras?state={state}"), 200)["items"]
        return [each["camera_id"] for each in items]

    assert await listed("paused") == [house.camera["camera_id"]]
    assert await listed("live") == []
    first = answer(await house.client.get(f"{house.path}/state/history?limit=3"), 200)
    rest = answer(await house.client.get(f"{house.path}/state/history?cursor={first['next_cursor']}"), 200)
    assert [each["seq"] for each in (*first["items"], *rest["items"])] == [4, 3, 2, 1]


async def test_a_camera_that_an_api_of_before_has_added(stage: Stage) -> None:
    house = await House.build(stage)
    await stage.pool.execute("DELETE FROM camera_state_history")
    await stage.pool.execute("DELETE FROM camera_states")
    assert await house.state() == "draft"
    await house.report(("live", None))
    assert await house.history() == [("draft", "verified", "first_picture", "camera")]


_OF_BEFORE = [
    ("upload", "none", True, None, False, "draft"),
    ("unheard", "rtsp", True, None, False, "verifying"),
    ("dead", "rtsp", True, {"status": "offline", "last_frame_at": None, "snapshot_key": None}, True, "verifying"),
    ("fresh", "hls", True, {"status": "live", "last_frame_at": "2026", "snapshot_key": None}, False, "verified"),
    ("lost", "rtsp", True, {"status": "offline", "last_frame_at": "2026", "snapshot_key": None}, True, "live"),
    ("new", "rtsp", False, None, True, "draft"),
    ("off", "rtsp", False, {"status": "paused", "last_frame_at": None, "snapshot_key": None}, True, "paused"),
]


async def test_cameras_of_before_have_the_state_that_they_had_reached(database_url: str, tmp_path: Path) -> None:
    schema = f"t{uuid.uuid4().hex[:12]}"
    for file in MIGRATIONS.glob("00*.sql"):
        if file.name < "0028":
            shutil.copy(file, tmp_path)
    await migrate(database_url, schema, tmp_path, settings=row_security.OWNER)
    pool = await connect(database_url, schema, size=2, settings=row_security.OWNER)
    try:
        await pool.execute("INSERT INTO sites (site_id, name, timezone, created_at) VALUES ('s', 'a', 'UTC', $1)", NOW)
        for each in _OF_BEFORE:
            await _add(pool, *each[:-1])
        await migrate(database_url, schema, MIGRATIONS, settings=row_security.OWNER)
        found = await pool.fetch("SELECT camera_id, state FROM camera_states")
        assert {(row["camera_id"], row["state"]) for row in found} == {(each[0], each[-1]) for each in _OF_BEFORE}
    finally:
        await pool.execute(f'DROP SCHEMA "{schema}" CASCADE')
        await pool.close()


async def _add(pool: Any, camera_id: str, kind: str, enabled: bool, status: Any, has_tables: bool) -> None:
    await pool.execute(
        "INSERT INTO cameras (camera_id, site_id, name, enabled, source_type, cadence_ms, max_age_ms, version,"
        " created_at, updated_at) VALUES ($1, 's', 'c', $2, $3, 1000, 1000, 1, $4, $4)",
        camera_id, enabled, kind, NOW,
    )  # fmt: skip
    if status is not None:
        await pool.execute(
            "INSERT INTO camera_statuses (camera_id, site_id, version, gone, document) VALUES ($1, 's', 1, false, $2)",
            camera_id, orjson.dumps(status).decode(),
        )  # fmt: skip
    if has_tables:
        await pool.execute(
            "INSERT INTO tables (table_id, site_id, camera_id, label, created_at) VALUES ($1, 's', $2, '1', $3)",
            f"tbl_{camera_id}", camera_id, NOW,
        )  # fmt: skip
        await pool.execute(
            "INSERT INTO table_views (table_id, camera_id, site_id) VALUES ($1, $2, 's')", f"tbl_{camera_id}", camera_id
        )
