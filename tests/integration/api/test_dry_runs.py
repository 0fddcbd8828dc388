"""Dry runs: what would be said of the tables of a camera, and nobody else hears of it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import structlog
from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, answer, code, make_place, outbox_events
from tests.support.doubles import ManualClock

from api.model.deletion import SweepOptions
from api.project.sweeper import Sweeper
from classifier_gateway.dispatch.client import ClassifierClient, ClientOptions
from classifier_gateway.dry_runs import DryRuns
from inference import FrameRequest, Judgement, Seen, TableVerdict
from tablewatch_schemas import FrameCommand, keys
from tablewatch_schemas.defaults import LIVE_THRESHOLDS

LOG = structlog.get_logger()
SWEEPS = SweepOptions(
    every_s=1, owners_s=0, late=timedelta(0), event_retention=timedelta(7), history_retention=timedelta(7)
)
SOURCE = {"type": "rtsp", "address": "rtsp://192.168.1.20/"}


class Seeing:
    """A classifier that sees somebody at the first table in pictures that say so."""

    name, version = "m", "1"

    async def classify(self, request: FrameRequest) -> Judgement:
        taken = request.jpeg == b"guests"
        verdicts = tuple(
            TableVerdict(each.table_id, "occupied" if taken and number == 0 else "free", 0.9, int(taken), 0)
            for number, each in enumerate(request.regions)
        )
        seen = Seen("person", 0.8, (0.2, 0.3, 0.3, 0.5), request.regions[0].table_id, 1.0)
        return Judgement(verdicts, (seen,) if taken else (), "m", "1", "rule", 1280, 720, complete=True)

    async def close(self) -> None: ...


@dataclass
class Kitchen:
    """A camera that takes a picture every ten seconds, on a clock of the test's, and a gateway that looks at them."""

    stage: Stage
    clock: ManualClock
    client: httpx.AsyncClient
    site: str
    camera: str
    done: set[str] = field(default_factory=set)

    @property
    def path(self) -> str:
        return f"/v1/cameras/{self.camera}/dry-runs"

    async def picture(self, content: bytes = b"empty", after_s: int = 10) -> None:
        self.clock.advance(after_s)
        await self.stage.deps.objects.put(keys.live_frame(self.site, self.camera, self.clock.now()), content)

    async def look(self) -> list[FrameCommand]:
        """The gateway does what is asked for since."""
        gateway = DryRuns(
            self.stage.deps.objects,
            ClassifierClient(Seeing(), ClientOptions(in_flight=1, timeout_s=15), clock=self.clock,
                             metrics=self.stage.deps.metrics, log=LOG),
            LIVE_THRESHOLDS, clock=self.clock, metrics=self.stage.deps.metrics,
        )  # fmt: skip
        asked = [each for each in await outbox_events(self.stage.pool, "frame.command") if each.id not in self.done]
        for each in asked:
            await gateway.look(each.event)
            self.done.add(each.id)
        return [each.event for each in asked]


@pytest.fixture
async def kitchen(stage: Stage) -> Kitchen:
    clock = ManualClock(stage.deps.now())
    stage.deps = replace(stage.deps, clock=clock)
    client = await stage.client()
    site = answer(await client.post("/v1/sites", json={"name": "Harbour"}), 201)["site_id"]
    camera = await _camera(client, site)
    return Kitchen(stage, clock, client, site, camera)


async def _camera(client: httpx.AsyncClient, site: str, **more: Any) -> str:
    asked = {"site_id": site, "name": "Door", "source": SOURCE} | more
    return str(answer(await client.post("/v1/cameras", json=asked), 201)["camera_id"])


async def test_a_camera_without_a_layout_shows_what_would_be_said_of_tables_that_are_sent(kitchen: Kitchen) -> None:
    client = kitchen.client
    await kitchen.picture()
    given = await client.post(kitchen.path, json={"layout": LAYOUT})
    begun = answer(given, 202)
    assert (begun["status"], begun["pictures"], begun["layout_version"], begun["view"]) == ("running", 0, None, None)
    assert given.headers["location"] == f"{kitchen.path}/{begun['dry_run_id']}" and given.headers["retry-after"]
    assert [(each["label"], each["state"]) for each in begun["tables"]] == [("1", None), ("2", None)]
    for number in range(6):
        await kitchen.picture(b"guests" if number > 2 else b"empty", 9)
        kitchen.clock.advance(1)
        answer(await client.get(given.headers["location"]), 200)
        assert len(await kitchen.look()) == 1, "each picture is asked for once"
    kitchen.clock.advance(10)
    assert answer(await client.get(given.headers["location"]), 200)["status"] == "running", "one may be stored late"
    kitchen.clock.advance(40)
    found = answer(await client.get(given.headers["location"]), 200)
    assert (found["status"], found["pictures"], found["asked"], found["looked"]) == ("done", 6, 6, 6)
    first, second = found["tables"]
    assert (first["state"]["state"], second["state"]["state"]) == ("occupied", "free")
    assert [each["state"] for each in first["transitions"]] == ["free", "occupied"]
    assert first["transitions"][1]["people"] == 1 and first["why"] is None
    assert found["view"]["seen"][0]["table_id"] == first["table_id"]
    assert [each["verdict"] for each in found["view"]["tables"]] == ["occupied", "free"]
    assert (await client.get(found["view"]["url"])).content == b"guests"
    await _nothing_is_told(kitchen)
    assert answer(await client.get(f"/v1/cameras/{kitchen.camera}"), 200)["layout_version"] is None


async def _nothing_is_told(kitchen: Kitchen) -> None:
    assert answer(await kitchen.client.get("/v1/states", params={"site_id": kitchen.site}), 200)["items"] == []
    assert answer(await kitchen.client.get("/v1/tables", params={"site_id": kitchen.site}), 200)["items"] == []
    topics = {row["topic"] for row in await kitchen.stage.pool.fetch("SELECT DISTINCT topic FROM outbox")}
    assert topics == {"camera.config", "frame.command"}


async def test_of_the_newest_layout_and_seen_by_who_comes_back_later(kitchen: Kitchen) -> None:
    client = kitchen.client
    saved = answer(await client.put(f"/v1/cameras/{kitchen.camera}/layout", json=LAYOUT), 200)
    await kitchen.picture()
    name = {"Idempotency-Key": "once"}
    given = await client.post(kitchen.path, json={"seconds": 10}, headers=name)
    assert (await client.post(kitchen.path, json={"seconds": 10}, headers=name)).headers["idempotent-replayed"]
    assert [each["table_id"] for each in answer(given, 202)["tables"]] == [t["table_id"] for t in saved["tables"]]
    for _ in range(12):
        await kitchen.picture(after_s=1)
    kitchen.clock.advance(3600)
    location = given.headers["location"]
    found = answer(await client.get(location), 200)
    assert (found["status"], found["pictures"], found["asked"], found["looked"]) == ("running", 10, 10, 0)
    (command, *_) = await kitchen.look()
    assert (command.layout_key, command.action) == (saved["layout_key"], "dry_run")
    done = answer(await client.get(location), 200)
    assert (done["status"], done["looked"], done["layout_version"]) == ("done", 10, 1)
    assert done["tables"][0]["state"]["state"] == "free", "as of its end, and not expired since"
    assert await kitchen.look() == []


async def test_of_more_pictures_than_may_be_looked_at_as_many_are_evenly(kitchen: Kitchen) -> None:
    await kitchen.picture()
    given = await kitchen.client.post(kitchen.path, json={"seconds": 20, "layout": LAYOUT})
    for _ in range(200):
        kitchen.clock.advance(0.1)
        at = kitchen.clock.now()
        await kitchen.stage.deps.objects.put(keys.live_frame(kitchen.site, kitchen.camera, at), b"empty")
    kitchen.clock.advance(5)
    found = answer(await kitchen.client.get(given.headers["location"]), 200)
    assert (found["pictures"], found["asked"]) == (200, 60)


async def test_a_picture_that_is_stored_late_is_found_and_a_later_one_ends_it(kitchen: Kitchen) -> None:
    await kitchen.picture()
    begun = kitchen.clock.now()
    given = await kitchen.client.post(kitchen.path, json={"seconds": 10, "layout": LAYOUT})
    for taken_s, expected in ((4, 1), (8, 2), (12, 2)):  # each is stored ten seconds after it was taken
        kitchen.clock.advance(10)
        at = begun + timedelta(seconds=taken_s)
        await kitchen.stage.deps.objects.put(keys.live_frame(kitchen.site, kitchen.camera, at), b"empty")
        assert answer(await kitchen.client.get(given.headers["location"]), 200)["pictures"] == expected
        await kitchen.look()
    assert answer(await kitchen.client.get(given.headers["location"]), 200)["status"] == "done"


async def test_what_does_not_come_is_not_waited_for_for_ever(kitchen: Kitchen) -> None:
    await kitchen.picture()
    given = await kitchen.client.post(kitchen.path, json={"seconds": 10, "layout": LAYOUT})
    await kitchen.picture(after_s=5)
    kitchen.clock.advance(10)
    assert answer(await kitchen.client.get(given.headers["location"]), 200)["status"] == "running"
    kitchen.clock.advance(150)
    found = answer(await kitchen.client.get(given.headers["location"]), 200)
    assert (found["status"], found["asked"], found["looked"]) == ("done", 1, 0)
    assert found["tables"][0]["state"] is None and "Too few" in found["tables"][0]["why"]
    assert found["sentence"] == "1 picture of 10 s, 0 of them looked at. At 1 more there was no time to look."


async def test_what_cannot_be_is_refused_with_a_code(kitchen: Kitchen) -> None:
    client, path = kitchen.client, kitchen.path
    drawn = {"layout": LAYOUT}
    assert code(await client.post(path, json={}), 422) == "layout_required"
    assert code(await client.post(path, json=drawn), 409) == "no_pictures"
    assert code(await client.post(path, json={"layout": LAYOUT | {"tables": []}}), 409) == "no_pictures"
    await kitchen.picture()
    assert code(await client.post(path, json={"layout": LAYOUT | {"tables": []}}), 422) == "tables_required"
    crossing = [[0.1, 0.1], [0.5, 0.5], [0.5, 0.1], [0.1, 0.5]]
    wrong = LAYOUT | {"tables": [{"label": "1", "polygon": crossing}]}
    assert code(await client.post(path, json={"layout": wrong}), 422) == "polygon_self_crossing"
    assert code(await client.post(path, json=drawn | {"seconds": 9}), 422) == "invalid_request"
    assert code(await client.post(path, json={"layout": None}), 422) == "invalid_request"
    slow = await _camera(client, kitchen.site, name="Slow", cadence_ms=120_000)
    assert code(await client.post(f"/v1/cameras/{slow}/dry-runs", json=drawn), 409) == "no_pictures"
    for _ in range(4):
        answer(await client.post(path, json=drawn), 202)
    refused = await client.post(path, json=drawn)
    assert code(refused, 429) == "too_many_dry_runs" and refused.headers["retry-after"] == "60"
    answer(await client.patch(f"/v1/cameras/{kitchen.camera}", json={"enabled": False}), 200)
    assert code(await client.post(path, json=drawn), 409) == "camera_paused"
    assert code(await client.get(f"{path}/dry_none"), 404) == "dry_run_not_found"


async def test_it_goes_with_its_camera_and_after_a_day(kitchen: Kitchen) -> None:
    await kitchen.picture()
    client, objects = kitchen.client, kitchen.stage.deps.objects
    given = await client.post(kitchen.path, json={"layout": LAYOUT})
    other = await make_place(client, "Other")
    assert code(await client.get(given.headers["location"].replace(kitchen.camera, other.camera_id)), 404)
    sweeper = Sweeper(kitchen.stage.pool, objects, SWEEPS, kitchen.clock, LOG)
    assert not await sweeper.sweep_dry_run() and await _stored(kitchen) == 1
    kitchen.clock.advance(86_400 + 61)
    assert await sweeper.sweep_dry_run() and await _stored(kitchen) == 0
    assert code(await client.get(given.headers["location"]), 404) == "dry_run_not_found"
    await kitchen.picture()
    answer(await client.post(kitchen.path, json={"layout": LAYOUT}), 202)
    answer(await client.delete(f"/v1/cameras/{kitchen.camera}"), 204)
    kitchen.clock.advance(200)
    assert await sweeper.sweep_camera() and await _stored(kitchen) == 0
    assert await kitchen.stage.pool.fetchval("SELECT count(*) FROM dry_runs") == 0


async def _stored(kitchen: Kitchen) -> int:
    prefix = keys.dry_runs_prefix(kitchen.site, kitchen.camera)
    return len([each async for each in kitchen.stage.deps.objects.list(prefix)])
