"""A classifier that is much slower than the extraction: progress and time left of the job, through real Kafka.

The crops go through the gateway's own handler; its classifier moves the clock of the test instead of taking time.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from tests.integration.api.conftest import Stage, until
from tests.integration.api.place import RunOf, answer, decoded_record, make_place, make_run
from tests.support.doubles import ManualClock

from chassis.metrics import Metrics
from classifier_gateway.dispatch.client import ClassifierClient, ClientOptions
from classifier_gateway.dispatch.deadlines import Deadlines
from classifier_gateway.dispatch.handle import Handler
from events.cameras import CameraLayouts
from events.runs import UnwantedRuns
from inference import FrameRequest, Judgement, TableVerdict
from tablewatch_schemas import CropReady, CropReadyCrop, replace
from tablewatch_schemas import keys as object_keys

FRAMES, EACH_S = 50, 3


class SlowClassifier:
    """Takes EACH_S of the clock for each frame."""

    name, version = "slow", "1"

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    async def classify(self, request: FrameRequest) -> Judgement:
        """Every table is free."""
        self._clock.advance(EACH_S)
        verdicts = tuple(TableVerdict(each.table_id, "free", 0.8, 0, 1) for each in request.regions)
        return Judgement(verdicts, (), "slow", "1", "none", 0, 0)

    async def close(self) -> None: ...


def crops_of(run: RunOf, index: int) -> CropReady:
    """A frame with the crops of both tables."""
    crops = tuple(
        CropReadyCrop(table_id=table, offset=3 * number, length=3, box=(0, 0, 1, 1), changed=None, change=None)
        for number, table in enumerate(run.place.tables)
    )
    frame_key = object_keys.run_frame(run.place.site_id, run.run_id, index)
    return replace(run.crops(index), frame_key=frame_key, layout_key=run.place.layout_key, crops=crops)


async def job_with(client: Any, run: RunOf, classified: int) -> dict[str, Any]:
    """The job once the projector has counted `classified` frames."""

    async def counted() -> Any:
        job = answer(await client.get(f"/v1/videos/{run.video_id}/job"), 200)
        progress = {stage["name"]: stage["progress"] for stage in job["stages"]}
        return job if min(progress["hazards"], progress["tables"]) >= 100 * classified / FRAMES else None

    found: dict[str, Any] = await until(counted)
    return found


async def test_progress_and_time_left_follow_the_slowest_stage(on_kafka: Stage) -> None:
    client = await on_kafka.client()
    run = await make_run(client, await make_place(client))
    clock, metrics, log = ManualClock(), Metrics(), structlog.get_logger("test")
    clock.advance((datetime.now(UTC) - clock.now()).total_seconds())
    options = ClientOptions(in_flight=2, timeout_s=15)
    classifier = ClassifierClient(SlowClassifier(clock), options, clock=clock, metrics=metrics, log=log)
    assert on_kafka.producer is not None
    handler = Handler(
        on_kafka.deps.objects, classifier, on_kafka.producer, Deadlines(live_s=10, attempt_s=0.001, run_s=600),
        UnwantedRuns(), CameraLayouts(), clock=clock, metrics=metrics,
    )  # fmt: skip
    began = clock.now()
    await on_kafka.send(
        run.uploaded(),
        run.progress(1, 1, FRAMES, updated_at=began - timedelta(seconds=2)),
        run.progress(2, FRAMES, FRAMES, updated_at=began),
        *(crops_of(run, index) for index in range(FRAMES)),
        *(run.candidate(index) for index in range(FRAMES)),
    )
    shown = [0.0]
    async with on_kafka.projecting():
        for index in range(FRAMES - 1):
            ready = crops_of(run, index)
            await on_kafka.deps.objects.put(ready.frame_key or "", b"frame")
            await on_kafka.deps.objects.put(ready.crops_key or "", b"aaabbb")
            await handler.handle(decoded_record(ready, index)[0])
            if index % 5 != 4:
                continue
            job = await job_with(client, run, index + 1)
            left_s = (FRAMES - index - 1) * EACH_S
            assert abs(job["progress"] - 100 * (index + 1) / FRAMES) < 1
            assert job["progress"] > shown[-1]
            if index >= FRAMES // 10:
                assert abs(job["eta_s"] - left_s) <= 0.1 * left_s + 1
            shown.append(job["progress"])
