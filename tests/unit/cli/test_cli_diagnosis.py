"""Where a video is and what it waits for, decided from what was found out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tablewatch_cli import road
from tablewatch_cli.commands.why_stuck import places
from tablewatch_cli.diagnosis import STUCK_S, Evidence, Waiting, diagnose
from tablewatch_schemas import TOPICS

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def job(stage: str = "tables", **more: Any) -> dict[str, Any]:
    """A job document as far as it is looked at, moved a second ago."""
    moved = (NOW - timedelta(seconds=1)).isoformat()
    return {"video_id": "vid_1", "run_id": "run_1", "status": "processing", "stage": stage, "progress": 40,
            "error": None, "updated_at": moved} | more  # fmt: skip


CROPPER = road.ROAD["tables"][0]


def test_the_road_is_the_one_of_the_contracts() -> None:
    assert set(road.ROAD) == set(road.SERVICES)
    for leg in (leg for legs in road.ROAD.values() for leg in legs):
        assert leg.group in TOPICS[leg.topic].consumers
        assert TOPICS[leg.topic].key_run == (None if leg.key is None else f"{{{leg.key}}}") or leg.key is None


def test_the_first_cause_is_told() -> None:
    found = Evidence(
        job=job(),
        services={"cropper": "it answered 503: kafka", "hazard": "down"},
        waiting=[Waiting(CROPPER, 12, 0)],
        projector=5,
        dead=["frame.extracted.cropper.dlq/7"],
    )
    told = diagnose(found, NOW)
    assert told.stuck
    assert "dlq show frame.extracted.cropper.dlq -o 7" in told.do
    told = diagnose(replace(found, dead=()), NOW)
    assert told.waits_for == "cropper, which is not ready: it answered 503: kafka"
    told = diagnose(replace(found, dead=(), services={"cropper": None, "hazard": "down"}), NOW)
    assert (told.stuck, told.do) == (True, "start cropper")
    told = diagnose(replace(found, dead=(), services={}, waiting=[Waiting(CROPPER, 12, 1)]), NOW)
    assert "12 records of frame.extracted" in told.waits_for
    assert not told.stuck
    told = diagnose(replace(found, dead=(), services={}, waiting=()), NOW)
    assert "5 records behind" in told.waits_for


def test_quiet_for_long_is_stuck_even_without_a_cause() -> None:
    moved = (NOW - timedelta(seconds=STUCK_S + 1)).isoformat()
    told = diagnose(Evidence(job(stage="extract", updated_at=moved)), NOW)
    assert (told.where, told.stuck) == ("extract", True)
    assert "look for run_1 in the log of extractor" in told.do
    assert not diagnose(Evidence(job(stage="extract")), NOW).stuck


def test_an_upload_waits_for_its_uploader() -> None:
    assert "whoever uploads" in diagnose(Evidence(job(stage="upload")), NOW).waits_for


@pytest.mark.parametrize(("retryable", "word"), [(True, "/v1/videos/vid_1/retry"), (False, "upload it again")])
def test_an_ended_job_is_never_stuck(retryable: bool, word: str) -> None:
    error = {"code": "decode_failed", "reason": "Export it again.", "retryable": retryable}
    told = diagnose(Evidence(job(status="failed", error=error, updated_at="2020-01-01T00:00:00Z")), NOW)
    assert (told.where, told.stuck) == ("failed", False)
    assert "decode_failed" in told.waits_for
    assert word in told.do
    assert not diagnose(Evidence(job(status="done", stage="done")), NOW).stuck


@pytest.mark.parametrize("count", [1, 2, 6, 240])
def test_a_runs_records_are_looked_for_where_the_partitioner_puts_them(count: int) -> None:
    from chassis.lanes import partition_for, run_partitions

    assert [at.partition for at in places(CROPPER, job(), count)] == [partition_for(b"run_1", "run", count)]
    every = [at.partition for at in places(road.ROAD["hazards"][1], job(), count)]
    assert every == list(run_partitions(count))
