"""Key, site, camera, layout, video, the projector over real topics, job, frames, states and hazards."""

from collections.abc import Awaitable, Callable

from tests.integration.api.conftest import Stage, until
from tests.integration.api.place import answer, make_place, make_run


async def test_a_run_from_announcement_to_done(on_kafka: Stage) -> None:
    client = await on_kafka.client()
    place = await make_place(client)
    run = await make_run(client, place)

    async def job() -> dict[str, object]:
        found: dict[str, object] = answer(await client.get(f"/v1/videos/{run.video_id}/job"), 200)
        return found

    assert (await job())["status"] == "awaiting_file"
    async with on_kafka.projecting():
        await on_kafka.send(*run.whole())
        await until(lambda: _is_done(job))
    done = await job()
    assert done["progress"] == 100.0
    assert done["stage"] == "done"
    assert done["frames"] == {"published": 10, "expected": 10}
    frames = answer(await client.get(f"/v1/videos/{run.video_id}/frames?limit=4"), 200)
    assert [frame["index"] for frame in frames["items"]] == [0, 1, 2, 3]
    states = answer(await client.get(f"/v1/states?run_id={run.run_id}"), 200)["items"]
    assert {state["table_id"]: state["state"] for state in states} == {
        place.tables[0]: "occupied", place.tables[1]: "free",
    }  # fmt: skip
    hazards = answer(await client.get(f"/v1/hazards?run_id={run.run_id}"), 200)["items"]
    assert [hazard["kind"] for hazard in hazards] == ["spill"]


async def _is_done(job: Callable[[], Awaitable[dict[str, object]]]) -> bool:
    return (await job())["status"] == "done"
