"""The history of a job through the API: stored with the offsets, bound to sites, deleted with the video."""

from dataclasses import replace
from typing import Any

from tests.integration.api.conftest import Stage
from tests.integration.api.place import RunOf, answer, code, decoded_record, make_place, make_run

from api.project.apply import apply
from api.project.job_metrics import JobMetrics
from api.store import deletions
from chassis.clock import SystemClock
from chassis.metrics import Metrics
from tablewatch_schemas.ids import new_id


async def _history(stage: Stage, run: RunOf) -> Any:
    return answer(await (await stage.client()).get(f"/v1/videos/{run.video_id}/job/history"), 200)


async def _run(stage: Stage) -> RunOf:
    client = await stage.client()
    return await make_run(client, await make_place(client))


async def test_attempts_and_errors_outlive_a_retry(stage: Stage) -> None:
    run = await _run(stage)
    result = await _history(stage, run)
    assert (result["attempts"], [each["status"] for each in result["transitions"]]) == (1, ["awaiting_file"])
    events = [run.uploaded(), run.progress(1, 1), run.failed(2, "timeout"), run.progress(3, 1, attempt=2)]
    for offset, event in enumerate(events):
        await apply(stage.pool, [decoded_record(event, offset)])
    await apply(stage.pool, [decoded_record(event, offset) for offset, event in enumerate(events)])  # what comes again
    result = await _history(stage, run)
    assert (result["video_id"], result["run_id"], result["attempts"]) == (run.video_id, run.run_id, 2)
    assert [(each["status"], each["stage"], each["attempt"]) for each in result["transitions"]] == [
        ("awaiting_file", "upload", 1),
        ("queued", "extract", 1),
        ("processing", "extract", 1),
        ("failed", "extract", 1),
        ("processing", "extract", 2),
    ]
    errors = [each["error"] for each in result["transitions"]]
    assert errors == [None] * 3 + [{"code": "timeout", "reason": "Cannot be read.", "retryable": True}, None]


async def test_a_cancellation_is_a_transition(stage: Stage) -> None:
    run, client = await _run(stage), await stage.client()
    await client.post(f"/v1/videos/{run.video_id}/cancel")
    await client.post(f"/v1/videos/{run.video_id}/cancel")
    assert [each["status"] for each in (await _history(stage, run))["transitions"]] == ["awaiting_file", "cancelled"]


async def test_nobody_else_sees_it_and_it_goes_with_the_video(stage: Stage) -> None:
    run = await _run(stage)
    await apply(stage.pool, [decoded_record(run.uploaded(), 0)])
    client = await stage.client()
    assert code(await client.get(f"/v1/videos/{new_id('vid')}/job/history"), 404) == "video_not_found"
    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    assert code(await client.get(f"/v1/videos/{run.video_id}/job/history"), 404) == "video_not_found"
    async with stage.pool.acquire() as conn:
        deletion = await deletions.get(conn, None, run.video_id)
        assert deletion is not None
        await deletions.delete_rows(conn, deletion)
        assert await conn.fetchval("SELECT count(*) FROM job_history WHERE run_id = $1", run.run_id) == 0


async def test_a_job_of_which_nothing_is_heard_is_stuck_in_document_list_and_metrics(stage: Stage) -> None:
    impatient = stage.deps.settings.model_copy(update={"api_job_stuck_s": 1e-6})
    stage.deps = replace(stage.deps, settings=impatient)
    run, client, metrics = await _run(stage), await stage.client(), Metrics()
    meter = JobMetrics(stage.pool, impatient.api_job_stuck_s, SystemClock(), metrics)

    async def measured() -> tuple[bool, bool, float, float]:
        job = answer(await client.get(f"/v1/videos/{run.video_id}/job"), 200)
        (listed,) = answer(await client.get("/v1/videos"), 200)["items"]
        await meter.measure()
        return job["stuck"], listed["stuck"], metrics.value("jobs_open"), metrics.value("jobs_stuck")

    assert await measured() == (False, False, 0, 0)  # it waits for its uploader
    await apply(stage.pool, [decoded_record(run.uploaded(), 0)])
    assert await measured() == (True, True, 1, 1)
    assert metrics.value("job_oldest_seconds") > 0
    await apply(stage.pool, [decoded_record(run.failed(2, "timeout"), 1)])
    assert await measured() == (False, False, 0, 0)
    assert metrics.value("job_oldest_seconds") == 0
